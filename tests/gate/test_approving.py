import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from incident_response.domain.draft import (
    Approval,
    Author,
    Component,
    ComponentStatus,
    DraftState,
    PageStatus,
)
from incident_response.domain.errors import (
    NotAllowedError,
    NotAnApproverError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import SYSTEM, EntryKind
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.roles import Role
from incident_response.ports.incident_store import PlanState
from incident_response.workflows.approval_gate import PUBLISH, editable
from tests.fakes.chat import STRANGER
from tests.fakes.status_page import PAGE_ID
from tests.gate.stage import (
    APPROVERS,
    INCIDENT_ID,
    Program,
    Stage,
    Wire,
    content,
    two_approvals,
    with_approvers,
)
from tests.workflows.house import ADA, BEN, CLEO, DEV, GONE, GUEST, ROBOT

MAY_NOT = "Only the incident commander or an approver decides what customers are told."
TEXT_CHANGED = "The text changed"


@pytest.fixture
async def program(stage: Stage) -> AsyncIterator[Program]:
    async with stage.program() as running:
        yield running


async def refused(doing: Awaitable[object], why: str, *, kind: type = RefusedError) -> None:
    """With a sentence to the last sign, or with the beginning of one."""
    end = "$" if why.endswith(".") else ""
    with pytest.raises(RefusedError, match=re.escape(why) + end) as raised:
        await doing
    assert raised.type is kind


async def refusals(stage: Stage) -> list[tuple[str, str]]:
    found = await stage.entries(EntryKind.STATUSPAGE_APPROVAL_REFUSED)
    return [(entry.actor, str(entry.details["reason"])) for entry in found]


# --- drafting and editing ---------------------------------------------------------------------


async def test_a_draft_waits_with_everything_that_will_be_sent(
    stage: Stage, program: Program
) -> None:
    part = Component(component_id="c1", name="Checkout", status=ComponentStatus.MAJOR_OUTAGE)
    asked = stage.asking(BEN)
    incident = await program.gate.draft(
        INCIDENT_ID,
        content(" We look\u200b. ", components=(part,)),
        asked=asked,
        author=Author.TEMPLATE,
        subscribers=7,
    )
    draft = await stage.drafted()
    assert incident.page.draft == draft
    assert (draft.number, draft.revision, draft.attempt) == (1, 1, 0)
    assert draft.state is DraftState.PENDING
    assert (draft.drafted_by, draft.drafted_at) == (BEN, stage.clock.now())
    assert (draft.author, draft.subscribers) == (Author.TEMPLATE, 7)
    message = draft.message
    assert (message.page_id, message.page_incident_id) == (PAGE_ID, "")
    assert (message.title, message.body) == ("Some payments fail", " We look.")
    assert message.components == (part,)
    assert incident.page.drafts == 1
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor, entry.at) == (
        EntryKind.STATUSPAGE_DRAFTED,
        BEN,
        stage.clock.now(),
    )
    assert entry.details == {
        "draft": 1,
        "revision": 1,
        "attempt": 0,
        "digest": message.digest,
        "code": message.code,
        "asked": f"draft:{asked.key}",
        "title": "Some payments fail",
        "status": "investigating",
    }


async def test_the_program_may_draft_by_itself(stage: Stage, program: Program) -> None:
    await program.draft(by=UserId(SYSTEM))
    assert (await stage.drafted()).drafted_by is None
    assert (await stage.drafted()).author is Author.PERSON
    assert (await stage.drafted()).subscribers is None


@pytest.mark.parametrize("who", [GUEST, GONE, ROBOT, STRANGER])
async def test_guests_bots_and_strangers_neither_draft_nor_edit_nor_decide(
    stage: Stage, program: Program, who: UserId
) -> None:
    code = await program.draft("the text")
    members = "Only full members of this workspace can do that."
    await refused(program.draft("mine", by=who), members, kind=NotAllowedError)
    await refused(program.edit(code, "mine", by=who), members, kind=NotAllowedError)
    await refused(program.approve(code, by=who), MAY_NOT, kind=NotAnApproverError)
    await refused(program.reject(code, by=who), MAY_NOT, kind=NotAnApproverError)
    await stage.change(roles={Role.COMMANDER: who})  # not even in command
    await refused(program.approve(code, by=who), MAY_NOT, kind=NotAnApproverError)
    assert (await stage.drafted()).message.body == "the text"
    assert (await stage.drafted()).state is DraftState.PENDING
    assert await refusals(stage) == [(who, MAY_NOT)] * 3


