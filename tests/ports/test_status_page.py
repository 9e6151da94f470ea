"""What every status page has to do with an approved message, on the real one and on the fake."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from incident_response.domain.approval import ApprovedDraft
from incident_response.domain.draft import Component, ComponentStatus, PageStatus
from incident_response.domain.errors import (
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.ports.status_page import StatusPage
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import StandIns, stand_ins
from tests.fakes import approvals
from tests.fakes.clock import FakeClock
from tests.fakes.status_page import COMPONENTS, PAGE_ID, FakeStatusPage
from tests.scenarios.rooms import eventually

Shown = list[tuple[str, list[str]]]
"""Title and texts, oldest first, of every incident on the page."""


@dataclass(frozen=True)
class Subject:
    """A status page, what it shows, and the ways to trouble it."""

    page: StatusPage
    page_id: str
    component_id: str
    shown: Callable[[], Shown]
    component_status: Callable[[], str]
    lose_reply: Callable[[], None]
    delay: Callable[[], None]
    land: Callable[[], Awaitable[None]]
    rate_limit: Callable[[], None]
    refuse: Callable[[], None]

    def approved(self, *, number: int = 1, attempt: int = 1, **changes: object) -> ApprovedDraft:
        message = approvals.page_message(**{"page_id": self.page_id, **changes})
        return approvals.approved(message, number=number, attempt=attempt)


def fake_subject() -> Subject:
    fake = FakeStatusPage(FakeClock())
    statuses = fake._statuses

    async def land() -> None:
        fake.land()

    return Subject(
        fake,
        page_id=PAGE_ID,
        component_id=COMPONENTS[0].component_id,
        shown=lambda: [(i.title, i.bodies) for i in fake.incidents],
        component_status=lambda: statuses[COMPONENTS[0].component_id].status.value,
        lose_reply=fake.lose_reply,
        delay=fake.delay,
        land=land,
        rate_limit=fake.rate_limit,
        refuse=fake.refuse,
    )


def real_subject(vendors: StandIns) -> Subject:
    board = vendors.status_board
    checkout = TIDEWATER.services[0].component_id

    def strike(kind: str, **details: object) -> None:
        rule = {"target": "statuspage.*_incident", "kind": kind, "times": 1, **details}
        vendors.board.add(Fault.model_validate(rule))

    def shown() -> Shown:
        oldest_first = reversed(board.incidents())
        return [(i.name, [told.body for told in reversed(i.updates)]) for i in oldest_first]

    async def land() -> None:
        before = sum(len(texts) for _, texts in shown())

        async def has_landed() -> bool:
            return sum(len(texts) for _, texts in shown()) > before

        await eventually(has_landed, within=5)

    def status() -> str:
        part = board.component(checkout)
        assert part is not None
        return part.status

    return Subject(
        vendors.status_page(),
        page_id=TIDEWATER.status_page_id,
        component_id=checkout,
        shown=shown,
        component_status=status,
        lose_reply=lambda: strike("drop_reply"),
        delay=lambda: strike("apply_later", seconds=0.4),
        land=land,
        rate_limit=lambda: strike("rate_limited"),
        refuse=lambda: strike("error", code="Name is too long"),
    )


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    async with stand_ins() as vendors:
        yield real_subject(vendors)


async def test_an_incident_is_opened_updated_and_ended_as_one(subject: Subject) -> None:
    opened = await subject.page.publish(subject.approved(body="First."))
    assert opened.url.endswith(opened.page_incident_id)
    for number, status in enumerate((PageStatus.MONITORING, PageStatus.RESOLVED), start=2):
        update = subject.approved(
            number=number,
            page_incident_id=opened.page_incident_id,
            status=status,
            body=f"Now {status}.",
        )
        assert await subject.page.publish(update) == opened
    bodies = ["First.", "Now monitoring.", "Now resolved."]
    assert subject.shown() == [("Some payments fail", bodies)]


async def test_components_show_what_the_message_says_of_them(subject: Subject) -> None:
    part = Component(
        component_id=subject.component_id, name="x", status=ComponentStatus.PARTIAL_OUTAGE
    )
    opened = await subject.page.publish(subject.approved(components=(part,)))
    assert subject.component_status() == "partial_outage"
    well = part.model_copy(update={"status": ComponentStatus.OPERATIONAL})
    over = subject.approved(
        number=2,
        page_incident_id=opened.page_incident_id,
        status=PageStatus.RESOLVED,
        components=(well,),
    )
    await subject.page.publish(over)
    assert subject.component_status() == "operational"


async def test_what_was_published_is_found_and_nothing_else_is(subject: Subject) -> None:
    first = subject.approved()
    assert await subject.page.find(first) is None
    opened = await subject.page.publish(first)
    assert await subject.page.find(first) == opened
    again = subject.approved(attempt=2)
    assert await subject.page.find(again) is None, "the same words, approved anew"


async def test_an_update_is_found_by_itself_and_not_by_what_it_updates(subject: Subject) -> None:
    opened = await subject.page.publish(subject.approved())
    update = subject.approved(number=2, page_incident_id=opened.page_incident_id)
    assert await subject.page.find(update) is None, "of the same words as the first message"
    await subject.page.publish(update)
    assert await subject.page.find(update) == opened


@pytest.mark.parametrize("is_update", [False, True])
async def test_a_lost_reply_leaves_one_message_that_is_found(
    subject: Subject, is_update: bool
) -> None:
    known = await subject.page.publish(subject.approved()) if is_update else None
    wanted = subject.approved(
        number=2, body="More.", page_incident_id=known.page_incident_id if known else ""
    )
    subject.lose_reply()
    with pytest.raises(UnknownOutcomeError):
        await subject.page.publish(wanted)
    found = await subject.page.find(wanted)
    assert found is not None
    texts = [text for _, texts in subject.shown() for text in texts]
    assert texts.count("More.") == 1
    assert found == (known or found)


async def test_what_lands_late_is_not_found_before_and_is_found_afterwards(
    subject: Subject,
) -> None:
    wanted = subject.approved()
    subject.delay()
    with pytest.raises(UnknownOutcomeError):
        await subject.page.publish(wanted)
    assert await subject.page.find(wanted) is None
    await subject.land()
    assert await subject.page.find(wanted) is not None


async def test_of_two_that_landed_each_is_found_as_itself(subject: Subject) -> None:
    first, second = subject.approved(), subject.approved(attempt=2)
    subject.delay()
    with pytest.raises(UnknownOutcomeError):
        await subject.page.publish(first)
    known = await subject.page.publish(second)
    await subject.land()
    assert await subject.page.find(second) == known
    other = await subject.page.find(first)
    assert other is not None
    assert other != known


async def test_being_asked_to_slow_down_means_that_nothing_is_there(subject: Subject) -> None:
    subject.rate_limit()
    with pytest.raises(RateLimitedError):
        await subject.page.publish(subject.approved())
    assert subject.shown() == []


async def test_a_refusal_means_that_nothing_is_there(subject: Subject) -> None:
    subject.refuse()
    with pytest.raises(RefusedError):
        await subject.page.publish(subject.approved())
    assert subject.shown() == []


async def test_a_component_the_page_does_not_have_is_refused(subject: Subject) -> None:
    part = Component(component_id="elsewhere", name="x")
    with pytest.raises(RefusedError):
        await subject.page.publish(subject.approved(components=(part,)))
    assert subject.shown() == []


async def test_an_incident_the_page_does_not_have_is_neither_updated_nor_found(
    subject: Subject,
) -> None:
    lost = subject.approved(page_incident_id="nowhere")
    with pytest.raises(NotFoundError):
        await subject.page.publish(lost)
    assert await subject.page.find(lost) is None


async def test_a_message_for_another_page_is_never_sent(subject: Subject) -> None:
    with pytest.raises(RefusedError, match="page"):
        await subject.page.publish(subject.approved(page_id="another"))
    assert subject.shown() == []
