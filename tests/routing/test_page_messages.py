"""Telling customers, from the envelope to its effect: every verb, button and form of the gate."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from incident_response.blocks.page_form import (
    IMPACT_BLOCK,
    REASON,
    STATUS_BLOCK,
    TEXT,
    TITLE,
)
from incident_response.domain.draft import Author, ComponentStatus, Draft, DraftState, PageStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import Json, UserId
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Message
from tests.blocks.reading import buttons, shown
from tests.fakes.clock import FakeClock
from tests.fakes.status_page import FakeStatusPage
from tests.gate.stage import two_approvals
from tests.routing.front import Front, open_front
from tests.workflows.house import ADA, BEN, CLEO, GUEST, World, eventually, house

TEXT_FOR_ALL = "Some payments fail. We are looking into it."


@asynccontextmanager
async def front_with_page(
    policy: Policy | None = None,
) -> AsyncIterator[tuple[Front, FakeStatusPage]]:
    """A front desk whose incident Ada commands, with a status page."""
    world = World(clock=FakeClock())
    page = world.page = FakeStatusPage(world.clock)
    async with house(world, policy=policy) as h:
        await h.workflows.page.learn()
        front = await open_front(h)
        await front.type("role ic")
        yield front, page


async def draft_of(front: Front) -> Draft:
    draft = (await front.now()).page.draft
    assert draft is not None
    return draft


async def until(front: Front, check: Callable[[], Awaitable[bool]]) -> None:
    """Let time pass until it is so."""
    clock = front.house.world.clock
    assert isinstance(clock, FakeClock)

    async def is_so() -> bool:
        clock.advance(1)
        return await check()

    await eventually(is_so)


async def reaches(front: Front, state: DraftState) -> Draft:
    async def is_there() -> bool:
        return (await draft_of(front)).state is state

    await until(front, is_there)
    return await draft_of(front)


async def card(front: Front) -> Message:
    """The newest card, as the room sees it now."""
    await front.house.workflows.board.redraw(front.incident.incident_id)
    posted = front.house.world.room.posted
    return next(p.message for p in reversed(posted) if ":page_card." in p.key)


async def press_card(
    front: Front, label: str, *, by: UserId = ADA, on: Message | None = None
) -> str:
    message = on or await card(front)
    action_id, value = next((a, v) for text, a, v in buttons(message) if text == label)
    return await front.click({"action_id": action_id, "value": value}, by=by)


def chosen(value: str, label: str = "") -> Json:
    return {"selected_option": {"value": value, "text": {"type": "plain_text", "text": label}}}


def filled(
    body: str, *, title: str = "Payments fail", status: str = "identified"
) -> dict[str, Json]:
    return {
        TITLE: {"value": title},
        TEXT: {"value": body},
        STATUS_BLOCK: chosen(status),
        IMPACT_BLOCK: chosen("major"),
    }


async def kinds(front: Front) -> list[EntryKind]:
    entries = await front.house.world.backend.ledger.entries(front.incident.incident_id)
    return [entry.kind for entry in entries]


def said_to_room(front: Front) -> list[str]:
    return [p.message.text for p in front.house.world.room.posted if p.private_to is None]


# Drafts


@pytest.mark.parametrize("verb", ["status draft", "sp draft", "statuspage draft", "draft"])
async def test_a_typed_text_stands_whole_on_a_card_and_nothing_is_published(verb: str) -> None:
    async with front_with_page() as (front, page):
        told = await front.type(f"{verb} {TEXT_FOR_ALL}")
        draft = await draft_of(front)
        assert draft.message.code in told
        assert (draft.message.body, draft.drafted_by) == (TEXT_FOR_ALL, ADA)
        assert "Payments fail" not in draft.message.title, "it is the alert's title, not ours"
        text = shown(await card(front))
        assert TEXT_FOR_ALL in text
        assert draft.message.code in text
        assert "1,367 subscribers" in text
        assert "<@U0ADA>" in text
        assert page.attempts == []


async def test_without_a_text_one_is_written_and_the_template_says_that_it_is_one() -> None:
    async with front_with_page() as (front, _):
        told = await front.type("status draft")
        draft = await draft_of(front)
        assert draft.author is Author.TEMPLATE
        assert draft.message.body
        assert "The template wrote it" in told
        assert "from the template, no model wrote it" in shown(await card(front))


async def test_asking_for_a_draft_does_not_write_over_one_that_waits() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        before = await draft_of(front)
        told = await front.type("status draft")
        assert before.message.code in told
        assert await draft_of(front) == before


async def test_the_button_writes_a_draft_where_customers_have_been_told_nothing() -> None:
    async with front_with_page() as (front, _):
        await front.type("status")
        await front.press("Draft a message to customers")
        assert (await draft_of(front)).state is DraftState.PENDING
        assert len([p for p in front.house.world.room.posted if ":page_card." in p.key]) == 1


async def test_without_a_status_page_it_says_what_to_set() -> None:
    async with house(World()) as h:
        front = await open_front(h)
        assert "STATUSPAGE_API_KEY" in await front.type("status draft Hello")
        assert (await front.now()).page.draft is None


# Approving


async def test_the_button_publishes_exactly_the_text_on_its_card() -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        message = (await draft_of(front)).message
        await press_card(front, "Approve & Publish")
        await reaches(front, DraftState.PUBLISHED)
        assert [approved.message for approved in page.attempts] == [message]
        assert "Approve & Publish" not in str((await card(front)).blocks)

        async def is_told() -> bool:
            return any("Customers can read" in text for text in said_to_room(front))

        await until(front, is_told)


async def test_approve_with_its_code_does_what_the_button_does() -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        code = (await draft_of(front)).message.code
        assert "being published" in await front.type(f"approve {code}")
        await reaches(front, DraftState.PUBLISHED)
        assert len(page.attempts) == 1


async def test_a_click_on_the_text_before_an_edit_is_refused_and_nothing_goes_out() -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        old = await card(front)
        await front.type("status draft Another text.")
        assert "text changed" in await press_card(front, "Approve & Publish", on=old)
        assert page.attempts == []
        assert (await draft_of(front)).state is DraftState.PENDING
        assert (await kinds(front)).count(EntryKind.STATUSPAGE_APPROVAL_REFUSED) == 1


@pytest.mark.parametrize("text", ["approve", "approve it", "approve ABCDEFG"])
async def test_without_its_code_no_text_is_meant(text: str) -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await front.type(text)
        assert (await draft_of(front)).state is DraftState.PENDING
        assert page.attempts == []


@pytest.mark.parametrize(("by", "why"), [(BEN, "May: <@U0ADA>"), (GUEST, "members")])
async def test_who_may_not_approve_is_told_who_can(by: UserId, why: str) -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        assert why in await press_card(front, "Approve & Publish", by=by)
        assert (await draft_of(front)).given == ()
        assert page.attempts == []


async def test_a_code_when_nothing_waits_says_how_to_write_one() -> None:
    async with front_with_page() as (front, _):
        assert "/inc status draft" in await front.type("approve abcdef")


# Edits


async def test_the_form_makes_a_new_revision_on_the_same_card() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        before = await draft_of(front)
        await press_card(front, "Edit")
        assert TEXT_FOR_ALL in str(front.form())
        component = front.house.workflows.page.components[0]
        part: Json = {
            "value": component.component_id,
            "text": {"type": "plain_text", "text": component.name},
        }
        worst: Json = {"selected_options": [part]}
        await front.submit({**filled("We know why."), "components_major_outage": worst})
        after = await draft_of(front)
        assert (after.number, after.revision) == (before.number, before.revision + 1)
        assert after.message.body == "We know why."
        assert after.message.status is PageStatus.IDENTIFIED
        (changed,) = after.message.components
        assert changed == component.model_copy(update={"status": ComponentStatus.MAJOR_OUTAGE})
        cards = [p for p in front.house.world.room.posted if ":page_card." in p.key]
        assert len(cards) == 1
        assert "We know why." in shown(await card(front))
        assert TEXT_FOR_ALL not in shown(await card(front))


async def test_edit_opens_the_same_form() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await front.type("edit")
        await front.submit(filled("We know why."))
        assert (await draft_of(front)).message.body == "We know why."


async def test_what_is_wrong_in_the_form_is_said_while_it_is_open_and_nothing_changes() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await front.type("edit")
        await front.submit(filled("  "))
        assert (await draft_of(front)).message.body == TEXT_FOR_ALL


async def test_who_was_slower_gets_their_text_back() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await front.type("edit")
        await front.type("status draft Somebody was faster.", by=BEN)
        await front.submit(filled("A long text that took ten minutes."))
        assert (await draft_of(front)).message.body == "Somebody was faster."
        kept = [
            p.message
            for channel in front.house.world.chat.channels.values()
            for p in channel.posted
            if "A long text that took ten minutes." in shown(p.message)
        ]
        assert len(kept) == 1


# Rejecting


async def test_a_rejected_text_goes_nowhere_and_the_card_says_why() -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await press_card(front, "Reject with reason")
        await front.submit({REASON: {"value": "Too early"}})
        draft = await draft_of(front)
        assert (draft.state, draft.trouble) == (DraftState.REJECTED, "Too early")
        text = shown(await card(front))
        assert "Too early" in text
        assert buttons(await card(front)) == []
        assert page.attempts == []


async def test_reject_with_its_code_does_the_same() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        code = (await draft_of(front)).message.code
        await front.type(f"reject {code} Too early")
        assert (await draft_of(front)).trouble == "Too early"


async def test_a_reason_is_asked_for() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await press_card(front, "Reject with reason")
        await front.submit({REASON: {"value": "  "}})
        assert (await draft_of(front)).state is DraftState.PENDING


# What nobody knows


async def lost(front: Front, page: FakeStatusPage) -> Draft:
    """An approved message that got no answer and is not on the page."""
    page.swallow()
    await front.type(f"status draft {TEXT_FOR_ALL}")
    await press_card(front, "Approve & Publish")
    return await reaches(front, DraftState.NEEDS_HUMAN)


async def test_what_is_not_known_calls_the_commander_and_names_what_was_looked_for() -> None:
    async with front_with_page() as (front, page):
        draft = await lost(front, page)
        text = shown(await card(front))
        assert f"“{draft.message.title}”" in text

        async def is_told() -> bool:
            return any("nobody knows whether customers" in t for t in said_to_room(front))

        await until(front, is_told)


@pytest.mark.parametrize("is_typed", [True, False])
async def test_it_is_there_settles_it_without_sending(is_typed: bool) -> None:
    async with front_with_page() as (front, page):
        draft = await lost(front, page)
        if is_typed:
            await front.type(f"confirm {draft.message.code}")
        else:
            await press_card(front, "It is there")
        assert (await draft_of(front)).state is DraftState.PUBLISHED
        assert len(page.attempts) == 1


@pytest.mark.parametrize("is_typed", [True, False])
async def test_not_there_is_a_new_approval_that_is_sent_once(is_typed: bool) -> None:
    async with front_with_page() as (front, page):
        draft = await lost(front, page)
        if is_typed:
            await front.type(f"republish {draft.message.code}")
        else:
            await press_card(front, "Not there, publish again")
        done = await reaches(front, DraftState.PUBLISHED)
        assert done.attempt == draft.attempt + 1
        assert len(page.attempts) == 2
        approvals = (await kinds(front)).count(EntryKind.STATUSPAGE_DRAFT_APPROVED)
        assert approvals == 2


async def test_a_refused_message_waits_for_a_person_and_can_be_edited() -> None:
    async with front_with_page() as (front, page):
        page.refuse()
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await press_card(front, "Approve & Publish")

        async def is_stuck() -> bool:
            return (await draft_of(front)).is_stuck

        await until(front, is_stuck)
        labels = [label for label, _, _ in buttons(await card(front))]
        assert labels == ["Publish again", "Edit", "Reject with reason"]
        await press_card(front, "Publish again")
        await reaches(front, DraftState.PUBLISHED)
        assert len(page.incidents) == 1


async def test_where_two_must_approve_the_first_is_told_who_else_can() -> None:
    async with front_with_page(two_approvals()) as (front, page):
        front.house.world.chat.add_group("approvers", (CLEO,))
        await front.type(f"status draft {TEXT_FOR_ALL}")
        told = await press_card(front, "Approve & Publish")
        assert "Another person has to approve it too" in told
        assert "@approvers" in told
        assert page.attempts == []
        await press_card(front, "Approve & Publish", by=CLEO)
        await reaches(front, DraftState.PUBLISHED)
        assert len(page.attempts) == 1


async def test_the_card_of_the_message_before_is_drawn_to_its_end() -> None:
    async with front_with_page() as (front, _):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        code = (await draft_of(front)).message.code
        await front.type(f"reject {code} Too early")
        await front.type("status draft We know more.")
        cards = [p.message for p in front.house.world.room.posted if ":page_card." in p.key]
        assert "Too early" in shown(cards[0])
        assert buttons(cards[0]) == []
        assert "We know more." in shown(cards[1])


async def test_resolving_proposes_the_closing_message_with_its_reach() -> None:
    async with front_with_page() as (front, page):
        await front.type(f"status draft {TEXT_FOR_ALL}")
        await press_card(front, "Approve & Publish")
        await reaches(front, DraftState.PUBLISHED)
        await front.type("resolve Rolled back")

        async def is_proposed() -> bool:
            return (await draft_of(front)).number == 2

        await until(front, is_proposed)
        draft = await draft_of(front)
        assert (draft.message.status, draft.subscribers) == (PageStatus.RESOLVED, 1_367)
        assert len(page.attempts) == 1, "nothing is published by itself"
        await press_card(front, "Approve & Publish")
        await reaches(front, DraftState.PUBLISHED)
        assert len(page.incidents) == 1
