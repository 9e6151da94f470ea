import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth

from incident_response.sandbox.vendors import loki
from tests.sandbox.vendors.serving import ACCESS, NOON, serving, still_world

PATH = "/loki/loki/api/v1/query_range"
AUTH = {"Authorization": encode_basic_auth("412817", "glc_test")}
ERRORS = '{service_name="checkout-api"} |= "error"'


@pytest.fixture
async def grafana() -> AsyncIterator[ClientSession]:
    async with serving(loki.routes(still_world(), ACCESS)) as session:
        yield session


async def entries(grafana: ClientSession, query: str, **arguments: str) -> list[tuple[int, Any]]:
    params = {"query": query, **arguments}
    async with grafana.get(PATH, params=params, headers=AUTH) as reply:
        assert reply.status == 200, await reply.text()
        answer = await reply.json()
    assert answer["data"]["resultType"] == "streams"
    return [
        (int(at), json.loads(line))
        for stream in answer["data"]["result"]
        for at, line in stream["values"]
    ]


async def test_the_newest_error_lines_come_first_and_no_more_than_asked_for(
    grafana: ClientSession,
) -> None:
    found = await entries(grafana, ERRORS, limit="10")
    times = [at for at, _ in found]
    assert len(found) == 10
    assert times == sorted(times, reverse=True)
    assert all(line["level"] == "error" for _, line in found)
    assert NOON - 300 < times[0] / 1e9 < NOON


async def test_forward_gives_the_oldest_first(grafana: ClientSession) -> None:
    found = await entries(grafana, ERRORS, direction="forward", limit="3")
    assert found[0][0] == min(at for at, _ in found)


async def test_asking_twice_gives_the_same_lines(grafana: ClientSession) -> None:
    assert await entries(grafana, ERRORS) == await entries(grafana, ERRORS)


async def test_start_is_included_and_end_is_not(grafana: ClientSession) -> None:
    newest = (await entries(grafana, ERRORS, limit="1"))[0][0]
    again = await entries(grafana, ERRORS, start=str(newest - 1000), end=str(newest + 1000))
    assert [at for at, _ in again] == [newest]
    before = await entries(grafana, ERRORS, start=str(newest - 10**10), end=str(newest - 1000))
    assert newest not in [at for at, _ in before]


async def test_few_lines_were_errors_two_hours_ago(grafana: ClientSession) -> None:
    window = {"start": str(NOON - 7800), "end": str(NOON - 7200)}
    everything = await entries(grafana, '{app="checkout-api"}', **window)
    errors = await entries(grafana, ERRORS, **window)
    assert len(everything) > 100 * len(errors) / 5
    assert len(everything) == 100, "the default limit"


@pytest.mark.parametrize(
    "query",
    [
        '{service_name="checkout-api", level="error"}',
        '{service_name="checkout-api"} | json | level="error"',
        '{service_name="checkout-api"} | logfmt | level=~"err.*" | status = "503"',
        '{service_name=~"checkout-.*"} |~ "(?i)ERROR"',
        '{service_name="checkout-api"} != `info` !~ "warn"',
        '{service_name="checkout-api"} |= "nothing like it" or "error"',
    ],
)
async def test_filters_in_every_spelling_find_the_errors(
    grafana: ClientSession, query: str
) -> None:
    assert await entries(grafana, query) == await entries(grafana, ERRORS)


async def test_a_service_without_telemetry_and_an_unknown_one_have_no_lines(
    grafana: ClientSession,
) -> None:
    assert await entries(grafana, '{service_name="billing-worker"}') == []
    assert await entries(grafana, '{service_name="nobody"}') == []


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"query": "error"},
        {"query": "{}"},
        {"query": '{service=~".*"}'},
        {"query": '{service="a"} |= error'},
        {"query": '{service="a"} |~ "("'},
        {"query": 'sum(count_over_time({service="a"}[5m]))'},
        {"query": ERRORS, "limit": "5001"},
        {"query": ERRORS, "limit": "0"},
        {"query": ERRORS, "limit": "many"},
        {"query": '{service="a"} | level=~"("'},
        {"query": ERRORS, "end": "9" * 5000},
        {"query": ERRORS, "direction": "sideways"},
        {"query": ERRORS, "start": "yesterday"},
        {"query": ERRORS, "start": str(NOON), "end": str(NOON - 1)},
        {"query": ERRORS, "since": "48h"},
    ],
)
async def test_bad_arguments_are_refused_in_plain_text(
    grafana: ClientSession, arguments: dict[str, str]
) -> None:
    async with grafana.get(PATH, params=arguments, headers=AUTH) as reply:
        assert reply.status == 400
        assert reply.content_type == "text/plain"
        assert await reply.text()


async def test_a_caller_without_token_is_refused(grafana: ClientSession) -> None:
    async with grafana.get(PATH, params={"query": ERRORS}) as reply:
        assert reply.status == 401
