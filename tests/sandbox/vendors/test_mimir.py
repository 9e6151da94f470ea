from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth

from incident_response.sandbox.vendors import mimir
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import ACCESS, NOON, group_of, serving, still_world

PATH = "/mimir/prometheus/api/v1"
AUTH = {"Authorization": encode_basic_auth("412817", "glc_test")}
RATIO = (
    'sum(rate(http_requests_total{service="%s",code=~"5.."}[5m]))'
    ' / sum(rate(http_requests_total{service="%s"}[5m]))'
)
P99 = (
    "histogram_quantile(0.99, sum by (le) "
    '(rate(http_request_duration_seconds_bucket{service="%s"}[5m])))'
)
HOURS_AGO = NOON - 7200


@pytest.fixture
def world() -> World:
    return still_world()


@pytest.fixture
async def grafana(world: World) -> AsyncIterator[ClientSession]:
    async with serving(mimir.routes(world, ACCESS)) as session:
        yield session


async def ask(
    grafana: ClientSession, path: str, status: int = 200, **arguments: str | float
) -> Any:
    async with grafana.get(f"{PATH}/{path}", params=arguments, headers=AUTH) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json()


async def value(grafana: ClientSession, query: str, at: float = NOON) -> float:
    answer = await ask(grafana, "query", query=query, time=at)
    assert answer["data"]["resultType"] == "vector"
    ((_, text),) = [row["value"] for row in answer["data"]["result"]]
    assert isinstance(text, str), "Prometheus writes sample values as strings"
    return float(text)


def ratio(service: str) -> str:
    return RATIO % (service, service)


async def test_errors_are_many_now_and_few_two_hours_ago(grafana: ClientSession) -> None:
    assert await value(grafana, ratio("checkout-api")) > 0.1
    assert 0 < await value(grafana, ratio("checkout-api"), HOURS_AGO) < 0.01


async def test_the_slowest_percent_is_slow_now_and_was_fast_two_hours_ago(
    grafana: ClientSession,
) -> None:
    assert await value(grafana, P99 % "checkout-api") > 2
    assert await value(grafana, P99 % "checkout-api", HOURS_AGO) < 0.4


async def test_an_offset_looks_into_the_past(grafana: ClientSession) -> None:
    query = 'rate(http_errors_total{service="checkout-api"}[5m] offset 2h)'
    assert await value(grafana, query) == await value(
        grafana, query.replace(" offset 2h", ""), HOURS_AGO
    )


async def test_a_service_without_telemetry_has_no_series(grafana: ClientSession) -> None:
    answer = await ask(grafana, "query", query=ratio("billing-worker"), time=NOON)
    assert answer["data"]["result"] == []


async def test_an_unknown_metric_has_no_series(grafana: ClientSession) -> None:
    answer = await ask(grafana, "query", query='queue_depth{service="checkout-api"}')
    assert answer["data"]["result"] == []


async def test_or_vector_zero_turns_nothing_into_zero(grafana: ClientSession) -> None:
    assert await value(grafana, f"{ratio('billing-worker')} or vector(0)") == 0


async def test_grouping_by_service_gives_one_series_each(grafana: ClientSession) -> None:
    answer = await ask(grafana, "query", query="sum by (service) (rate(http_requests_total[5m]))")
    metrics = [row["metric"] for row in answer["data"]["result"]]
    assert metrics == [
        {"service": "checkout-api"},
        {"service": "search-api"},
        {"service": "edge-gateway"},
    ]
    assert len((await ask(grafana, "query", query="up", limit=2))["data"]["result"]) == 2


async def test_a_quoted_brace_does_not_end_a_selector(grafana: ClientSession) -> None:
    answer = await ask(grafana, "query", query='up{service="} or up{service=~\\".*"}')
    assert answer["data"]["result"] == [], "an escaped quote must not widen the question"


async def test_trouble_begins_before_the_alert_and_ends_after_it_resolves(
    grafana: ClientSession, world: World
) -> None:
    group = group_of("search-api", started_at=NOON - 1800)
    world.groups.put(group.moved("resolved", NOON - 600))
    assert await value(grafana, ratio("search-api"), NOON - 2000) > 0.03
    assert await value(grafana, ratio("search-api"), NOON) < 0.01


async def test_a_range_has_a_point_every_step(grafana: ClientSession) -> None:
    answer = await ask(
        grafana,
        "query_range",
        query=ratio("checkout-api"),
        start=HOURS_AGO,
        end="2026-11-21T12:00:00Z",
        step="10m",
    )
    assert answer["data"]["resultType"] == "matrix"
    (series,) = answer["data"]["result"]
    assert [point[0] for point in series["values"]] == [HOURS_AGO + 600 * n for n in range(13)]
    assert float(series["values"][0][1]) < 0.01 < float(series["values"][-1][1])


async def test_a_form_post_asks_the_same(grafana: ClientSession) -> None:
    form = {"query": ratio("checkout-api"), "time": str(NOON)}
    async with grafana.post(f"{PATH}/query", data=form, headers=AUTH) as reply:
        posted = await reply.json()
    assert posted == await ask(grafana, "query", query=form["query"], time=NOON)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("query", {}),
        ("query", {"query": "sum(up"}),
        ("query", {"query": 'up{service="a}'}),
        ("query", {"query": "up)"}),
        ("query", {"query": "up{service checkout}"}),
        ("query", {"query": 'up{service=~"("}'}),
        ("query", {"query": "up", "time": "noon"}),
        ("query", {"query": "up", "time": "nan"}),
        ("query", {"query": "up", "limit": "-1"}),
        ("query", {"query": "up", "limit": "9" * 5000}),
        ("query", {"query": "up offset soon"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "inf"}),
        ("query_range", {"query": "up"}),
        ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "soon"}),
        ("query_range", {"query": "up", "start": "0", "end": "11001", "step": "1"}),
    ],
)
async def test_bad_arguments_are_bad_data(
    grafana: ClientSession, path: str, arguments: dict[str, str]
) -> None:
    answer = await ask(grafana, path, 400, **arguments)
    assert (answer["status"], answer["errorType"]) == ("error", "bad_data")
    assert answer["error"]


async def test_a_number_is_a_scalar_and_a_vector_of_it_is_not(grafana: ClientSession) -> None:
    scalar = await ask(grafana, "query", query="1", time=NOON)
    assert scalar["data"] == {"resultType": "scalar", "result": [NOON, "1.0"]}
    assert await value(grafana, "vector(1)") == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic not-base64"}, 401),
        ({"Authorization": "Bearer glc_wrong"}, 401),
        ({"Authorization": "Bearer glc_test"}, 401),
        ({"Authorization": "Bearer glc_test", "X-Scope-OrgID": "1"}, 401),
        ({"Authorization": "Bearer glc_test", "X-Scope-OrgID": "412817"}, 200),
        ({"Authorization": "Bearer 412817:glc_test"}, 200),
    ],
)
async def test_only_the_tenant_with_its_token_may_ask(
    grafana: ClientSession, headers: dict[str, str], status: int
) -> None:
    async with grafana.get(f"{PATH}/query?query=up", headers=headers) as reply:
        assert reply.status == status
