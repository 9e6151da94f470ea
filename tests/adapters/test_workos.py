from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from incident_response.adapters.http import vendor_session
from incident_response.adapters.workos import WorkOSDirectory
from incident_response.domain.errors import (
    NotFoundError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from incident_response.domain.people import Roster
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.scripted import Answer, HurriedClock, says, vendor_that
from tests.adapters.standins import stand_ins


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def workos(
    url: str, http: aiohttp.ClientSession, clock: HurriedClock | None = None
) -> WorkOSDirectory:
    return WorkOSDirectory(
        base_url=url,
        api_key="sk_test",
        groups={"Payments": "directory_group_1"},
        http=http,
        clock=clock or HurriedClock(),
    )


def user(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": f"directory_user_{number}",
        "state": "active",
        "email": f"p{number}@tidewater.example",
        "first_name": "P",
        "last_name": str(number),
        **fields,
    }


def page(users: list[dict[str, object]], after: str | None = None) -> dict[str, object]:
    return {"object": "list", "data": users, "list_metadata": {"before": None, "after": after}}


PRIMARY = {"primary": True, "value": "y@t.example"}


def pages_of(size: int, *, pages: int) -> Answer:
    """A group of ``size * pages`` people whose cursors are the numbers of the pages."""

    async def answer(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("after", "0"))
        users = [user(number * size + n) for n in range(size)]
        after = str(number + 1) if number + 1 < pages else None
        return await says(page(users, after))(request)

    return answer


async def members(
    url: str, http: aiohttp.ClientSession, clock: HurriedClock | None = None
) -> Roster:
    return await workos(url, http, clock).members(team="payments", service="")


async def test_the_group_is_asked_for_in_full_pages(http: aiohttp.ClientSession) -> None:
    async with vendor_that(pages_of(10, pages=3)) as (url, vendor):
        roster = await members(url, http)
    assert [request.query.get("after") for request in vendor.requests] == [None, "1", "2"]
    assert {request.query["group"] for request in vendor.requests} == {"directory_group_1"}
    assert {request.query["limit"] for request in vendor.requests} == {"100"}
    assert vendor.requests[0].headers["Authorization"] == "Bearer sk_test"
    assert len(roster.people) == roster.total == 30
    assert not roster.is_partial


async def test_four_requests_a_second_are_the_most(http: aiohttp.ClientSession) -> None:
    clock = HurriedClock()
    async with vendor_that(pages_of(1, pages=9)) as (url, _):
        await members(url, http, clock)
    assert clock.monotonic() == pytest.approx(2.0)


async def test_only_active_people_with_an_address_are_named(http: aiohttp.ClientSession) -> None:
    users = [
        user(1),
        user(2, state="inactive"),
        user(3, state="suspended"),
        user(4, email=None, emails=[{"value": "x@t.example"}, PRIMARY]),
        user(5, email=None),
        user(6, email="  "),
        user(7, email="p7@t.example ", first_name=None, last_name=None),
        user(1),
    ]
    async with vendor_that(says(page(users))) as (url, _):
        roster = await members(url, http)
    named = [(p.name, p.email) for p in roster.people]
    assert named == [
        ("P 1", "p1@tidewater.example"),
        ("P 4", "y@t.example"),
        ("p7@t.example", "p7@t.example"),
    ]
    assert roster.unresolved == tuple(f"P {n}: WorkOS knows no e-mail address" for n in (5, 6))
    assert (roster.total, roster.is_partial) == (3, False)


async def test_of_a_large_group_fifty_are_named_and_all_counted(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(pages_of(100, pages=3)) as (url, _):
        roster = await members(url, http)
    assert len(roster.people) == 50
    assert (roster.total, roster.is_partial) == (300, True)


async def test_counting_a_huge_group_ends_after_two_seconds(http: aiohttp.ClientSession) -> None:
    async with vendor_that(pages_of(100, pages=50)) as (url, vendor):
        roster = await members(url, http)
    assert len(roster.people) == 50
    assert (roster.total, roster.is_partial) == (None, True)
    assert len(vendor.requests) == 9


async def test_no_more_than_fifty_pages_are_read(http: aiohttp.ClientSession) -> None:
    async def empty_but_endless(request: web.Request) -> web.StreamResponse:
        after = int(request.query.get("after", "0")) + 1
        return await says(page([], str(after)))(request)

    async with vendor_that(empty_but_endless) as (url, vendor):
        roster = await members(url, http)
    assert len(vendor.requests) == 50
    assert roster.people == ()
    assert roster.is_partial
    assert "more than 50 pages" in roster.unresolved[0]


@pytest.mark.parametrize("cursors", [["a"], ["a", "b", "a"], ["a", "b", "c", "b"]])
async def test_a_cursor_that_comes_again_ends_the_reading(
    http: aiohttp.ClientSession, cursors: list[str]
) -> None:
    answers = [says(page([user(n)], cursor)) for n, cursor in enumerate(cursors)]
    async with vendor_that(*answers) as (url, vendor):
        roster = await members(url, http)
    assert len(vendor.requests) <= len(cursors) + 1
    assert roster.is_partial
    assert "WorkOS repeats a page" in roster.unresolved[0]
    assert len({p.email for p in roster.people}) == len(roster.people)


async def test_a_page_that_fails_leaves_those_before_it(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says(page([user(1)], "1")), says({}, status=503)) as (url, vendor):
        directory = workos(url, http)
        roster = await directory.members(team="payments", service="")
        assert [p.name for p in roster.people] == ["P 1"]
        assert (roster.total, roster.is_partial) == (None, True)
        assert "problem of its own (503)" in roster.unresolved[0]
        asked = len(vendor.requests)
        with pytest.raises(UnavailableError):
            await directory.members(team="payments", service="")
        assert len(vendor.requests) > asked


async def test_answers_are_fresh_for_five_minutes_and_then_stand_in_for_a_dead_vendor(
    http: aiohttp.ClientSession,
) -> None:
    clock = HurriedClock()
    async with vendor_that(says(page([user(1)])), says({}, status=503)) as (url, vendor):
        directory = workos(url, http, clock)
        first = await directory.members(team="payments", service="")
        clock.advance(299)
        assert await directory.members(team="payments", service="") == first
        assert len(vendor.requests) == 1
        clock.advance(1)
        stale = await directory.members(team="payments", service="")
        assert stale == first.model_copy(update={"is_stale": True})
        clock.advance(timedelta(days=1).total_seconds())
        with pytest.raises(RetryableError):
            await directory.members(team="payments", service="")


async def test_a_service_may_be_mapped_instead_of_a_team(http: aiohttp.ClientSession) -> None:
    async with vendor_that(says(page([user(1)]))) as (url, _):
        roster = await workos(url, http).members(team="unknown", service="PAYMENTS")
    assert roster.people


async def test_a_group_that_is_gone_says_so() -> None:
    async with stand_ins() as vendors:
        gone = WorkOSDirectory(
            base_url=f"{vendors.url}/workos",
            api_key="a-token-for-tests",
            groups={"payments": "directory_group_gone"},
            http=vendors.http,
            clock=HurriedClock(),
        )
        with pytest.raises(NotFoundError, match="directory_group_gone"):
            await gone.members(team="payments", service="")


async def test_the_stand_in_answers_a_ping_and_refuses_a_wrong_key() -> None:
    async with stand_ins() as vendors:
        assert await vendors.directory().ping() == "sees Tidewater Systems"
        with pytest.raises(RefusedError, match="check WORKOS_API_KEY"):
            await vendors.directory(api_key="wrong").ping()


async def test_addresses_are_kept_as_the_directory_spells_them() -> None:
    async with stand_ins() as vendors:
        roster = await vendors.directory().members(team="Platform", service="")
    emails = {p.name: p.email for p in roster.people}
    claire = TIDEWATER.person("claire")
    assert emails["Claire Dubois"] == claire.directory_email != claire.email
