import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth

from incident_response.sandbox.vendors import loki, tempo
from tests.sandbox.vendors.serving import ACCESS, NOON, serving, still_world

AUTH = {"Authorization": encode_basic_auth("412817", "glc_test")}
FAILED = '{ resource.service.name = "checkout-api" && status = error }'


@pytest.fixture
async def grafana() -> AsyncIterator[ClientSession]:
    world = still_world()
    async with serving([*tempo.routes(world, ACCESS), *loki.routes(world, ACCESS)]) as session:
        yield session


async def search(grafana: ClientSession, status: int = 200, **arguments: str) -> Any:
    async with grafana.get("/tempo/api/search", params=arguments, headers=AUTH) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json() if status == 200 else await reply.text()


async def test_failed_requests_are_found_newest_first(grafana: ClientSession) -> None:
    traces = (await search(grafana, q=FAILED, limit="5"))["traces"]
    starts = [int(trace["startTimeUnixNano"]) for trace in traces]
    assert len(traces) == 5
    assert starts == sorted(starts, reverse=True)
    assert {trace["rootServiceName"] for trace in traces} == {"checkout-api"}


async def test_twenty_traces_at_most_unless_asked_for_more(grafana: ClientSession) -> None:
    assert len((await search(grafana, q="{}"))["traces"]) == 20


async def test_a_failed_trace_is_the_one_its_log_line_names(grafana: ClientSession) -> None:
    trace = (await search(grafana, q=FAILED, limit="1"))["traces"][0]
    query = {"query": f'{{service_name="checkout-api"}} |= "{trace["traceID"]}"'}
    path = "/loki/loki/api/v1/query_range"
    async with grafana.get(path, params=query, headers=AUTH) as reply:
        (stream,) = (await reply.json())["data"]["result"]
    ((_, line),) = stream["values"]
    assert json.loads(line)["level"] == "error"


@pytest.mark.parametrize("condition", ["duration > 2s", "duration >= 2000ms"])
async def test_slow_traces_are_found_by_duration(grafana: ClientSession, condition: str) -> None:
    query = f'{{ .service.name = "checkout-api" && {condition} }}'
    traces = (await search(grafana, q=query))["traces"]
    assert traces
    assert all(trace["durationMs"] >= 2000 for trace in traces)


async def test_a_window_bounds_the_search(grafana: ClientSession) -> None:
    start, end = int(NOON - 7200), int(NOON - 7000)
    query = '{ resource.service.name = "search-api" && span.http.status_code < 500 }'
    traces = (await search(grafana, q=query, start=str(start), end=str(end)))["traces"]
    assert traces
    assert all(start <= int(t["startTimeUnixNano"]) / 1e9 < end for t in traces)


async def test_a_service_without_telemetry_has_no_traces(grafana: ClientSession) -> None:
    query = '{ resource.service.name = "billing-worker" }'
    assert (await search(grafana, q=query))["traces"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"q": "checkout-api"},
        {"q": "{ status }"},
        {"q": "{ duration > soon }"},
        {"q": '{ name =~ "(" }'},
        {"q": "{}", "limit": "all"},
        {"q": "{}", "limit": "9" * 5000},
        {"q": "{}", "start": "5", "end": "4"},
        {"q": "{}", "start": "1", "end": "100000"},
        {"q": "{}", "start": "-1", "end": "4"},
    ],
)
async def test_bad_searches_are_refused(grafana: ClientSession, arguments: dict[str, str]) -> None:
    assert await search(grafana, 400, **arguments)


async def test_a_caller_without_token_is_refused(grafana: ClientSession) -> None:
    async with grafana.get("/tempo/api/search") as reply:
        assert reply.status == 401
