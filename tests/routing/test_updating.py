"""Updates and reminders from the envelope to their effect: every verb, button and form."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from incident_response.blocks.action_ids import encode_value
from incident_response.blocks.update_form import TEXT_BLOCK
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import Json, UserId
from incident_response.domain.redaction import Task
from incident_response.ports.inbox import Envelope, EnvelopeKind
from tests.blocks.reading import buttons
from tests.fakes.clock import LeapClock
from tests.fakes.drafter import FakeDrafter
from tests.routing.front import Front, open_front
from tests.workflows.ends import said
from tests.workflows.house import ADA, BEN, DEV, GUEST, House, World, house
from tests.workflows.passing import entries, passes

MINUTE = timedelta(minutes=1)
SLOT = 15 * MINUTE


async def commanded(h: House) -> Front:
    """A front desk whose incident Ada commands."""
    front = await open_front(h)
    await front.type("role ic")
    return front


async def click(front: Front, action_id: str, *, by: UserId = ADA) -> str:
    value = encode_value(front.incident.incident_id)
    return await front.click({"action_id": action_id, "value": value}, by=by)


def nudged(front: Front) -> list[tuple[str, str, str]]:
    """The buttons of the newest reminder to Ada."""
    posted = front.house.world.room.posted
    return buttons(next(p for p in reversed(posted) if p.private_to == ADA).message)


async def press(front: Front, label: str, *, by: UserId = ADA) -> str:
    """Click a button of the newest reminder."""
    action_id, value = next((a, v) for shown, a, v in nudged(front) if shown == label)
    return await front.click({"action_id": action_id, "value": value}, by=by)


def written(front: Front) -> str:
    """What the open form is filled with."""
    blocks = cast(list[dict[str, dict[str, str]]], front.form()["blocks"])
    return blocks[0]["element"].get("initial_value", "")


def spoken(front: Front, text: str, *, by: UserId = ADA, **event: str) -> Envelope:
    """Somebody says something in the room."""
    said_there: Json = {"type": "message", "user": by, "channel": front.room, "text": text}
    return front.envelope(EnvelopeKind.EVENT, {"event": {**said_there, **event}})


# Updates


@pytest.mark.parametrize("verb", ["update", "post"])
async def test_update_with_words_tells_the_room_and_resets_the_timer(verb: str) -> None:
    async with house(World()) as h:
        front = await commanded(h)
        await front.type(f"{verb} Rolled back with <@U0BEN|ben> &amp; waiting", by=BEN)
        assert len(said(h.world.room, "Rolled back with @ben & waiting")) == 1
        (entry,) = await entries(h, front.incident, EntryKind.UPDATE_POSTED)
        assert (entry.actor, entry.details["text"]) == (BEN, "Rolled back with @ben & waiting")
        assert (await front.now()).last_update_at is not None


async def test_update_without_words_opens_a_form_with_what_is_recorded_and_the_form_posts() -> (
    None
):
    async with house(World()) as h:
        front = await commanded(h)
        await front.type("update")
        assert "a role was taken" in written(front)
        assert "no model wrote it" in str(front.form())
        await front.submit({TEXT_BLOCK: {"value": "Two lines,\n<@U0BEN> and *no* markup"}})
        assert len(said(h.world.room, "Two lines,")) == 1
        (entry,) = await entries(h, front.incident, EntryKind.UPDATE_POSTED)
        assert entry.details["text"] == "Two lines,\n<@U0BEN> and *no* markup"


async def test_a_form_that_says_nothing_is_handed_back() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        await front.type("update")
        state: Json = {"values": {TEXT_BLOCK: {TEXT_BLOCK: {"value": " \u200b\n "}}}}
        view: Json = {**front.form(), "state": state}
        envelope = front.envelope(EnvelopeKind.VIEW, {"user": {"id": ADA}, "view": view})
        prepared = await front.reception.prepare(envelope)
        assert not prepared.keep
        assert TEXT_BLOCK in str(prepared.answer)
        assert await entries(h, front.incident, EntryKind.UPDATE_POSTED) == []


async def test_post_update_opens_the_form_with_what_the_model_drafted_for_the_reminder() -> None:
    async with house(World(clock=LeapClock(), drafter=FakeDrafter())) as h:
        front = await commanded(h)
        await passes(h, SLOT)
        await press(front, "Post update")
        assert written(front) == "We roll back the last deployment."
        assert "A model drafted this" in str(front.form())
        await front.submit({TEXT_BLOCK: {"value": "We rolled back."}})
        assert len(said(h.world.room, "We rolled back.")) == 1
        await click(front, "post_update")
        assert written(front) != "We roll back the last deployment.", "that was before the update"


async def test_opening_the_form_asks_neither_a_model_nor_the_chat_for_people() -> None:
    drafter = FakeDrafter()
    async with house(World(drafter=drafter)) as h:
        front = await commanded(h)
        asked, before = len(drafter.asked), len(h.world.chat.calls)
        await click(front, "post_update")
        assert len(drafter.asked) == asked
        assert h.world.chat.calls[before:] == ["open_view"]


async def test_who_is_not_in_the_room_a_guest_and_a_late_one_post_nothing() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        for by, why in ((DEV, "Only people in its room"), (GUEST, "Only full members")):
            await front.type("update It burns", by=by)
            assert why in front.told()
        await click(front, "post_update", by=DEV)
        await front.submit({TEXT_BLOCK: {"value": "It burns"}}, by=DEV)
        await front.type("cancel It was nothing")
        for told in (await front.type("update It burns"), await click(front, "post_update")):
            assert "this incident is over" in told
        assert said(h.world.room, "It burns") == []


async def test_an_update_that_is_too_long_is_not_cut_in_silence() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        told = await front.type("update " + "x" * 2_600)
        assert "an update holds 2500 characters, and this one has 2600" in told
        assert await entries(h, front.incident, EntryKind.UPDATE_POSTED) == []


# Snooze and silence


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("snooze", 15), ("snooze 30", 30), ("snooze 60", 60), ("snooze 15m", 15)],
)
async def test_snooze_leaves_the_commander_alone_for_so_long(typed: str, minutes: int) -> None:
    async with house(World()) as h:
        front = await commanded(h)
        assert "not reminded to post an update before" in await front.type(typed)
        until = (await front.now()).nudging.snoozed_until
        assert until is not None
        assert abs(until - h.world.clock.now() - minutes * MINUTE) < MINUTE


async def test_each_snooze_button_of_the_reminder_does_what_it_says() -> None:
    async with house(World(clock=LeapClock())) as h:
        front = await commanded(h)
        await passes(h, SLOT)
        labels = [label for label, _, _ in nudged(front)]
        snoozes = [f"Snooze {minutes} min" for minutes in (15, 30, 60)]
        assert labels == ["Post update", *snoozes, "Silence"]
        for minutes in (15, 30, 60):
            await press(front, f"Snooze {minutes} min")
            until = (await front.now()).nudging.snoozed_until
            assert until is not None
            assert abs(until - h.world.clock.now() - minutes * MINUTE) < MINUTE
        snoozed = await entries(h, front.incident, EntryKind.NUDGE_SNOOZED)
        assert [entry.details["minutes"] for entry in snoozed] == [15, 30, 60]


async def test_a_snooze_that_cannot_be_read_changes_nothing_and_says_what_can() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        assert "15, 30, 60 minutes" in await front.type("snooze forever")
        assert (await front.now()).nudging.snoozed_until is None


@pytest.mark.parametrize("how", ["type", "click"])
async def test_silence_and_unsilence_typed_and_clicked_tell_the_room_and_are_recorded(
    how: str,
) -> None:
    async def do(verb: str) -> str:
        return await (front.type(verb) if how == "type" else click(front, verb))

    async with house(World()) as h:
        front = await commanded(h)
        await do("silence")
        assert (await front.now()).nudging.is_silenced
        (posted,) = said(h.world.room, "silenced the reminders")
        assert [(label, name) for label, name, _ in buttons(posted.message)] == [
            ("Turn reminders on", "unsilence")
        ]
        assert "silenced already" in await do("silence")
        assert "silenced anyway" in await front.type("snooze")
        await do("unsilence")
        assert not (await front.now()).nudging.is_silenced
        assert len(said(h.world.room, "🔔")) == 1
        assert "on already" in await do("unsilence")
        for kind in (EntryKind.NUDGE_SILENCED, EntryKind.NUDGE_UNSILENCED):
            assert len(await entries(h, front.incident, kind)) == 1


async def test_who_does_not_command_is_told_who_does() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        for typed in ("snooze", "silence"):
            assert f"<@{ADA}> is in command" in await front.type(typed, by=BEN)
            clicked = "snooze.15" if typed == "snooze" else typed
            assert f"<@{ADA}> is in command" in await click(front, clicked, by=BEN)
        nudging = (await front.now()).nudging
        assert (nudging.is_silenced, nudging.snoozed_until) == (False, None)


# What the commander says


async def last_update(front: Front) -> bool:
    return (await front.now()).last_update_at is not None


async def test_only_a_message_of_the_commander_that_is_an_update_resets_the_timer() -> None:
    async with house(World()) as h:
        front = await commanded(h)
        update = "We have rolled back, errors are falling"
        for envelope in (
            spoken(front, "thanks, looking now"),
            spoken(front, "Did anybody already roll back the last deploy?"),
            spoken(front, ""),
            spoken(front, update, by=BEN),
            spoken(front, update, subtype="message_changed"),
        ):
            await front.do(envelope)
            assert not await last_update(front)
        await front.do(spoken(front, update))
        assert await last_update(front)


@pytest.mark.parametrize(("verdict", "is_reset"), [("yes", True), ("no", False)])
async def test_the_model_judges_what_the_commander_says(verdict: str, is_reset: bool) -> None:
    drafter = FakeDrafter()
    drafter.says[Task.CLASSIFY] = verdict
    async with house(World(drafter=drafter)) as h:
        front = await commanded(h)
        await front.do(spoken(front, "It is the pool"))
        assert await last_update(front) is is_reset


async def test_what_follows_an_update_within_a_minute_is_not_judged_at_all() -> None:
    drafter = FakeDrafter()
    async with house(World(drafter=drafter)) as h:
        front = await commanded(h)
        for _ in range(3):
            await front.do(spoken(front, "It is the pool"))
        assert sum(brief.task is Task.CLASSIFY for brief in drafter.asked) == 1


async def test_nothing_in_the_room_waits_for_a_model_that_judges_a_message() -> None:
    drafter = FakeDrafter()
    async with house(World(drafter=drafter)) as h:
        front = await commanded(h)
        drafter.behaviour.hang()
        message = spoken(front, "It is the pool")
        command: Json = {"command": "/inc", "user_id": ADA, "channel_id": front.room}
        typed = front.envelope(EnvelopeKind.COMMAND, command)
        assert front.reception.place_of(message) != front.reception.place_of(typed)
        again = front.reception.place_of(spoken(front, "And now"))
        assert front.reception.place_of(message) == again, "messages keep their order"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(front.do(message))
            await front.type("update We fail over")
            assert await last_update(front)
            drafter.behaviour.recover()


async def test_when_the_model_is_slow_the_template_judges_after_two_seconds() -> None:
    drafter = FakeDrafter()
    async with house(World(drafter=drafter)) as h:
        front = await commanded(h)
        drafter.behaviour.hang()
        began = h.world.clock.monotonic()
        await front.do(spoken(front, "We have rolled back, errors are falling"))
        assert h.world.clock.monotonic() - began < 4
        assert await last_update(front)
