from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from incident_response.adapters.grafana_cloud import TempoTraceSource
from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.http import vendor_session
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import UnavailableError
from tests.adapters.scripted import HurriedClock, says, vendor_that
from tests.adapters.standins import UI_URL, stand_ins

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def tempo(url: str, http: aiohttp.ClientSession) -> TempoTraceSource:
    return TempoTraceSource(
        GrafanaAccess(
            base_url=f"{url}/tempo",
            token="glc_token",
            instance_id="42",
            http=http,
            clock=HurriedClock(),
        )
    )


def trace(trace_id: str, *, seconds_ago: int, **fields: object) -> dict[str, object]:
    started = AT - timedelta(seconds=seconds_ago)
    return {
        "traceID": trace_id,
        "rootServiceName": "edge",
        "rootTraceName": "GET /",
        "startTimeUnixNano": f"{int(started.timestamp())}000000000",
        **fields,
    }


async def by_query(request: web.Request) -> web.StreamResponse:
    failed = [trace("f-old", seconds_ago=90), trace("both", seconds_ago=60, durationMs=1500)]
    slow = [trace("slow", seconds_ago=10, durationMs=2500), trace("both", seconds_ago=60)]
    found = failed if "status = error" in request.query["q"] else slow
    return await says({"traces": found, "metrics": {}})(request)


async def test_failed_traces_come_first_then_slow_ones_each_once(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(by_query) as (url, vendor):
        excerpt = await tempo(url, http).suspicious("checkout-api", until=AT, limit=5)
    assert [t.trace_id for t in excerpt.traces] == ["both", "f-old", "slow"]
    assert [t.duration_seconds for t in excerpt.traces] == [1.5, 0.0, 2.5]
    assert excerpt.traces[0].root == "edge GET /"
    assert excerpt.traces[0].at == AT - timedelta(seconds=60)
    for request in vendor.requests:
        assert request.path == "/tempo/api/search"
        assert int(request.query["end"]) - int(request.query["start"]) == 3_601
        assert 'resource.service.name = "checkout-api"' in request.query["q"]


async def test_no_more_than_wanted_are_given(http: aiohttp.ClientSession) -> None:
    async with vendor_that(by_query) as (url, _):
        excerpt = await tempo(url, http).suspicious("checkout-api", until=AT, limit=1)
    assert [t.trace_id for t in excerpt.traces] == ["both"]


@pytest.mark.parametrize("body", [{"traces": None, "metrics": {}}, {}, {"traces": []}])
async def test_nothing_found_is_nothing(
    http: aiohttp.ClientSession, body: dict[str, object]
) -> None:
    async with vendor_that(says(body)) as (url, _):
        excerpt = await tempo(url, http).suspicious("checkout-api", until=AT, limit=5)
        assert await tempo(url, http).ping() == "answers; no traces in the last 5 minutes"
    assert excerpt.traces == ()


async def test_half_an_answer_is_no_answer(http: aiohttp.ClientSession) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        status = 503 if "status = error" in request.query["q"] else 200
        return await says({"traces": []}, status=status)(request)

    async with vendor_that(half) as (url, _):
        with pytest.raises(UnavailableError):
            await tempo(url, http).suspicious("checkout-api", until=AT, limit=5)


async def test_the_stand_in_answers_a_ping_and_links_each_trace() -> None:
    async with stand_ins() as vendors:
        traces = vendors.traces()
        assert await traces.ping() == "answers searches"
        now = SystemClock().now()
        excerpt = await traces.suspicious("checkout-api", until=now, limit=2)
    assert all(t.url.startswith(f"{UI_URL}/explore?") for t in excerpt.traces)
    assert all(t.trace_id in t.url for t in excerpt.traces)
