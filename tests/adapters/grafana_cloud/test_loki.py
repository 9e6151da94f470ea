from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from incident_response.adapters.grafana_cloud import LokiLogSource
from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_cloud.moments import moment_of, nanoseconds_of
from incident_response.adapters.http import vendor_session
from incident_response.domain.context import LogLine
from incident_response.domain.errors import RefusedError, RetryableError
from tests.adapters.scripted import HurriedClock, says, says_text, vendor_that
from tests.adapters.standins import UI_URL, stand_ins

AT = datetime(2026, 3, 2, 9, 0, 0, 123457, tzinfo=UTC)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def loki(url: str, http: aiohttp.ClientSession) -> LokiLogSource:
    return LokiLogSource(
        GrafanaAccess(
            base_url=url, token="glc_token", instance_id="42", http=http, clock=HurriedClock()
        )
    )


def streams(*streams: list[list[object]]) -> dict[str, object]:
    result = [{"stream": {"level": "error"}, "values": values} for values in streams]
    return {"status": "success", "data": {"resultType": "streams", "result": result}}


async def test_lines_of_all_streams_come_newest_first_and_in_their_microsecond(
    http: aiohttp.ClientSession,
) -> None:
    body = streams(
        [["1772442000123456789", "b"], ["1772441999000000000", "d"]],
        [["1772442001000000999", "a"], ["1772442000000000000", "c", {"trace_id": "1"}]],
    )
    async with vendor_that(says(body)) as (url, vendor):
        excerpt = await loki(url, http).errors("checkout-api", until=AT, limit=3)
    assert [line.text for line in excerpt.lines] == ["a", "b", "c"]
    assert excerpt.lines[1] == LogLine(
        at=datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC), text="b"
    )
    query = vendor.requests[0].query
    assert query["end"] == "1772442000123457000"
    assert query["start"] == "1772434800123457000"
    assert (query["limit"], query["direction"]) == ("3", "backward")
    assert query["query"].startswith('{service_name="checkout-api"}')
    assert vendor.requests[0].path == "/loki/api/v1/query_range"


async def test_a_line_without_end_is_cut(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says(streams([["1772442000000000000", "x" * 9_000]]))) as (url, _):
        excerpt = await loki(url, http).errors("checkout-api", until=AT, limit=3)
    assert len(excerpt.lines[0].text) == 2_000


async def test_a_time_beyond_the_calendar_is_not_understood(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says(streams([["9" * 30, "x"]]))) as (url, _):
        with pytest.raises(RefusedError, match="do not understand"):
            await loki(url, http).errors("checkout-api", until=AT, limit=3)


async def test_what_loki_says_in_plain_text_is_told(http: aiohttp.ClientSession) -> None:
    told = says_text("parse error at line 1\n", status=400, content_type="text/plain")
    async with vendor_that(told) as (url, _):
        with pytest.raises(RefusedError, match="parse error at line 1"):
            await loki(url, http).errors("checkout-api", until=AT, limit=3)


async def test_the_stand_in_answers_a_ping_and_a_failure_is_retryable() -> None:
    async with stand_ins() as vendors:
        logs = vendors.logs()
        assert await logs.ping() == "answers queries"
        excerpt = await logs.errors("checkout-api", until=AT, limit=3)
        assert excerpt.url.startswith(f"{UI_URL}/explore?")
        vendors.break_down("loki.*")
        with pytest.raises(RetryableError):
            await logs.ping()


def test_nanoseconds_and_moments_agree() -> None:
    assert nanoseconds_of(AT) == 1_772_442_000_123_457_000
    assert moment_of(nanoseconds_of(AT)) == AT
    assert moment_of(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment_of(999) - moment_of(0) == timedelta()