async def test_an_edit_is_a_new_revision_of_the_same_draft(stage: Stage, program: Program) -> None:
    await program.gate.draft(
        INCIDENT_ID,
        content("first"),
        asked=stage.asking(BEN),
        author=Author.TEMPLATE,
        subscribers=7,
    )
    code = (await stage.drafted()).message.code
    stage.clock.advance(60)
    asked = stage.asking(CLEO)
    await program.gate.edit(INCIDENT_ID, code=code, content=content("second"), asked=asked)
    draft = await stage.drafted()
    assert (draft.number, draft.revision, draft.message.body) == (1, 2, "second")
    assert (draft.drafted_by, draft.drafted_at) == (CLEO, stage.clock.now())
    assert (draft.author, draft.subscribers) == (Author.PERSON, 7)
    assert (await stage.incident()).page.drafts == 1
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor) == (EntryKind.STATUSPAGE_EDITED, CLEO)
    assert entry.details["asked"] == f"edit:{asked.key}"


async def test_drafting_again_revises_what_waits(stage: Stage, program: Program) -> None:
    await program.draft("first")
    await program.draft("second")
    draft = await stage.drafted()
    assert (draft.number, draft.revision, draft.message.body) == (1, 2, "second")
    assert await stage.kinds() == ["DRAFTED", "EDITED"]


async def test_the_slower_of_two_editors_is_told(stage: Stage, program: Program) -> None:
    code = await program.draft("first")
    await program.edit(code, "Cleo's", by=CLEO)
    await refused(program.edit(code, "Dev's", by=DEV), TEXT_CHANGED)
    assert (await stage.drafted()).message.body == "Cleo's"


async def test_a_message_under_way_is_neither_edited_nor_drafted_over(
    stage: Stage, program: Program
) -> None:
    code = await program.draft("first")
    await program.approve(code)
    way = "it is approved and on its way."
    await refused(program.edit(code, "second"), f"It cannot be edited any more: {way}")
    await refused(program.draft("second"), f"Draft 1 is not done: {way}")
    assert (await stage.drafted()).message.body == "first"


async def test_after_a_rejection_comes_a_new_draft(stage: Stage, program: Program) -> None:
    code = await program.draft("first")
    await program.reject(code, by=CLEO, reason="Too early")
    draft = await stage.drafted()
    assert (draft.state, draft.trouble) == (DraftState.REJECTED, "Too early")
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor) == (EntryKind.STATUSPAGE_REJECTED, CLEO)
    assert entry.details["reason"] == "Too early"
    await refused(program.edit(code, "second"), "It cannot be edited any more: it was rejected.")
    await program.draft("second")
    assert (await stage.drafted()).number == 2
    assert (await stage.drafted()).revision == 1


@pytest.mark.parametrize("words", [{"title": " "}, {"body": "b" * 6_001}])
async def test_a_text_that_cannot_be_shown_whole_changes_nothing(
    stage: Stage, program: Program, words: dict[str, str]
) -> None:
    with pytest.raises(RefusedError, match=r"is empty|shorten it by 1"):
        await program.gate.draft(
            INCIDENT_ID,
            content("b").model_copy(update=words),
            asked=stage.asking(BEN),
        )
    assert (await stage.incident()).page.draft is None
    assert await stage.kinds() == []


async def test_without_a_status_page_nothing_is_drafted() -> None:
    stage = Stage(has_page=False)
    await stage.open_incident()
    async with stage.program() as program:
        await refused(
            program.draft(), "No status page is connected: set STATUSPAGE_API_KEY and _PAGE_ID."
        )
    await stage.backend.close()


async def test_what_names_no_incident_or_no_draft_is_told(stage: Stage, program: Program) -> None:
    none = "There is no draft for the status page."
    await refused(program.approve("abcdef"), none)
    await refused(program.edit("abcdef", "text"), none)
    with pytest.raises(NotFoundError):
        await program.gate.approve(
            IncidentId("inc-ffffffffffff"), code="abcdef", asked=stage.asking(ADA)
        )


# --- approving --------------------------------------------------------------------------------


