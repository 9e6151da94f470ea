import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from incident_response.adapters.grafana_cloud import MimirMetricsSource
from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.http import vendor_session
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.context import Reading
from incident_response.domain.errors import RefusedError, UnavailableError
from tests.adapters.scripted import Answer, HurriedClock, says, vendor_that
from tests.adapters.standins import UI_URL, stand_ins

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def vector(*values: str) -> Answer:
    result = [{"metric": {}, "value": [1772442000.123, value]} for value in values]
    return says({"status": "success", "data": {"resultType": "vector", "result": result}})


def mimir(url: str, http: aiohttp.ClientSession, **access: str) -> MimirMetricsSource:
    return MimirMetricsSource(
        GrafanaAccess(
            base_url=f"{url}/prometheus",
            token=access.get("token", "glc_token"),
            instance_id=access.get("instance_id", "42"),
            tenant=access.get("tenant", ""),
            http=http,
            clock=HurriedClock(),
        )
    )


async def test_four_queries_ask_at_the_same_time_for_now_and_two_hours_before(
    http: aiohttp.ClientSession,
) -> None:
    async def by_time(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.02)
        is_now = request.query["time"] == f"{AT.timestamp():.3f}"
        is_p99 = "histogram_quantile" in request.query["query"]
        value = {
            (True, False): "0.5",
            (False, False): "0.1",
            (True, True): "2",
            (False, True): "1",
        }
        return await vector(value[is_now, is_p99])(request)

    async with vendor_that(by_time) as (url, vendor):
        health = await mimir(url, http).health("checkout-api", at=AT)
    assert health.error_rate == Reading(now=0.5, before=0.1)
    assert health.p99_seconds == Reading(now=2, before=1)
    assert vendor.most_under_way == 4
    before = f"{(AT - timedelta(hours=2)).timestamp():.3f}"
    assert sorted(request.query["time"] for request in vendor.requests)[:2] == [before] * 2
    assert all('service="checkout-api"' in request.query["query"] for request in vendor.requests)
    assert {request.path for request in vendor.requests} == {"/prometheus/api/v1/query"}


@pytest.mark.parametrize("answer", [vector(), vector("NaN"), vector("+Inf"), vector("-Inf")])
async def test_nothing_and_not_a_number_are_none(
    http: aiohttp.ClientSession, answer: Answer
) -> None:
    async with vendor_that(answer) as (url, _):
        health = await mimir(url, http).health("checkout-api", at=AT)
    assert health.error_rate == health.p99_seconds == Reading(now=None, before=None)


async def test_a_measured_zero_is_zero(http: aiohttp.ClientSession) -> None:
    async with vendor_that(vector("0")) as (url, _):
        health = await mimir(url, http).health("checkout-api", at=AT)
    assert health.error_rate == Reading(now=0.0, before=0.0)


async def test_several_series_are_refused_rather_than_one_picked(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(vector("1", "2")) as (url, _):
        with pytest.raises(RefusedError, match="2 series where one number is needed"):
            await mimir(url, http).health("checkout-api", at=AT)


async def test_a_value_that_is_no_number_is_not_understood(http: aiohttp.ClientSession) -> None:
    async with vendor_that(vector("lots")) as (url, _):
        with pytest.raises(RefusedError, match="do not understand"):
            await mimir(url, http).health("checkout-api", at=AT)


async def test_one_query_that_fails_is_not_shown_as_no_data() -> None:
    async with stand_ins() as vendors:
        vendors.break_down("mimir.query")
        with pytest.raises(UnavailableError, match="Mimir"):
            await vendors.metrics().health("checkout-api", at=SystemClock().now())


async def test_an_unsafe_service_asks_nothing(http: aiohttp.ClientSession) -> None:
    async with vendor_that(vector("1")) as (url, vendor):
        with pytest.raises(RefusedError, match="cannot go into a query"):
            await mimir(url, http).health('a"} or up', at=AT)
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("access", "headers"),
    [
        ({}, {"Authorization": "Basic NDI6Z2xjX3Rva2Vu"}),
        ({"tenant": "t1"}, {"X-Scope-OrgID": "t1", "Authorization": "Bearer glc_token"}),
        ({"tenant": "t1", "token": ""}, {"X-Scope-OrgID": "t1"}),
        ({"token": ""}, {}),
    ],
)
async def test_who_asks_is_told_as_configured(
    http: aiohttp.ClientSession, access: dict[str, str], headers: Mapping[str, str]
) -> None:
    async with vendor_that(vector("1")) as (url, vendor):
        assert await mimir(url, http, **access).ping() == "answers queries"
    sent = vendor.requests[0].headers
    names = ("X-Scope-OrgID", "Authorization")
    assert {name: sent[name] for name in names if name in sent} == headers


async def test_the_stand_in_refuses_a_wrong_token_and_takes_the_right_one() -> None:
    async with stand_ins() as vendors:
        assert await vendors.metrics().ping() == "answers queries"
        with pytest.raises(RefusedError, match="check MIMIR_TOKEN"):
            await vendors.metrics(token="wrong").ping()


async def test_a_person_can_go_on_asking_where_a_ui_is_configured() -> None:
    async with stand_ins() as vendors:
        health = await vendors.metrics().health("checkout-api", at=AT)
    assert health.url.startswith(f"{UI_URL}/explore?")
