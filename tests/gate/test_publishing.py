import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from incident_response.domain.audit import check_ledger
from incident_response.domain.draft import DraftState, PageImpact, PageStatus
from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    LeaseLostError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import EntryKind, LedgerEntry, NewEntry
from incident_response.durable.plan import Outcome, StepContext
from incident_response.ports.incident_store import Change, PlanState
from incident_response.workflows import publishing
from incident_response.workflows.publishing import ID_UNKNOWN, Publisher, why_unfit
from tests.fakes.status_page import PAGE_ID
from tests.gate.stage import INCIDENT_ID, Program, Stage, Wire

SECOND = timedelta(seconds=1)


@pytest.fixture
async def program(stage: Stage) -> AsyncIterator[Program]:
    async with stage.program() as running:
        yield running


async def sent(program: Program, body: str = "text") -> str:
    """Draft and approve; the code."""
    code = await program.draft(body)
    await program.approve(code)
    return code


async def is_clean(stage: Stage) -> bool:
    head = await stage.backend.ledger.head(INCIDENT_ID)
    found = check_ledger(INCIDENT_ID, await stage.entries(), head=head, seal=stage.backend.seal)
    return found == ()


async def plan_state(stage: Stage, plan: str = "publish#1.1.1") -> PlanState:
    record = await stage.backend.incidents.plan(INCIDENT_ID, plan)
    assert record is not None
    return record.state


async def until(stage: Stage, program: Program, state: DraftState) -> float:
    """Let time pass until the draft is there; the seconds that took."""
    began = stage.clock.monotonic()
    await program.quiet()
    while (await stage.drafted()).state is not state:
        assert stage.clock.monotonic() - began < 300, (await stage.drafted()).state
        await program.pass_time(1)
    return stage.clock.monotonic() - began


# --- what goes well ---------------------------------------------------------------------------


async def test_an_approved_message_is_on_the_page_once_and_the_ledger_quotes_it(
    stage: Stage, program: Program
) -> None:
    code = await sent(program, "We look into it.")
    await program.pass_time(2)
    assert stage.shown() == [["We look into it."]]
    page = (await stage.incident()).page
    draft = await stage.drafted()
    assert (draft.state, draft.sent_at, draft.trouble) == (
        DraftState.PUBLISHED,
        page.published_at,
        "",
    )
    assert page.page_incident_id == "p1"
    assert page.url == "https://status.tidewater.test/incidents/p1"
    assert (page.status, page.impact) == (PageStatus.INVESTIGATING, PageImpact.MAJOR)
    assert page.title == "Some payments fail"
    assert await stage.kinds() == ["DRAFTED", "DRAFT_APPROVED", "SENDING", "PUBLISHED"]
    sending, published = (await stage.entries())[-2:]
    marks = {"draft": 1, "revision": 1, "attempt": 1, "digest": code}
    assert sending.details == marks
    assert published.actor == "incident-response"
    assert published.details == marks | {
        "page_id": "page1",
        "page_incident_id": "p1",
        "url": page.url,
        "title": "Some payments fail",
        "body": "We look into it.",
        "status": "investigating",
        "impact": "major",
    }
    assert await plan_state(stage) is PlanState.DONE
    assert stage.operators() == []
    assert await is_clean(stage)


async def test_components_stay_known_when_an_update_names_none(
    stage: Stage, program: Program
) -> None:
    parts = tuple(await stage.page.components())[:1]
    await program.approve(await program.draft("first", components=parts))
    await program.pass_time(2)
    await program.approve(await program.draft("second", impact=PageImpact.MINOR))
    await program.pass_time(2)
    page = (await stage.incident()).page
    assert page.components == parts
    assert page.impact is PageImpact.MINOR


async def test_the_message_sent_is_marked_with_its_approval(
    stage: Stage, program: Program
) -> None:
    await sent(program)
    await program.pass_time(2)
    (approved,) = stage.page.attempts
    assert (approved.incident_id, approved.key) == (INCIDENT_ID, "1.1.1")
    assert approved.message == (await stage.drafted()).message