async def test_the_commanders_approval_opens_the_run_that_sends_it_in_one_transaction(
    stage: Stage, program: Program
) -> None:
    kicked: list[tuple[str, str]] = []
    program.gate.on_approved = lambda incident_id, plan: kicked.append((incident_id, plan))
    code = await program.draft("the text")
    asked = stage.asking(ADA)
    incident = await program.gate.approve(INCIDENT_ID, code=code, asked=asked)
    draft, now = await stage.drafted(), stage.clock.now()
    assert incident.page.draft == draft
    assert (draft.state, draft.attempt) == (DraftState.APPROVED, 1)
    own = Approval(by=ADA, at=now, digest=code, right="commander", attempt=1)
    assert draft.approvals == (own,)
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor, entry.at) == (
        EntryKind.STATUSPAGE_DRAFT_APPROVED,
        ADA,
        now,
    )
    assert entry.details == {
        "draft": 1,
        "revision": 1,
        "attempt": 1,
        "digest": code,
        "code": code[:6],
        "asked": f"approve:{asked.key}",
        "approvals": [own.model_dump(mode="json")],
        "needed": 1,
        "message": draft.message.model_dump(mode="json"),
    }
    plan = await stage.backend.incidents.plan(INCIDENT_ID, f"{PUBLISH}#1.1.1")
    assert plan is not None
    assert (plan.state, plan.opened_at, plan.not_before) == (PlanState.OPEN, now, None)
    assert kicked == [(INCIDENT_ID, "publish#1.1.1")]


async def test_an_approver_of_the_group_may_approve_and_nobody_else(stage: Stage) -> None:
    stage.policy = with_approvers()
    stage.chat.add_group(APPROVERS, [CLEO, GUEST])
    async with stage.program() as program:
        code = await program.draft()
        for who in (BEN, GUEST):
            await refused(program.approve(code, by=who), MAY_NOT, kind=NotAnApproverError)
        await program.approve(code, by=CLEO)
        assert [(a.by, a.right) for a in (await stage.drafted()).approvals] == [(CLEO, "approver")]
    assert await refusals(stage) == [(BEN, MAY_NOT), (GUEST, MAY_NOT)]


async def test_a_group_that_cannot_be_read_does_not_hold_up_the_commander(stage: Stage) -> None:
    stage.policy = with_approvers()
    stage.chat.fail("group_members", UnavailableError("down"), times=9)
    async with stage.program() as program:
        code = await program.draft()
        with pytest.raises(UnavailableError):  # the click is tried again, not refused
            await program.approve(code, by=CLEO)
        assert await refusals(stage) == []
        await program.approve(code, by=ADA)


async def test_a_group_that_does_not_exist_has_nobody_in_it(stage: Stage) -> None:
    stage.policy = with_approvers()
    async with stage.program() as program:
        code = await program.draft()
        await refused(program.approve(code, by=CLEO), MAY_NOT, kind=NotAnApproverError)


async def test_with_nobody_in_command_nobody_approves(stage: Stage, program: Program) -> None:
    await stage.change(roles={})
    code = await program.draft()
    await refused(program.approve(code, by=ADA), MAY_NOT, kind=NotAnApproverError)


