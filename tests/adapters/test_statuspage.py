"""Statuspage's own ways: its key, its pace, its errors, and a page that hides metadata."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from incident_response.adapters.http import vendor_session
from incident_response.adapters.statuspage import (
    CLOCKS_DIFFER_BY,
    PAGE_SIZE,
    StatuspagePage,
    incident_body,
)
from incident_response.domain.approval import ApprovedDraft
from incident_response.domain.draft import Component, ComponentStatus
from incident_response.domain.errors import (
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import Json
from tests.adapters.scripted import (
    Answer,
    HurriedClock,
    Scripted,
    resets,
    says,
    says_text,
    vendor_that,
)
from tests.fakes.approvals import approved, page_message
from tests.fakes.clock import START

KEY = "a-key-for-tests"
MARK = "inc-0a1b2c3d4e5f:1.1.1"


@asynccontextmanager
async def page_that(*answers: Answer) -> AsyncIterator[tuple[StatuspagePage, Scripted]]:
    async with vendor_that(*answers) as (url, vendor), vendor_session() as http:
        page = StatuspagePage(
            base_url=f"{url}/v1", api_key=KEY, page_id="page1", http=http, clock=HurriedClock()
        )
        yield page, vendor


def an_incident(**changes: Any) -> Json:
    return {
        "id": "p1",
        "name": "Some payments fail",
        "shortlink": "https://stspg.example/p1",
        "created_at": START.isoformat(),
        "incident_updates": [],
        **changes,
    }


def update(approval: ApprovedDraft, *, after: timedelta = timedelta()) -> Json:
    message = approval.message
    at = (START + after).isoformat()
    return {"body": message.body, "status": message.status.value, "created_at": at}


async def test_what_is_sent_is_the_message_its_mark_and_the_key_once() -> None:
    part = Component(component_id="c1", name="Checkout", status=ComponentStatus.MAJOR_OUTAGE)
    approval = approved(page_message(components=(part,)))
    async with page_that(says(an_incident(), status=201)) as (page, vendor):
        published = await page.publish(approval)
    (request,) = vendor.requests
    assert (request.method, request.path) == ("POST", "/v1/pages/page1/incidents")
    assert request.headers["Authorization"] == f"OAuth {KEY}"
    assert json.loads(request.body) == {
        "incident": {
            "name": "Some payments fail",
            "body": "Some customers cannot pay.\nWe are looking into it.",
            "status": "investigating",
            "impact_override": "major",
            "component_ids": ["c1"],
            "components": {"c1": "major_outage"},
            "deliver_notifications": True,
            "metadata": {"incident_response": {"key": MARK, "digest": approval.message.digest}},
        }
    }
    assert (published.page_incident_id, published.url) == ("p1", "https://stspg.example/p1")


async def test_an_update_is_a_patch_of_that_incident_alone() -> None:
    async with page_that(says(an_incident())) as (page, vendor):
        await page.publish(approved(page_message(page_incident_id="p1/../x")))
    (request,) = vendor.requests
    assert (request.method, request.path) == ("PATCH", "/v1/pages/page1/incidents/p1%2F..%2Fx")


@pytest.mark.parametrize("answer", [resets, says_text("oops", status=502), says({"no": "id"})])
async def test_whatever_may_have_worked_is_unknown_and_sent_once(answer: Answer) -> None:
    async with page_that(answer) as (page, vendor):
        with pytest.raises(UnknownOutcomeError):
            await page.publish(approved(page_message()))
    assert len(vendor.requests) == 1


async def test_a_page_that_cannot_be_reached_was_told_nothing() -> None:
    async with vendor_session() as http:
        page = StatuspagePage(
            base_url="http://127.0.0.1:9",
            api_key=KEY,
            page_id="p",
            http=http,
            clock=HurriedClock(),
        )
        with pytest.raises(UnavailableError):
            await page.publish(approved(page_message(page_id="p")))


@pytest.mark.parametrize("status", [420, 429])
async def test_both_ways_to_say_slow_down_are_understood(status: int) -> None:
    answer = says({"error": "Too many requests"}, status=status, headers={"Retry-After": "7"})
    async with page_that(answer) as (page, vendor):
        with pytest.raises(RateLimitedError) as refusal:
            await page.publish(approved(page_message()))
    assert refusal.value.retry_after == timedelta(seconds=7)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "body",
    [{"error": ["Name is too long", "Body is too long"]}, {"message": "Name is too long"}],
)
async def test_a_refusal_says_which_rules_were_broken(body: Json) -> None:
    async with page_that(says(body, status=422)) as (page, _):
        with pytest.raises(RefusedError, match="Name is too long"):
            await page.publish(approved(page_message()))


async def test_calls_keep_the_pace_one_after_the_other() -> None:
    async with page_that(says([])) as (page, vendor):
        clock = page._clock
        assert isinstance(clock, HurriedClock)
        for _ in range(4):
            await page.components()
    assert len(vendor.requests) == 4
    assert clock.monotonic() >= 3
    assert vendor.most_under_way == 1


async def test_headings_are_no_parts_and_every_page_is_read() -> None:
    many = [
        {"id": f"c{n}", "name": f"Part {n}", "status": "operational"} for n in range(PAGE_SIZE)
    ]
    rest = [
        {"id": "g", "name": "Heading", "group": True, "status": "operational"},
        {"id": "last", "name": "", "group": None, "status": "a new word"},
    ]
    async with page_that(says(many), says(rest)) as (page, vendor):
        found = await page.components()
    assert len(found) == PAGE_SIZE + 1
    assert found[-1] == Component(component_id="last", name="last")
    assert [request.query["page"] for request in vendor.requests] == ["1", "2"]


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({"domain": "status.x.test", "url": "https://www.x.test"}, "https://status.x.test"),
        ({"domain": None, "subdomain": "xtest"}, "https://xtest.statuspage.io"),
        ({"subdomain": "xtest.statuspage.io"}, "https://xtest.statuspage.io"),
        ({}, ""),
    ],
)
async def test_the_address_is_the_pages_own_and_not_the_companys(told: Json, url: str) -> None:
    async with page_that(says(told)) as (page, _):
        about = await page.about()
    assert (about.name, about.url) == ("page1", url)


async def test_the_oldest_of_several_with_our_mark_is_the_one() -> None:
    mark = {"incident_response": {"key": MARK}}
    later = (START + timedelta(seconds=9)).isoformat()
    rows = [
        an_incident(id="young", metadata=mark, created_at=later),
        an_incident(id="old", metadata=mark),
        an_incident(id="other", metadata={"incident_response": {"key": f"{MARK}0"}}),
    ]
    async with page_that(says(rows)) as (page, vendor):
        found = await page.find(approved(page_message()))
    assert found is not None
    assert found.page_incident_id == "old"
    paths = [request.path for request in vendor.requests]
    assert paths == ["/v1/pages/page1/incidents/unresolved", "/v1/pages/page1/incidents"]


@pytest.mark.parametrize("metadata", [None, {}, {"incident_response": "?"}, []])
async def test_where_metadata_is_hidden_the_words_are_compared(metadata: Any) -> None:
    approval = approved(page_message())
    mine = an_incident(metadata=metadata, incident_updates=[update(approval)])
    async with page_that(resets, says([mine])) as (page, _):
        with pytest.raises(UnknownOutcomeError):
            await page.publish(approval)
        assert await page.find(approval) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Another title"},
        {"incident_updates": []},
        {"incident_updates": [{"body": "x", "status": "investigating"}]},
        {"metadata": {"incident_response": {"key": "another"}}},
    ],
)
async def test_other_words_another_title_or_another_mark_are_not_ours(changes: Json) -> None:
    approval = approved(page_message())
    told = changes.get("incident_updates", [update(approval)])
    stamped: Any = [{"created_at": START.isoformat(), **row} for row in told]  # type: ignore[dict-item, union-attr]
    other = an_incident(**{**changes, "incident_updates": stamped})
    async with page_that(resets, says([other])) as (page, _):
        with pytest.raises(UnknownOutcomeError):
            await page.publish(approval)
        assert await page.find(approval) is None


async def test_the_same_words_from_before_we_sent_are_not_ours() -> None:
    approval = approved(page_message(page_incident_id="p1"))
    before = -CLOCKS_DIFFER_BY - timedelta(seconds=1)
    same = an_incident(incident_updates=[update(approval, after=before)])
    async with page_that(resets, says(same)) as (page, _):
        with pytest.raises(UnknownOutcomeError):
            await page.publish(approval)
        assert await page.find(approval) is None


async def test_without_a_mark_and_a_time_of_sending_nothing_is_taken_for_ours() -> None:
    approval = approved(page_message())
    row = an_incident(incident_updates=[update(approval)])
    async with page_that(says([row])) as (page, _):
        assert await page.find(approval) is None


async def test_only_the_latest_sendings_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incident_response.adapters.statuspage.REMEMBERED", 1)
    first, second = (approved(page_message(), number=n) for n in (1, 2))
    rows = [an_incident(incident_updates=[update(first)])]
    async with page_that(resets, resets, says(rows)) as (page, _):
        for approval in (first, second):
            with pytest.raises(UnknownOutcomeError):
                await page.publish(approval)
        assert await page.find(first) is None
        assert await page.find(second) is not None


def test_the_body_says_nothing_that_was_not_approved() -> None:
    message = page_message()
    body = incident_body(approved(message))
    fixed = {"deliver_notifications", "metadata"}
    shown = {"name", "body", "status", "impact_override", "component_ids", "components"}
    assert set(body) == fixed | shown
