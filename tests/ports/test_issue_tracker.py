"""What every issue tracker has to do, on the real one and on the fake."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from incident_response.domain.errors import (
    RateLimitedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.ports.issue_tracker import IssueTracker, NewIssue
from incident_response.sandbox.faults import Fault
from tests.adapters.standins import stand_ins
from tests.fakes.issue_tracker import FakeIssueTracker

MAYA = "maya@tidewater.example"


@dataclass(frozen=True)
class Subject:
    """A tracker that knows Maya and has some labels, and the ways to trouble it."""

    tracker: IssueTracker
    count: Callable[[], int]
    """How many issues there are."""
    labels: Callable[[], Sequence[str]]
    lose_answer: Callable[[], None]
    """The next creation takes effect without an answer, and what it made is not shown at first."""
    hide: Callable[[], None]
    """The next time, an issue that is there is not shown."""
    limit: Callable[[], None]
    break_down: Callable[[], None]
    mend: Callable[[], None]
    finish: Callable[[str], None]


def fake_subject() -> Subject:
    fake = FakeIssueTracker(people=(MAYA,), labels=["Incident", "Postmortem"])

    def lose_answer() -> None:
        fake.lost_answers = 1

    def hide() -> None:
        fake.hidden = 1

    return Subject(
        fake,
        count=lambda: len(fake.issues),
        labels=lambda: fake.labels,
        lose_answer=lose_answer,
        hide=hide,
        limit=lambda: fake.behaviour.fail_with(RateLimitedError("Slow down")),
        break_down=lambda: fake.behaviour.fail_with(UnavailableError("The tracker is down")),
        mend=fake.behaviour.recover,
        finish=fake.finish,
    )


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    async with stand_ins() as vendors:
        records, board = vendors.tracker_records, vendors.board

        def hide() -> None:
            board.add(Fault(target="linear.issue", kind="error", code="not_found", times=1))

        def limit() -> None:
            board.add(Fault(target="linear.*", kind="rate_limited"))

        def lose_answer() -> None:
            board.add(Fault(target="linear.issueCreate", kind="drop_reply", times=1))
            hide()

        def finish(issue_id: str) -> None:
            done = next(s for s in records.states.values() if s.type == "completed")
            records.update_issue(issue_id, {"stateId": done.id}, 0.0)

        yield Subject(
            vendors.tracker(),
            count=lambda: len(records.issues()),
            labels=lambda: [label.name for label in records.labels.values()],
            lose_answer=lose_answer,
            hide=hide,
            limit=limit,
            break_down=lambda: vendors.break_down("linear.*"),
            mend=vendors.mend,
            finish=finish,
        )


def an_issue(**changes: object) -> NewIssue:
    given = NewIssue(
        issue_id=str(uuid.uuid4()),
        title="Postmortem: nobody can pay",
        body="## Summary\n\nIt broke.",
        labels=("postmortem",),
        assignee_email=MAYA,
        link_url="https://chat.x.test/archives/C1",
        link_title="The room",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


async def test_an_issue_is_created_and_read_back(subject: Subject) -> None:
    given = an_issue()
    made = await subject.tracker.create(given)
    assert made.issue_id == given.issue_id
    assert made.identifier.partition("-")[2].isdecimal()
    assert made.url.startswith("http")
    assert (made.is_done, made.assignee_email, made.left_out) == (False, MAYA, ())
    assert await subject.tracker.get(given.issue_id) == made
    assert subject.count() == 1


async def test_creating_it_again_gives_the_same_issue(subject: Subject) -> None:
    given = an_issue()
    first = await subject.tracker.create(given)
    assert await subject.tracker.create(given) == first
    assert subject.count() == 1


async def test_a_lost_answer_is_an_unknown_outcome_and_the_next_try_creates_no_second(
    subject: Subject,
) -> None:
    given = an_issue()
    subject.lose_answer()
    with pytest.raises(UnknownOutcomeError):
        await subject.tracker.create(given)
    assert subject.count() == 1, "it was created"
    made = await subject.tracker.create(given)
    assert made.issue_id == given.issue_id
    assert subject.count() == 1


async def test_an_issue_that_is_there_and_not_shown_yet_may_be_created_again(
    subject: Subject,
) -> None:
    given = an_issue()
    made = await subject.tracker.create(given)
    subject.hide()
    with pytest.raises(UnknownOutcomeError):
        await subject.tracker.create(given)
    assert await subject.tracker.create(given) == made
    assert subject.count() == 1


async def test_who_is_not_known_is_not_assigned_and_that_is_said(subject: Subject) -> None:
    made = await subject.tracker.create(an_issue(assignee_email="nobody@x.test"))
    assert made.assignee_email == ""
    assert len(made.left_out) == 1
    assert "nobody@x.test" in made.left_out[0]


async def test_labels_are_found_in_any_case_and_made_once(subject: Subject) -> None:
    before = len(subject.labels())
    for _ in range(2):
        await subject.tracker.create(an_issue(labels=("INCIDENT", "Checkout", "postmortem")))
    assert len(subject.labels()) == before + 1
    assert list(subject.labels()).count("Checkout") == 1
    assert subject.count() == 2


async def test_what_is_not_there_is_none(subject: Subject) -> None:
    assert await subject.tracker.get(str(uuid.uuid4())) is None


async def test_a_finished_issue_is_done(subject: Subject) -> None:
    given = an_issue()
    await subject.tracker.create(given)
    subject.finish(given.issue_id)
    found = await subject.tracker.get(given.issue_id)
    assert found is not None
    assert found.is_done


async def test_a_limited_tracker_says_so_and_creates_nothing(subject: Subject) -> None:
    given = an_issue()
    subject.limit()
    with pytest.raises(RateLimitedError):
        await subject.tracker.create(given)
    assert subject.count() == 0


async def test_a_tracker_that_is_down_raises_and_recovers(subject: Subject) -> None:
    given = an_issue()
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.tracker.create(given)
    with pytest.raises(RetryableError):
        await subject.tracker.get(given.issue_id)
    subject.mend()
    await subject.tracker.create(given)
    assert subject.count() == 1