# --- refused for now --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (RateLimitedError("slow down", retry_after=timedelta(seconds=20)), 20),
        (RateLimitedError("slow down", retry_after=timedelta(minutes=10)), 60),
        (UnavailableError("not reached"), 15),
    ],
)
async def test_what_was_not_taken_is_sent_again_on_the_same_approval(
    stage: Stage, program: Program, error: IncidentResponseError, wait: float
) -> None:
    stage.page.fail(error)
    await sent(program)
    await program.quiet()
    draft = await stage.drafted()
    assert (draft.state, draft.trouble, draft.is_stuck) == (
        DraftState.APPROVED,
        str(error),
        False,
    )
    entry = (await stage.entries())[-1]
    assert entry.kind is EntryKind.STATUSPAGE_REFUSED
    assert entry.details["reason"] == str(error)
    await program.pass_time(wait - 1)
    assert len(stage.page.attempts) == 1
    await program.pass_time(2)
    assert [one.key for one in stage.page.attempts] == ["1.1.1", "1.1.1"]
    assert stage.shown() == [["text"]]
    assert (await stage.drafted()).trouble == ""
    assert await is_clean(stage)


async def test_what_the_page_does_not_take_for_half_an_hour_waits_for_a_person(
    stage: Stage, program: Program
) -> None:
    stage.page.fail(UnavailableError("not reached"), times=10_000)
    code = await sent(program)
    await program.pass_time(30 * 60 - 10, tick=5)
    assert not (await stage.drafted()).is_stuck
    await program.pass_time(60, tick=5)
    draft = await stage.drafted()
    assert (draft.state, draft.is_stuck) == (DraftState.APPROVED, True)
    assert draft.trouble == (
        "It was not published: for 30 minutes the page did not take it (not reached)."
    )
    entry = (await stage.entries())[-1]
    assert entry.kind is EntryKind.STATUSPAGE_APPROVAL_REFUSED
    assert entry.actor == "incident-response"
    attempts = len(stage.page.attempts)
    await program.pass_time(120, tick=5)
    assert len(stage.page.attempts) == attempts
    assert await plan_state(stage) is PlanState.DONE
    with pytest.raises(RefusedError, match="it is approved and was not published: edit it"):
        await program.approve(code)
    with pytest.raises(RefusedError, match="Edit it"):  # it is old now
        await program.publish_again(code)
    assert await is_clean(stage)


# --- refused for good -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [RefusedError("no such component"), NotFoundError("no such page incident")],
)
async def test_what_the_page_refuses_waits_for_a_person_who_can_publish_it_again(
    stage: Stage, program: Program, error: IncidentResponseError
) -> None:
    stage.page.fail(error)
    code = await sent(program)
    await program.pass_time(100)
    draft = await stage.drafted()
    assert (draft.state, draft.is_stuck) == (DraftState.APPROVED, True)
    assert draft.trouble == f"The page refused it: {error}"
    assert (await stage.entries())[-1].kind is EntryKind.STATUSPAGE_REFUSED
    assert len(stage.page.attempts) == 1
    assert await plan_state(stage) is PlanState.DONE
    await program.publish_again(code)
    await program.pass_time(2)
    assert stage.shown() == [["text"]]
    assert (await stage.drafted()).attempt == 2
    assert await is_clean(stage)


async def test_what_the_page_refuses_can_be_edited_drafted_anew_or_rejected(
    stage: Stage, program: Program
) -> None:
    stage.page.refuse(times=3)
    code = await sent(program, "first")
    await program.quiet()
    code = await program.edit(code, "second")
    draft = await stage.drafted()
    assert (draft.state, draft.revision, draft.attempt) == (DraftState.PENDING, 2, 0)
    assert not draft.is_stuck
    await program.approve(code)
    await program.quiet()
    await sent(program, "third")
    await program.quiet()
    draft = await stage.drafted()
    assert (draft.number, draft.revision, draft.is_stuck) == (1, 3, True)
    await program.reject(draft.message.digest)
    assert not (await stage.drafted()).is_stuck
    await sent(program, "fourth")
    await program.pass_time(2)
    assert stage.shown() == [["fourth"]]
    assert await is_clean(stage)