async def test_a_click_on_an_older_text_is_refused_and_shows_the_new_code(
    stage: Stage, program: Program
) -> None:
    old = await program.draft("first")
    new = await program.edit(old, "second")
    why = f"The text changed. Read the newest one, which is {new[:6]}."
    with pytest.raises(RefusedError, match=re.escape(why)) as raised:
        await program.approve(old)
    assert raised.value.reason == "superseded"
    assert await refusals(stage) == [(ADA, why)]
    entry = (await stage.entries())[-1]
    assert (entry.details["revision"], entry.details["digest"]) == (2, new)
    for code in ("", new[:5], old[:6]):
        await refused(program.approve(code), TEXT_CHANGED)
    assert (await stage.drafted()).state is DraftState.PENDING
    await program.approve(new[:6].upper())
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_after_a_handover_only_the_new_commander_approves(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    await program.command(BEN)
    await refused(program.approve(code, by=ADA), MAY_NOT, kind=NotAnApproverError)
    await program.approve(code, by=BEN)
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_a_click_delivered_again_is_answered_as_the_first_time(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    first = await program.approve(code, key="one click")
    count = len(await stage.entries())
    assert (await program.approve(code, key="one click")).page.draft == first.page.draft
    await program.command(BEN)
    await program.pass_time(3)
    again = await program.approve(code, key="one click")  # also late, and no longer in command
    assert again.page.draft is not None
    assert again.page.draft.state is DraftState.PUBLISHED
    kinds = [entry.kind for entry in await stage.entries()]
    assert kinds.count(EntryKind.STATUSPAGE_DRAFT_APPROVED) == 1
    assert len(stage.page.attempts) == 1
    assert len(await stage.entries()) == count + 3  # handover, sending, published


async def test_a_refused_click_delivered_again_stays_refused_though_it_would_now_be_right(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    for _ in range(2):
        doing = program.approve(code, by=BEN, key="one click")
        await refused(doing, MAY_NOT, kind=NotAnApproverError)
        await program.command(BEN)
    await refused(program.approve("abcdef", by=BEN, key="else"), TEXT_CHANGED)
    await refused(program.approve(code, by=BEN, key="else"), TEXT_CHANGED)
    assert len(await refusals(stage)) == 2
    assert (await stage.drafted()).state is DraftState.PENDING


async def test_an_edit_and_a_rejection_delivered_again_are_done_once(
    stage: Stage, program: Program
) -> None:
    code = await program.draft("first")
    asked = stage.asking(CLEO, "form")
    await program.gate.edit(INCIDENT_ID, code=code, content=content("second"), asked=asked)
    newer = await program.draft("third")
    await program.gate.edit(INCIDENT_ID, code=code, content=content("second"), asked=asked)
    assert (await stage.drafted()).message.body == "third"
    await program.reject(newer, key="click")
    last = await program.draft("fourth")
    await program.reject(newer, key="click")
    assert (await stage.drafted()).message.digest == last
    assert (await stage.drafted()).state is DraftState.PENDING


async def test_one_click_may_do_two_different_things(stage: Stage, program: Program) -> None:
    asked = stage.asking(ADA, "form")
    await program.gate.draft(INCIDENT_ID, content("text"), asked=asked)
    await program.approve((await stage.drafted()).message.digest, key="form")
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_a_double_click_is_one_approval_and_a_second_person_is_told(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    await program.approve(code)
    await program.approve(code)
    waits = "It does not wait for an approval: it is approved and on its way."
    await refused(program.approve(code, by=BEN), waits)
    await program.pass_time(3)
    await program.approve(code)
    published = "It does not wait for an approval: it is published."
    await refused(program.approve(code, by=BEN), published)
    assert len(await stage.entries(EntryKind.STATUSPAGE_DRAFT_APPROVED)) == 1
    assert len(stage.page.attempts) == 1


async def test_a_rejected_text_is_not_approved(stage: Stage, program: Program) -> None:
    code = await program.draft()
    waits = "There is nothing to publish again: it waits to be approved."
    await refused(program.publish_again(code), waits)
    await program.reject(code)
    await refused(program.approve(code), "It does not wait for an approval: it was rejected.")


async def test_an_approved_text_can_be_withdrawn_before_it_is_sent_by_who_may_approve(
    stage: Stage, program: Program
) -> None:
    program.gate.on_approved = lambda *_: None
    code = await program.draft()
    await program.approve(code)
    await refused(program.reject(code, by=BEN), MAY_NOT, kind=NotAnApproverError)
    await program.reject(code, by=ADA, reason="Wait")
    await refused(program.reject(code), "It cannot be rejected any more: it was rejected.")
    await refused(program.approve(code), "It does not wait for an approval: it was rejected.")
    await program.pass_time(3)
    assert stage.page.attempts == []
    assert (await stage.drafted()).state is DraftState.REJECTED


# --- what no longer fits ----------------------------------------------------------------------


async def test_a_text_older_than_half_an_hour_is_read_again_first(
    stage: Stage, program: Program
) -> None:
    code = await program.draft("text")
    stage.clock.advance(30 * 60)
    old = await stage.drafted()
    stage.clock.advance(1)
    await refused(
        program.approve(code),
        "This was written 30 minutes ago, and may no longer be so. Edit it;"
        " saving the same text is enough.",
    )
    assert await program.edit(code, "text", by=ADA) == code
    assert (await stage.drafted()).revision == old.revision + 1
    stage.clock.advance(30 * 60)
    await program.approve(code)
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_a_cancelled_incident_tells_customers_nothing_more(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    await stage.change(status=IncidentStatus.CANCELLED)
    unfit = "the incident is cancelled, so only a closing message fits"
    await refused(program.approve(code), f"This text no longer fits: {unfit}. Draft it anew.")
    await refused(program.draft("new"), f"This cannot be published: {unfit}.")
    untold = "the incident is cancelled, and customers were told nothing of it"
    await refused(program.draft("new", status=PageStatus.RESOLVED), untold)


async def test_a_closed_incident_may_publish_its_closing_message(
    stage: Stage, program: Program
) -> None:
    await program.approve(await program.draft("first"))
    await program.pass_time(3)
    for status in (IncidentStatus.RESOLVED, IncidentStatus.CANCELLED):
        await stage.change(status=status)
        unfit = f"the incident is {status.value}, so only a closing message fits"
        await refused(program.draft("more"), unfit)
        code = await program.draft(f"It is {status.value}", status=PageStatus.RESOLVED)
        await program.approve(code)
        await program.pass_time(3)
    assert stage.shown() == [["first", "It is resolved", "It is cancelled"]]


async def test_a_resolved_incident_may_tell_what_nobody_was_told(
    stage: Stage, program: Program
) -> None:
    await stage.change(status=IncidentStatus.RESOLVED)
    await program.approve(await program.draft("It is over", status=PageStatus.RESOLVED))
    await program.pass_time(3)
    assert stage.shown() == [["It is over"]]


async def test_messages_stay_on_one_page_incident_and_a_new_one_begins_after_its_end(
    stage: Stage, program: Program
) -> None:
    flow = ("investigating", "identified", "monitoring", "resolved", "resolved", "investigating")
    for number, status in enumerate(flow):
        await program.approve(await program.draft(f"text {number}", status=PageStatus(status)))
        await program.pass_time(3)
    texts = [f"text {number}" for number in range(6)]
    assert stage.shown() == [texts[:5], texts[5:]]
    page = (await stage.incident()).page
    assert (page.page_incident_id, page.status) == ("p2", PageStatus.INVESTIGATING)
    assert page.drafts == 6


async def test_a_text_for_another_thread_of_the_page_is_stale(
    stage: Stage, program: Program
) -> None:
    code = await program.draft()
    page = (await stage.incident()).page.model_copy(update={"page_incident_id": "p9"})
    await stage.change(page=page)
    why = "it belongs to another incident on the page than the one that is open there now"
    await refused(program.approve(code), f"This text no longer fits: {why}. Draft it anew.")
    assert (await refusals(stage))[0][0] == ADA


async def test_a_text_for_another_page_is_stale(stage: Stage, program: Program) -> None:
    await program.draft()
    draft = await stage.drafted()
    moved = draft.message.model_copy(update={"page_id": "page2"})
    page = (await stage.incident()).page.model_copy(
        update={"draft": draft.model_copy(update={"message": moved})}
    )
    await stage.change(page=page)
    await refused(program.approve(moved.digest), "it was written for another status page")


# --- two approvals ----------------------------------------------------------------------------


@pytest.fixture
async def pair(stage: Stage) -> AsyncIterator[Program]:
    """A program whose policy asks for two people."""
    stage.policy = two_approvals()
    stage.chat.add_group(APPROVERS, [CLEO, DEV])
    async with stage.program() as running:
        yield running


async def test_the_second_approval_must_be_another_persons(stage: Stage, pair: Program) -> None:
    code = await pair.draft()
    asked = stage.asking(ADA)
    await pair.gate.approve(INCIDENT_ID, code=code, asked=asked)
    draft = await stage.drafted()
    assert (draft.state, [a.by for a in draft.given]) == (DraftState.PENDING, [ADA])
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor) == (EntryKind.STATUSPAGE_APPROVAL_GIVEN, ADA)
    assert entry.details["asked"] == f"approve:{asked.key}"
    twice = "You have approved it already; it needs another person's approval."
    await refused(pair.approve(code, by=ADA), twice)
    await refused(pair.approve(code, by=BEN), MAY_NOT, kind=NotAnApproverError)
    await pair.gate.approve(INCIDENT_ID, code=code, asked=asked)  # delivered again
    assert (await stage.drafted()).state is DraftState.PENDING
    await pair.approve(code, by=CLEO)
    draft = await stage.drafted()
    assert [(a.by, a.right) for a in draft.given] == [(ADA, "commander"), (CLEO, "approver")]
    assert draft.state is DraftState.APPROVED
    details = (await stage.entries())[-1].details
    assert (details["needed"], [a["by"] for a in details["approvals"]]) == (2, [ADA, CLEO])  # type: ignore[index,union-attr,call-overload]  # JSON
    await pair.pass_time(3)
    assert stage.shown() == [["We look into it."]]
    await pair.approve(code, by=ADA)  # either of the two is answered as before
    await pair.approve(code, by=CLEO)
    await refused(pair.approve(code, by=DEV), "it is published")


async def test_two_approvers_do_without_the_commander(stage: Stage, pair: Program) -> None:
    code = await pair.draft()
    await pair.approve(code, by=CLEO)
    await pair.approve(code, by=DEV)
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_an_edit_voids_the_first_approval(stage: Stage, pair: Program) -> None:
    code = await pair.draft("first")
    await pair.approve(code, by=CLEO)
    code = await pair.edit(code, "second")
    assert (await stage.drafted()).approvals == ()
    await pair.approve(code, by=ADA)
    assert (await stage.drafted()).state is DraftState.PENDING


async def test_a_handover_voids_the_old_commanders_approval(stage: Stage, pair: Program) -> None:
    code = await pair.draft()
    await pair.approve(code, by=ADA)
    await pair.command(BEN)
    await pair.approve(code, by=BEN)
    draft = await stage.drafted()
    assert (draft.state, [a.by for a in draft.given]) == (DraftState.PENDING, [BEN])
    await refused(pair.approve(code, by=ADA), MAY_NOT, kind=NotAnApproverError)
    await pair.approve(code, by=CLEO)
    assert [a.by for a in (await stage.drafted()).given] == [BEN, CLEO]


async def test_an_approvers_approval_outlives_a_handover(stage: Stage, pair: Program) -> None:
    code = await pair.draft()
    await pair.approve(code, by=CLEO)
    await pair.command(BEN)
    await pair.approve(code, by=BEN)
    assert (await stage.drafted()).state is DraftState.APPROVED


async def test_publishing_again_takes_two_new_approvals(stage: Stage, pair: Program) -> None:
    stage.page.swallow()
    code = await pair.draft()
    await pair.approve(code, by=ADA)
    await pair.approve(code, by=CLEO)
    await pair.pass_time(100)
    assert (await stage.drafted()).state is DraftState.NEEDS_HUMAN
    await pair.publish_again(code, by=ADA)
    assert (await stage.drafted()).state is DraftState.NEEDS_HUMAN
    entry = (await stage.entries())[-1]
    assert entry.kind is EntryKind.STATUSPAGE_APPROVAL_GIVEN
    twice = "You have approved it already"
    await refused(pair.publish_again(code, by=ADA), twice)
    await pair.publish_again(code, by=DEV)
    await pair.pass_time(3)
    draft = await stage.drafted()
    assert (draft.state, draft.attempt) == (DraftState.PUBLISHED, 2)
    rounds = [(a.attempt, a.by) for a in draft.approvals]
    assert rounds == [(1, ADA), (1, CLEO), (2, ADA), (2, DEV)]


# --- when the outcome is unknown --------------------------------------------------------------


@pytest.fixture
async def lost(stage: Stage, program: Program) -> str:
    """The code of a message that got no answer and is not on the page."""
    stage.page.swallow()
    code = await program.draft("lost")
    await program.approve(code)
    await program.pass_time(100)
    assert (await stage.drafted()).state is DraftState.NEEDS_HUMAN
    return code


async def test_publishing_again_is_a_new_approval_with_a_run_of_its_own(
    stage: Stage, program: Program, lost: str
) -> None:
    await refused(program.publish_again(lost, by=BEN), MAY_NOT, kind=NotAnApproverError)
    why = "It does not wait for an approval: it may be on the page: look there"
    await refused(program.approve(lost), why)
    asked = stage.asking(ADA)
    await program.gate.publish_again(INCIDENT_ID, code=lost, asked=asked)
    draft = await stage.drafted()
    assert (draft.state, draft.attempt, draft.key) == (DraftState.APPROVED, 2, "1.1.2")
    assert (draft.sent_at, draft.looks, draft.trouble) == (None, 0, "")
    entry = (await stage.entries(EntryKind.STATUSPAGE_DRAFT_APPROVED))[-1]
    assert entry.details["attempt"] == 2
    assert entry.details["asked"] == f"publish_again:{asked.key}"
    await program.pass_time(3)
    assert stage.shown() == [["lost"]]
    again = await program.gate.publish_again(INCIDENT_ID, code=lost, asked=asked)
    assert again.page.draft is not None
    assert again.page.draft.state is DraftState.PUBLISHED
    nothing = "There is nothing to publish again: it is published."
    await refused(program.publish_again(lost), nothing)
    assert len(stage.page.attempts) == 2


async def test_a_person_can_say_that_it_is_there_and_the_page_says_where(
    stage: Stage, program: Program
) -> None:
    stage.page.delay()
    code = await program.draft("late")
    await program.approve(code)
    await program.pass_time(100)
    stage.page.land()
    await refused(program.found(code, by=BEN), MAY_NOT, kind=NotAnApproverError)
    await refused(program.found("abcdef"), TEXT_CHANGED)
    asked = stage.asking(ADA)
    incident = await program.gate.found(INCIDENT_ID, code=code, asked=asked)
    page = incident.page
    assert page.draft is not None
    assert (page.draft.state, page.draft.trouble) == (DraftState.PUBLISHED, "")
    assert (page.page_incident_id, page.status) == ("p1", PageStatus.INVESTIGATING)
    assert page.url == "https://status.tidewater.test/incidents/p1"
    entry = (await stage.entries())[-1]
    assert (entry.kind, entry.actor) == (EntryKind.STATUSPAGE_PUBLISHED, ADA)
    assert entry.details["page_incident_id"] == "p1"
    assert entry.details["asked"] == f"found:{asked.key}"
    await program.gate.found(INCIDENT_ID, code=code, asked=asked)
    nothing = "There is nothing to look for: it is published."
    await refused(program.found(code), nothing)
    assert len(await stage.entries(EntryKind.STATUSPAGE_PUBLISHED)) == 1


async def test_what_only_a_person_has_seen_is_published_and_said_to_be_nowhere(
    stage: Stage, program: Program, lost: str
) -> None:
    page = (await program.found(lost)).page
    assert page.draft is not None
    assert page.draft.state is DraftState.PUBLISHED
    assert "the next message opens another one" in page.draft.trouble
    assert (page.page_incident_id, page.url) == ("", "")
    assert page.status is PageStatus.INVESTIGATING


async def test_an_update_that_only_a_person_has_seen_stays_on_its_page_incident(
    stage: Stage, program: Program
) -> None:
    await program.approve(await program.draft("first"))
    await program.pass_time(3)
    stage.page.swallow()
    code = await program.draft("second")
    await program.approve(code)
    await program.pass_time(100)
    stage.page.looking.fail_with(UnavailableError("down"))
    page = (await program.found(code)).page
    assert page.page_incident_id == "p1"
    assert page.url == "https://status.tidewater.test/incidents/p1"
    assert page.draft is not None
    assert page.draft.trouble == ""


async def test_what_is_not_there_can_be_dropped_by_who_may_approve(
    stage: Stage, program: Program, lost: str
) -> None:
    await refused(program.reject(lost, by=BEN), MAY_NOT, kind=NotAnApproverError)
    await refused(program.edit(lost, "else"), "It cannot be edited any more: it may be on the")
    await program.reject(lost)
    await program.draft("else")
    assert (await stage.drafted()).number == 2


async def test_an_old_text_is_not_published_again(
    stage: Stage, program: Program, lost: str
) -> None:
    stage.clock.advance(timedelta(minutes=30).total_seconds())
    way = "minutes ago, and may no longer be so. Reject it and draft it anew."
    await refused(program.publish_again(lost), way)


async def test_what_is_being_sent_or_looked_for_takes_no_decision(
    stage: Stage, program: Program
) -> None:
    stage.page.swallow()
    code = await program.draft()
    await program.approve(code)
    await program.pass_time(2)
    assert (await stage.drafted()).state is DraftState.RECONCILING
    sent = "it was sent, and the page is looked at for it."
    await refused(program.reject(code), f"It cannot be rejected any more: {sent}")
    await refused(program.publish_again(code), f"There is nothing to publish again: {sent}")
    await refused(program.found(code), f"There is nothing to look for: {sent}")
    await refused(program.draft("more"), f"Draft 1 is not done: {sent}")
    await program.approve(code)  # its own approver is answered as before


async def test_the_text_that_waits_can_be_edited_without_being_named(
    stage: Stage, program: Program
) -> None:
    with pytest.raises(RefusedError, match=r"^There is no draft for the status page\.$"):
        editable(await stage.incident())
    code = await program.draft()
    assert editable(await stage.incident()) == await stage.drafted()
    await program.reject(code)
    with pytest.raises(RefusedError, match="cannot be edited any more"):
        editable(await stage.incident())


# --- races, and what is seen of a decision ----------------------------------------------------


@dataclass
class Between(Wire):
    """Does something else just before the program's next commit, which then has to decide anew."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def pass_on(self, name: str, do: Callable[[], Awaitable[Any]]) -> Any:
        if name == "commit" and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return await super().pass_on(name, do)


async def test_an_approval_that_lost_a_race_begins_nothing(stage: Stage, program: Program) -> None:
    code = await program.draft()
    wire, begun = Between(), list[str]()
    async with stage.program(wire) as other:
        other.gate.on_approved = lambda _, plan: begun.append(plan)
        wire.meanwhile = lambda: program.reject(code)
        await refused(other.approve(code), "It does not wait for an approval: it was rejected.")
    assert begun == []
    assert stage.page.attempts == []


def card(stage: Stage) -> str:
    """The card as the room sees it."""
    (room,) = stage.chat.rooms()
    found = [p.message for p in room.posted if ":page_card." in p.key]
    return str(found[-1].blocks)


async def test_the_card_follows_every_decision_by_itself(stage: Stage, program: Program) -> None:
    code = await program.draft("first")
    await program.workflows.pages.show(INCIDENT_ID)
    assert "first" in card(stage)
    code = await program.edit(code, "second")
    await program.pass_time(1)
    assert "second" in card(stage)
    await program.reject(code)
    await program.pass_time(1)
    assert "rejected" in card(stage)


async def test_a_click_that_is_delivered_again_after_a_crash_still_redraws_the_card(
    stage: Stage, program: Program
) -> None:
    code = await program.draft("first")
    await program.workflows.pages.show(INCIDENT_ID)
    await crashed_after_the_commit(stage, code)
    assert "waits for approval" in card(stage)
    async with stage.program() as next_life:
        await next_life.reject(code, key="once")
        await next_life.pass_time(1)
    assert "rejected" in card(stage)


async def crashed_after_the_commit(stage: Stage, code: str) -> None:
    wire = Wire(crash_in="commit", is_after=True)
    async with stage.program(wire) as dying:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await dying.reject(code, key="once")
        wire.is_gone = True


HOW_FAR = {
    DraftState.PENDING: "it waits to be approved.",
    DraftState.APPROVED: "it is approved and on its way.",
    DraftState.SENDING: "it is approved and on its way.",
    DraftState.RECONCILING: "it was sent, and the page is looked at for it.",
    DraftState.NEEDS_HUMAN: "it may be on the page: look there, then say whether it is.",
    DraftState.PUBLISHED: "it is published.",
    DraftState.REJECTED: "it was rejected.",
}
STUCK = "it is approved and was not published: edit it, reject it or publish it again."


async def test_every_refusal_says_how_far_the_message_is(stage: Stage, program: Program) -> None:
    code = await program.draft()
    incident, draft = await stage.incident(), await stage.drafted()
    assert set(HOW_FAR) == set(DraftState)
    for state, told in HOW_FAR.items():
        moved = draft.model_copy(update={"state": state})
        page = incident.page.model_copy(update={"draft": moved})
        if state is DraftState.PENDING:
            with pytest.raises(RefusedError) as refusal:
                await program.found(code)
            assert str(refusal.value) == f"There is nothing to look for: {told}"
            assert stage.page.looks == 0
        else:
            with pytest.raises(RefusedError) as refusal:
                editable(incident.model_copy(update={"page": page}))
            assert str(refusal.value) == f"It cannot be edited any more: {told}"
    stuck = draft.model_copy(update={"state": DraftState.APPROVED, "is_stuck": True})
    await stage.change(page=incident.page.model_copy(update={"draft": stuck}))
    with pytest.raises(RefusedError) as refusal:
        await program.found(code)
    assert str(refusal.value) == f"There is nothing to look for: {STUCK}"


async def test_who_may_not_is_told_who_can_also_when_the_click_comes_again(stage: Stage) -> None:
    stage.policy = with_approvers()
    stage.chat.add_group(APPROVERS, (CLEO,))
    async with stage.program() as program:
        code = await program.draft()
        for _ in range(2):
            with pytest.raises(NotAnApproverError) as refusal:
                await program.approve(code, by=DEV, key="once")
            assert (refusal.value.commander, refusal.value.group) == (ADA, APPROVERS)
        await stage.change(roles={})
        with pytest.raises(NotAnApproverError) as refusal:
            await program.approve(code, by=DEV)
        assert refusal.value.commander == ""