# --- what no longer fits when it would be sent ------------------------------------------------


async def test_what_no_longer_fits_is_not_sent(stage: Stage, program: Program) -> None:
    stage.page.fail(UnavailableError("not reached"))
    await sent(program)
    await program.quiet()
    await stage.change(status=IncidentStatus.CANCELLED)
    await program.pass_time(20)
    draft = await stage.drafted()
    assert draft.is_stuck
    assert draft.trouble == (
        "It was not published: the incident is cancelled, so only a closing message fits."
    )
    assert len(stage.page.attempts) == 1
    assert await is_clean(stage)


async def test_without_a_page_what_was_approved_waits_for_a_person(stage: Stage) -> None:
    async with stage.program(Wire(crash_at=0)) as program:
        program.workflows.runner.drain()  # as if it ended right after the click
        await sent(program)
    stage.has_page = False
    async with stage.program() as program:
        await program.pass_time(3)
    draft = await stage.drafted()
    assert draft.trouble == "It was not published: no status page is connected."
    assert draft.is_stuck


# --- unknown outcome --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownOutcomeError("the page did not answer"), "the page did not answer"),
        (ConflictError("odd"), "odd"),
        (LeaseLostError("odd"), "odd"),
        (cast("IncidentResponseError", TimeoutError()), "no answer came"),
        (cast("IncidentResponseError", KeyError("bug")), "an error in this program"),
    ],
)
async def test_whatever_is_not_certain_is_looked_for_and_not_sent_again(
    stage: Stage, program: Program, error: IncidentResponseError, told: str
) -> None:
    stage.page.fail(error)
    await sent(program)
    await program.quiet()
    draft = await stage.drafted()
    assert (draft.state, draft.trouble, draft.looks) == (DraftState.RECONCILING, told, 0)
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.details["reason"]) == (EntryKind.STATUSPAGE_UNCERTAIN, told)
    await program.pass_time(29)
    assert stage.page.looks == 0
    await program.pass_time(2)
    assert stage.page.looks == 1
    draft = await stage.drafted()
    assert (draft.state, draft.looks) == (DraftState.RECONCILING, 1)
    await program.pass_time(58)
    assert stage.page.looks == 1
    await program.pass_time(2)
    assert stage.page.looks == 2
    draft = await stage.drafted()
    assert (draft.state, draft.looks) == (DraftState.NEEDS_HUMAN, 2)
    assert draft.trouble == f"{told}; it was not found on the page"
    entry = (await stage.entries())[-1]
    assert entry.kind is EntryKind.STATUSPAGE_NEEDS_HUMAN
    assert entry.details["reason"] == draft.trouble
    await program.pass_time(300, tick=5)
    assert len(stage.page.attempts) == 1
    assert stage.page.looks == 2
    assert await plan_state(stage) is PlanState.DONE
    assert await is_clean(stage)


async def test_a_lost_reply_is_found_at_the_first_look(stage: Stage, program: Program) -> None:
    stage.page.lose_reply()
    await sent(program)
    assert 29 <= await until(stage, program, DraftState.PUBLISHED) <= 32
    assert (await stage.incident()).page.page_incident_id == "p1"
    assert (await stage.drafted()).trouble == ""
    assert stage.shown() == [["text"]]
    assert await stage.kinds() == [
        "DRAFTED",
        "DRAFT_APPROVED",
        "SENDING",
        "UNCERTAIN",
        "PUBLISHED",
    ]
    assert await is_clean(stage)


async def test_what_lands_late_is_found_at_the_second_look(stage: Stage, program: Program) -> None:
    stage.page.delay()
    await sent(program)
    await program.pass_time(60)
    stage.page.land()
    assert 29 <= await until(stage, program, DraftState.PUBLISHED) <= 33
    assert stage.shown() == [["text"]]


async def test_what_lands_too_late_is_not_published_twice_by_itself(
    stage: Stage, program: Program
) -> None:
    stage.page.delay()
    await sent(program)
    await until(stage, program, DraftState.NEEDS_HUMAN)
    stage.page.land()
    await program.pass_time(300, tick=5)
    assert stage.shown() == [["text"]]
    assert (await stage.drafted()).state is DraftState.NEEDS_HUMAN


async def test_a_look_that_fails_is_none_and_a_person_is_asked_within_two_minutes(
    stage: Stage, program: Program
) -> None:
    stage.page.swallow()
    stage.page.looking.fail_with(UnavailableError("page down"))
    await sent(program)
    seconds = await until(stage, program, DraftState.NEEDS_HUMAN)
    assert 100 < seconds < 120
    draft = await stage.drafted()
    assert draft.trouble == "the page did not answer; page down"
    assert draft.looks == 0
    assert stage.page.looks > 10
    assert await is_clean(stage)


async def test_a_look_fails_in_any_way_and_is_made_again(stage: Stage, program: Program) -> None:
    stage.page.lose_reply()
    stage.page.looking.fail_with(cast("IncidentResponseError", KeyError("bug")), times=2)
    await sent(program)
    assert 38 < await until(stage, program, DraftState.PUBLISHED) < 45
    assert stage.page.looks == 3


async def test_a_look_that_hangs_is_given_up(
    stage: Stage, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_response.workflows.publishing.LOOK_SECONDS", 0.02)
    stage.page.lose_reply()
    stage.page.looking.hang()
    await sent(program)
    await program.pass_time(31)
    async with asyncio.timeout(5):
        while program.wire.under_way:  # noqa: ASYNC110 - real time runs out here
            await asyncio.sleep(0.01)
    await program.quiet()
    assert (await stage.drafted()).state is DraftState.RECONCILING
    stage.page.looking.recover()
    await program.pass_time(7)
    assert (await stage.drafted()).state is DraftState.PUBLISHED


# --- crashes and others -----------------------------------------------------------------------


@pytest.mark.parametrize("is_after", [False, True])
async def test_a_crash_while_sending_is_looked_for_whether_or_not_it_arrived(
    stage: Stage, is_after: bool
) -> None:
    async with stage.program(Wire(crash_in="publish", is_after=is_after)) as program:
        await sent(program)
        await program.pass_time(2)
        assert program.wire.is_dead
    assert (await stage.drafted()).state is DraftState.SENDING
    await stage.backend.claim_processor()
    async with stage.program() as program:
        await program.pass_time(1)
        draft = await stage.drafted()
        assert draft.state is DraftState.RECONCILING
        assert draft.trouble == "the program was interrupted while it was sent"
        await program.pass_time(95)
    wanted = DraftState.PUBLISHED if is_after else DraftState.NEEDS_HUMAN
    assert (await stage.drafted()).state is wanted
    assert stage.shown() == ([["text"]] if is_after else [])
    assert len(stage.page.attempts) == is_after
    assert await is_clean(stage)


async def test_what_is_found_sending_long_after_takes_one_look(stage: Stage) -> None:
    async with stage.program() as program:
        program.workflows.runner.drain()
        await sent(program)
    draft = await stage.drafted()
    await _as_sending(stage)
    stage.clock.advance(600)
    async with stage.program() as program:
        seconds = await until(stage, program, DraftState.NEEDS_HUMAN)
    assert seconds < 5
    assert stage.page.looks == 1
    assert (await stage.drafted()).key == draft.key


async def _as_sending(stage: Stage) -> None:
    """Have it SENDING, as a process leaves it that dies right then."""
    incident = await stage.incident()
    draft = await stage.drafted()
    now = stage.clock.now()
    changed = draft.model_copy(update={"state": DraftState.SENDING, "sent_at": now})
    page = incident.page.model_copy(update={"draft": changed})
    marks = {"draft": 1, "revision": 1, "attempt": 1, "digest": draft.message.digest}
    entry = NewEntry(kind=EntryKind.STATUSPAGE_SENDING, at=now, details=marks)
    newer = incident.model_copy(update={"page": page, "version": incident.version + 1})
    await stage.backend.incidents.commit(
        Change(incident_id=INCIDENT_ID, incident=newer, entries=(entry,))
    )


Advance = Callable[..., Coroutine[Any, Any, Outcome]]


def advance_of(program: Program) -> Advance:
    """The vital step itself, to be run as by another process beside the runner."""
    publisher = program.gate._publisher
    assert isinstance(publisher, Publisher)

    async def advance(plan: str = "publish#1.1.1") -> Outcome:
        context = SimpleNamespace(plan=plan, incident_id=INCIDENT_ID)
        return await publisher._advance(cast("StepContext", context))

    return advance


async def test_a_run_of_an_earlier_text_does_nothing(stage: Stage, program: Program) -> None:
    program.workflows.runner.drain()
    advance = advance_of(program)
    assert (await advance()).result == "overtaken"
    await sent(program)
    assert (await advance("publish#1.1.2")).result == "overtaken"
    assert stage.page.attempts == []
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_two_processors_send_it_once_and_the_slower_takes_the_answer_of_the_page(
    stage: Stage, program: Program
) -> None:
    program.workflows.runner.drain()
    await sent(program)
    advance = advance_of(program)
    gate = asyncio.Event()
    publish = stage.page.publish

    async def slow(approved):  # type: ignore[no-untyped-def]  # as publish
        await gate.wait()
        return await publish(approved)

    stage.page.publish = slow  # type: ignore[method-assign]  # as slow as this
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(advance())
        while (await stage.drafted()).state is not DraftState.SENDING:  # noqa: ASYNC110
            await asyncio.sleep(0)
        with pytest.raises(RetryableError):
            await advance()  # the other takes it for a dead one's
        assert (await stage.drafted()).state is DraftState.RECONCILING
        with pytest.raises(RetryableError) as early:
            await advance()
        assert early.value.retry_after == timedelta(seconds=30)
        assert stage.page.looks == 0
        gate.set()
    assert first.result().result == "published"
    assert (await stage.drafted()).state is DraftState.PUBLISHED
    assert (await advance()).result == "published"
    assert stage.shown() == [["text"]]
    assert await is_clean(stage)


@pytest.mark.parametrize("error", [UnknownOutcomeError("lost"), UnavailableError("not reached")])
async def test_two_processors_that_both_wonder_wonder_once(
    stage: Stage, program: Program, error: IncidentResponseError
) -> None:
    program.workflows.runner.drain()
    await sent(program)
    advance = advance_of(program)
    publish = stage.page.publish

    async def meanwhile(approved):  # type: ignore[no-untyped-def]  # as publish
        with pytest.raises(RetryableError, match="looked at"):
            await advance()
        return await publish(approved)

    stage.page.publish = meanwhile  # type: ignore[method-assign]  # the other acts in between
    stage.page.fail(error)
    with pytest.raises(RetryableError) as raised:
        await advance()
    kinds = (await stage.kinds())[-2:]
    if isinstance(error, UnknownOutcomeError):
        assert isinstance(raised.value, ConflictError)
        assert str(raised.value) == "the draft has moved on"
        assert raised.value.retry_after == SECOND
        assert kinds == ["SENDING", "UNCERTAIN"]
        assert (await stage.drafted()).state is DraftState.RECONCILING
    else:
        assert kinds == ["UNCERTAIN", "REFUSED"]
        assert (await stage.drafted()).state is DraftState.APPROVED
    assert await is_clean(stage)


@pytest.mark.parametrize("change", ["rejected", "edited", "resent"])
async def test_an_answer_that_comes_after_everything_moved_on_changes_nothing(
    stage: Stage, program: Program, change: str
) -> None:
    program.workflows.runner.drain()
    code = await sent(program)
    advance = advance_of(program)

    async def meanwhile() -> list[LedgerEntry]:
        draft = await stage.drafted()
        update: dict[str, dict[str, object]] = {
            "rejected": {"state": DraftState.REJECTED},
            "edited": {"revision": 2},
            "resent": {"sent_at": stage.clock.now() + SECOND},
        }
        newer = draft.model_copy(update=update[change])
        page = (await stage.incident()).page.model_copy(update={"draft": newer})
        await stage.change(page=page)
        raise RefusedError("too late")

    async def publish(_: object) -> object:
        return await meanwhile()

    stage.page.publish = publish  # type: ignore[method-assign,assignment]  # all moves in between
    with pytest.raises(ConflictError, match="the draft has moved on"):
        await advance()
    assert (await stage.kinds())[-1] == "SENDING"
    assert (await stage.drafted()).message.digest == code


async def test_a_draft_that_vanished_is_not_moved(stage: Stage, program: Program) -> None:
    program.workflows.runner.drain()
    await sent(program)

    async def publish(_: object) -> object:
        page = (await stage.incident()).page.model_copy(update={"draft": None})
        await stage.change(page=page)
        raise RefusedError("too late")

    stage.page.publish = publish  # type: ignore[method-assign,assignment]  # it goes in between
    with pytest.raises(ConflictError, match="the draft has moved on"):
        await advance_of(program)()


# --- what the ledger does not prove -----------------------------------------------------------


async def _forge_approval(stage: Stage, program: Program) -> None:
    """Have the stored state say APPROVED, as somebody who can write the store could."""
    await program.draft("forged")
    draft = await stage.drafted()
    forged = draft.model_copy(update={"state": DraftState.APPROVED, "attempt": 1})
    page = (await stage.incident()).page.model_copy(update={"draft": forged})
    await stage.change(page=page)


async def test_a_forged_approval_publishes_nothing_and_operators_are_told(
    stage: Stage, program: Program
) -> None:
    program.workflows.runner.drain()
    await _forge_approval(stage, program)
    outcome = await advance_of(program)()
    why = "The ledger holds no unused approval of exactly this message, so it is not published."
    assert outcome.result == {"blocked": why}
    assert stage.page.attempts == []
    draft = await stage.drafted()
    assert (draft.state, draft.is_stuck) == (DraftState.APPROVED, True)
    assert draft.trouble == f"It was not published: {why}"
    entry = (await stage.entries())[-1]
    assert entry.kind is EntryKind.STATUSPAGE_APPROVAL_REFUSED
    assert (entry.actor, entry.details["reason"]) == ("incident-response", draft.trouble)


async def test_a_broken_ledger_publishes_nothing_and_operators_are_told_once(
    stage: Stage,
) -> None:
    async with stage.program() as program:
        program.workflows.runner.drain()
        await sent(program)
    await _break_ledger(stage)
    async with stage.program() as program:
        await program.pass_time(5)
        assert stage.page.attempts == []
        draft = await stage.drafted()
        assert draft.is_stuck
        assert "entry 2 does not match its seal" in draft.trouble
        assert await plan_state(stage) is PlanState.DONE
        (told,) = stage.operators()
        assert "held back" in told
        assert "entry 2 does not match its seal" in told
        assert "audit verify" in told


async def _break_ledger(stage: Stage) -> None:
    """Change an entry as somebody could who gets past the triggers."""

    def forge(connection):  # type: ignore[no-untyped-def]  # SQLite's
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        text = connection.execute("SELECT entry FROM ledger WHERE seq = 2").fetchone()[0]
        connection.execute(
            "UPDATE ledger SET entry = ? WHERE seq = 2", (text.replace("U0ADA", "U0EVE"),)
        )

    await stage.backend._database.write(forge)


async def test_a_message_that_cannot_be_proved_any_more_is_left_to_a_person(
    stage: Stage,
) -> None:
    stage.page.swallow()
    async with stage.program() as program:
        await sent(program)
        await program.quiet()
        await _break_ledger(stage)
        assert await until(stage, program, DraftState.NEEDS_HUMAN) < 40
        await program.quiet()
        (told,) = stage.operators()
        assert "does not match its seal" in told
        assert stage.page.looks == 0


async def test_a_click_on_a_message_that_cannot_be_proved_still_ends_it(stage: Stage) -> None:
    stage.page.swallow()
    async with stage.program() as program:
        code = await sent(program)
        await until(stage, program, DraftState.NEEDS_HUMAN)
    stage.has_page = False
    async with stage.program() as program:
        await program.found(code)
    assert (await stage.drafted()).state is DraftState.PUBLISHED


async def test_while_the_store_does_not_answer_nothing_is_decided(
    stage: Stage, program: Program
) -> None:
    program.workflows.runner.drain()
    await sent(program)

    class Down:
        async def entries(self, *_: object) -> list[LedgerEntry]:
            raise UnavailableError("store down")

    program.gate._publisher._ledger = Down()
    with pytest.raises(UnavailableError):
        await advance_of(program)()
    assert (await stage.drafted()).state is DraftState.APPROVED
    assert stage.page.attempts == []


async def test_the_room_hears_once_what_became_of_a_message(
    stage: Stage, program: Program
) -> None:
    await program.approve(await program.draft())
    await program.pass_time(5)
    told = [text for text in stage.room() if "Customers can read" in text]
    assert len(told) == 1


async def test_the_room_hears_nothing_of_a_message_that_was_overtaken(
    stage: Stage, program: Program
) -> None:
    stage.page.refuse()
    await program.approve(await program.draft())
    program.workflows.runner.drain()
    publisher = program.gate._publisher
    context = SimpleNamespace(plan="publish#9.9.9", incident_id=INCIDENT_ID)
    before = stage.room()
    await publisher._tell_room(cast("StepContext", context))
    assert stage.room() == before


async def result_of(stage: Stage, run: str) -> object:
    """What the run's journal keeps of the sending."""
    journal = await stage.backend.incidents.journal(INCIDENT_ID, run)
    return journal["publish"].result


async def test_the_journal_keeps_how_a_run_ended(stage: Stage, program: Program) -> None:
    stage.page.refuse()
    await program.approve(await program.draft())
    await program.pass_time(3)
    assert await result_of(stage, "publish#1.1.1") == "approved"
    stage.page.swallow()
    await program.publish_again((await stage.drafted()).message.digest)
    await program.pass_time(130)
    assert await result_of(stage, "publish#1.1.2") == "needs_human"
    await program.publish_again((await stage.drafted()).message.digest)
    await program.pass_time(3)
    assert await result_of(stage, "publish#1.1.3") == "published"


async def test_the_card_follows_the_sending_by_itself(stage: Stage, program: Program) -> None:
    code = await program.draft()
    await program.workflows.pages.show(INCIDENT_ID)
    await program.approve(code)
    await program.pass_time(5)
    (room,) = stage.chat.rooms()
    (card,) = (p.message for p in room.posted if ":page_card." in p.key)
    assert "*Message to customers 1*: published" in str(card.blocks)


async def test_why_a_message_no_longer_fits_is_said_to_the_letter(
    stage: Stage, program: Program
) -> None:
    await program.draft()
    incident, message = await stage.incident(), (await stage.drafted()).message
    assert why_unfit(incident, message, PAGE_ID) == ""
    assert why_unfit(incident, message, "other") == "it was written for another status page"
    closing = message.model_copy(update={"status": PageStatus.RESOLVED})
    over = incident.model_copy(update={"status": IncidentStatus.CANCELLED})
    assert why_unfit(over, closing, PAGE_ID) == (
        "the incident is cancelled, and customers were told nothing of it"
    )


def test_what_nobody_could_find_on_the_page_says_what_follows() -> None:
    assert ID_UNKNOWN == (
        "the page did not say which of its incidents this is: the next message opens another"
        " one, and this one is to be closed on the page itself"
    )


def test_a_run_is_stored_under_names_that_stay_and_tries_as_long_as_it_promises(
    stage: Stage, program: Program
) -> None:
    steps = program.gate.plan.steps
    assert [(step.name, step.attempts) for step in steps] == [
        ("publish", None),
        ("tell_operators", 6),
        ("tell_room", 6),
    ]
    assert steps[0].deadline == publishing.DEADLINE == timedelta(seconds=45)
    waits = timedelta(seconds=publishing.LOOK_SECONDS) + publishing.LOOK_AGAIN
    assert publishing.GIVE_UP_LOOKING + waits == timedelta(minutes=2), "a person is asked by then"
    assert (timedelta(seconds=30), timedelta(seconds=90)) == publishing.LOOKS_AFTER
    assert (
        timedelta(seconds=15),
        timedelta(seconds=60),
    ) == (publishing.SEND_AGAIN, publishing.MOST_PATIENCE)
