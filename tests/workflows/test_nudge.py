"""Reminders of a running house: time passes, schedules fire, and people do things meanwhile."""

import asyncio
from datetime import datetime, timedelta

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.errors import (
    NotAllowedError,
    NotInCommandError,
    RefusedError,
    UnavailableError,
    WrongStateError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import UserId
from incident_response.domain.people import Roster
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.ports.scheduler import Schedule
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.nudge import NudgeScheduler
from tests.fakes.clock import LeapClock
from tests.fakes.drafter import FakeDrafter
from tests.fakes.on_call import FakeOnCall
from tests.workflows.ends import asked, commanded, resolve
from tests.workflows.house import (
    ADA,
    BEN,
    CLEO,
    DEV,
    GUEST,
    House,
    World,
    eventually,
    house,
    person,
)
from tests.workflows.passing import directly, entries, in_room, now_of, passes

MINUTE = timedelta(minutes=1)
SLOT = 15 * MINUTE


def leaping() -> World:
    return World(clock=LeapClock())


def leap(world: World, length: timedelta) -> None:
    """Let time pass in which nobody works anything off."""
    assert isinstance(world.clock, LeapClock)
    world.clock.leap(length)


def reminders(h: House, user: UserId | None = ADA) -> list[str]:
    """What this person alone was reminded of in the room; None: the whole room."""
    posted = (p for p in h.world.room.posted if p.private_to == user)
    return [p.message.text for p in posted if p.message.text.startswith("⏰")]


async def schedule(h: House, incident: Incident) -> Schedule:
    found = await h.world.backend.scheduler.get(f"nudge-{incident.incident_id}")
    assert found is not None
    return found


async def backed_up(h: House, incident: Incident) -> None:
    """Wait until every opened telling of the next person has come to its end."""

    async def is_done() -> bool:
        plans = await h.workflows.store.open_plans(due_at=h.world.clock.now() + SLOT, limit=50)
        return not any(plan.plan.startswith("backup#") for plan in plans)

    await eventually(is_done)


def with_contact(policy: Policy, name: str, address: str) -> Policy:
    return policy.model_copy(update={"contacts": {**policy.contacts, name: address}})


# Once a slot


async def test_the_commander_alone_is_reminded_once_a_slot_also_if_it_is_delivered_twice() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        await passes(h, 14 * MINUTE)
        assert reminders(h) == []
        await passes(h, MINUTE, is_redelivered=True)
        assert "no update yet, after 1" in reminders(h)[0]
        await passes(h, SLOT, is_redelivered=True)
        assert len(reminders(h)) == 2
        assert reminders(h, None) == []
        assert len(await entries(h, incident, EntryKind.NUDGE_SENT)) == 2


async def test_two_processors_that_are_handed_the_same_slot_remind_once() -> None:
    world = leaping()
    async with house(world) as first, house(world) as second:
        incident = await commanded(first)
        slot = (await schedule(first, incident)).first_at
        leap(first.world, SLOT)
        await asyncio.gather(
            *(h.workflows.nudges.due(incident.incident_id, slot) for h in (first, second) * 3)
        )
        assert len(reminders(first)) == 1
        assert len(await entries(first, incident, EntryKind.NUDGE_SENT)) == 1


async def test_reminders_go_on_after_a_restart() -> None:
    world = leaping()
    async with house(world) as h:
        await commanded(h)
        await passes(h, SLOT)
    async with house(world) as h:
        await passes(h, SLOT)
        assert len(reminders(h)) == 2


async def test_after_an_outage_there_is_one_reminder_not_one_for_every_missed_slot() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        slot = (await schedule(h, incident)).first_at
        leap(h.world, 5 * SLOT)
        for number in range(5):  # the queue kept them all
            await h.workflows.nudges.due(incident.incident_id, slot + number * SLOT)
        assert len(reminders(h)) == 1


async def test_a_crash_between_the_claim_and_the_sending_never_sends_twice() -> None:
    world = leaping()
    async with house(world) as h:
        incident = await commanded(h)
        slot = (await schedule(h, incident)).first_at
        world.chat.hang("post_private", is_applied=True)
        leap(world, SLOT)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await h.workflows.nudges.due(incident.incident_id, slot)
        assert len(reminders(h)) == 1
    async with house(world) as h:
        await h.workflows.nudges.due(incident.incident_id, slot)
        assert len(reminders(h)) == 1


async def test_what_was_certainly_not_sent_is_tried_again_and_what_may_have_been_is_not() -> None:
    async with house(leaping()) as h:
        await commanded(h)
        h.world.chat.fail("post_private", UnavailableError("down"))
        await passes(h, SLOT)
        assert len(reminders(h)) == 1
        h.world.chat.lose_answer("post_private")
        await passes(h, SLOT)
        assert len(reminders(h)) == 2


async def test_a_silence_between_two_tries_is_kept() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        h.world.chat.fail("post_private", UnavailableError("down"))
        begun = h.world.chat.calls.count("post_private")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(passes(h, SLOT))
            await eventually(lambda: _was_called(h.world, "post_private", more_than=begun))
            await h.workflows.nudges.silence(incident.incident_id, asked=asked(h, key="off"))
        assert reminders(h) == []


async def test_a_commander_who_has_left_the_room_is_reminded_directly() -> None:
    async with house(leaping()) as h:
        await commanded(h)
        h.world.room.members.remove(ADA)
        await passes(h, SLOT)
        assert "Tell the room" in directly(h, ADA)[0]


async def test_while_nobody_commands_the_room_is_reminded() -> None:
    async with house(leaping()) as h:
        await h.assembled()
        await passes(h, SLOT)
        assert "Nobody is in command" in reminders(h, None)[0]


# Not without need


async def test_an_update_resets_the_timer_to_the_minute() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        await passes(h, 10 * MINUTE)
        at = h.world.clock.now()
        await h.workflows.nudges.updated(incident.incident_id, at)
        assert (await schedule(h, incident)).first_at == at + SLOT
        await passes(h, 13 * MINUTE)
        assert reminders(h) == []
        await passes(h, 2 * MINUTE)
        assert "no update for 15 min" in reminders(h)[0]


async def test_an_update_that_comes_while_the_draft_is_written_keeps_the_reminder_back() -> None:
    world = World(clock=LeapClock(), drafter=(drafter := FakeDrafter()))
    async with house(world) as h:
        incident = await commanded(h)
        drafter.behaviour.hang()
        slot = (await schedule(h, incident)).first_at
        leap(world, SLOT)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(h.workflows.nudges.due(incident.incident_id, slot))
            await drafter.behaviour.called()
            await h.workflows.nudges.updated(incident.incident_id, world.clock.now())
            drafter.behaviour.recover()
        assert reminders(h) == []


async def test_nobody_is_reminded_after_resolving_and_again_from_the_reopening_on() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        slot = (await schedule(h, incident)).first_at
        await resolve(h, incident)
        leap(h.world, SLOT)
        await h.workflows.nudges.due(incident.incident_id, slot)  # it was on its way already
        await passes(h, 4 * SLOT)
        assert reminders(h) == []
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="Back", asked=asked(h, key="reopen")
        )
        assert (await schedule(h, incident)).first_at > h.world.clock.now() + SLOT - MINUTE
        await passes(h, SLOT)
        assert len(reminders(h)) == 1


async def test_an_unknown_incident_reminds_nobody_and_leaves_no_schedule() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        unknown = incident.model_copy(update={"incident_id": "inc-000000000000"})
        await h.workflows.nudges.due(unknown.incident_id, h.world.clock.now())
        assert await h.world.backend.scheduler.get(f"nudge-{unknown.incident_id}") is None
        assert reminders(h) == []


# The severity's pace


async def test_the_severity_sets_the_pace_and_a_change_of_it_changes_the_pace() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h, severity=Severity.P2)
        assert (await schedule(h, incident)).every == timedelta(hours=1)
        await passes(h, 5 * MINUTE)
        await h.workflows.severity.change(
            incident.incident_id, Severity.P0, reason="", asked=asked(h, key="up")
        )
        assert (await schedule(h, incident)).every == SLOT
        await passes(h, 10 * MINUTE)
        assert len(reminders(h)) == 1
        await h.workflows.severity.change(
            incident.incident_id, Severity.P2, reason="", asked=asked(h, key="down")
        )
        await passes(h, 58 * MINUTE)
        assert len(reminders(h)) == 1
        await passes(h, 2 * MINUTE)
        assert len(reminders(h)) == 2


async def test_a_severity_without_a_pace_has_no_reminders() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        lowered = await h.workflows.severity.change(
            incident.incident_id, Severity.P4, reason="", asked=asked(h, key="down")
        )
        assert h.workflows.nudges.next_at(lowered) is None
        assert await h.workflows.nudges.schedule(lowered) is None
        assert await h.world.backend.scheduler.get(f"nudge-{incident.incident_id}") is None


# Snooze and silence


async def snooze(h: House, incident: Incident, minutes: int = 30, *, by: UserId = ADA) -> Incident:
    return await h.workflows.nudges.snooze(
        incident.incident_id, minutes, asked=asked(h, by, f"snooze{minutes}")
    )


async def test_a_snooze_is_quiet_for_as_long_as_it_was_asked_for_and_recorded_once() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        await passes(h, SLOT)
        at = h.world.clock.now()
        asking = asked(h, key="snooze")
        for _ in range(2):
            snoozed = await h.workflows.nudges.snooze(incident.incident_id, 30, asked=asking)
        assert h.workflows.nudges.next_at(snoozed) == asking.at + 30 * MINUTE
        assert (await schedule(h, incident)).first_at == asking.at + 30 * MINUTE
        await passes(h, 28 * MINUTE)
        assert len(reminders(h)) == 1
        await passes(h, 2 * MINUTE)
        assert len(reminders(h)) == 2
        (entry,) = await entries(h, incident, EntryKind.NUDGE_SNOOZED)
        assert (entry.actor, entry.details["minutes"]) == (ADA, 30)
        assert entry.at >= at


async def test_a_snooze_that_is_worked_off_again_does_not_undo_a_later_one() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        short = asked(h, key="short")
        for minutes, asking in ((15, short), (60, asked(h, key="long")), (15, short)):
            found = await h.workflows.nudges.snooze(incident.incident_id, minutes, asked=asking)
        until = found.nudging.snoozed_until
        assert until is not None
        assert until > h.world.clock.now() + 59 * MINUTE


async def test_silence_disables_the_schedule_and_keeps_it_until_somebody_turns_it_on() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        silencing = asked(h, key="silence")
        for _ in range(2):
            assert await h.workflows.nudges.silence(incident.incident_id, asked=silencing)
        assert not (await schedule(h, incident)).is_enabled
        assert sum("silenced the reminders" in text for text in in_room(h)) == 1
        await passes(h, 5 * SLOT)
        await h.workflows.nudges.due(incident.incident_id, h.world.clock.now())
        assert reminders(h) == []
        on = asked(h, BEN, "on")
        for _ in range(2):
            assert await h.workflows.nudges.unsilence(incident.incident_id, asked=on)
        assert (await schedule(h, incident)).is_enabled
        assert sum("🔔" in text for text in in_room(h)) == 1
        await passes(h, 13 * MINUTE)
        assert reminders(h) == []
        await passes(h, 2 * MINUTE)
        assert len(reminders(h)) == 1
        for kind, by in ((EntryKind.NUDGE_SILENCED, ADA), (EntryKind.NUDGE_UNSILENCED, BEN)):
            assert [entry.actor for entry in await entries(h, incident, kind)] == [by]


async def test_silencing_what_is_silent_and_turning_on_what_is_on_tell_nobody() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        nudges, incident_id = h.workflows.nudges, incident.incident_id
        assert not await nudges.unsilence(incident_id, asked=asked(h, key="on"))
        await nudges.silence(incident_id, asked=asked(h, key="off"))
        before = len(h.world.room.posted)
        assert not await nudges.silence(incident_id, asked=asked(h, key="off2"))
        assert len(h.world.room.posted) == before


async def test_only_the_commander_is_left_alone_by_snooze_and_silence() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        nudges, incident_id = h.workflows.nudges, incident.incident_id
        for by in (BEN, DEV):
            with pytest.raises(NotInCommandError):
                await snooze(h, incident, by=by)
            with pytest.raises(NotInCommandError):
                await nudges.silence(incident_id, asked=asked(h, by))
        assert (await now_of(h, incident)).nudging.snoozed_until is None
        await nudges.silence(incident_id, asked=asked(h, key="off"))
        for by in (DEV, GUEST):
            with pytest.raises(NotAllowedError):
                await nudges.unsilence(incident_id, asked=asked(h, by))
        assert (await now_of(h, incident)).nudging.is_silenced


async def test_when_it_is_over_there_is_nothing_to_snooze_or_silence() -> None:
    async with house(leaping()) as h:
        incident = await resolve(h, await commanded(h))
        for doing in (h.workflows.nudges.silence, h.workflows.nudges.unsilence):
            with pytest.raises(WrongStateError, match="over"):
                await doing(incident.incident_id, asked=asked(h, key="late"))
        with pytest.raises(WrongStateError):
            await snooze(h, incident)


class DeadScheduler:
    """A scheduler that does not answer."""

    async def put(self, schedule: Schedule) -> None:
        raise UnavailableError("down")

    async def get(self, name: str) -> Schedule | None:
        raise UnavailableError("down")

    async def delete(self, name: str) -> None:
        raise UnavailableError("down")


async def test_silence_holds_without_the_scheduler_and_turning_on_is_not_said_without_it() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        broken = NudgeScheduler(
            scheduler=DeadScheduler(),
            store=h.workflows.store,
            ledger=h.world.backend.ledger,
            chat=h.world.chat,
            drafting=h.workflows.drafting,
            policy=h.workflows.policy,
            clock=h.world.clock,
        )
        await broken.silence(incident.incident_id, asked=asked(h, key="off"))
        await passes(h, SLOT)
        assert reminders(h) == []
        assert not (await schedule(h, incident)).is_enabled, "the slot has mended it"
        with pytest.raises(UnavailableError):
            await broken.unsilence(incident.incident_id, asked=asked(h, key="on"))
        assert not any("🔔" in text for text in in_room(h))


# The draft


async def test_an_update_is_drafted_by_the_model_with_the_reminder() -> None:
    async with house(World(clock=LeapClock(), drafter=FakeDrafter())) as h:
        incident = await commanded(h)
        await passes(h, SLOT)
        prepared = (await now_of(h, incident)).nudging.prepared
        assert prepared is not None
        assert prepared.text == "We roll back the last deployment."


async def test_without_a_model_no_draft_is_kept() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        await passes(h, SLOT)
        assert len(reminders(h)) == 1
        assert (await now_of(h, incident)).nudging.prepared is None


# The next person on call


async def test_after_two_unanswered_slots_the_next_on_call_is_told_once() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        await passes(h, SLOT)
        await passes(h, SLOT)
        assert await entries(h, incident, EntryKind.BACKUP_TOLD) == []
        for _ in range(3):
            await passes(h, SLOT, is_redelivered=True)
            await backed_up(h, incident)
        (told,) = (text for text in directly(h, BEN) if "unanswered" in text)
        assert "no update yet, after 45 min" in told
        assert sum("next on call, is told" in text for text in in_room(h)) == 1
        (entry,) = await entries(h, incident, EntryKind.BACKUP_TOLD)
        assert entry.details["to"] == [BEN]
        assert len(reminders(h)) == 5


async def test_an_update_begins_anew_and_the_next_silence_tells_them_again() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        for _ in range(2):
            for _ in range(3):
                await passes(h, SLOT)
            await backed_up(h, incident)
            await h.workflows.nudges.updated(incident.incident_id, h.world.clock.now())
        assert len(await entries(h, incident, EntryKind.BACKUP_TOLD)) == 2


async def test_an_update_at_the_last_moment_spares_them() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        for _ in range(2):
            await passes(h, SLOT)
        await h.workflows.nudges.updated(incident.incident_id, h.world.clock.now())
        for _ in range(2):
            await passes(h, SLOT)
        await backed_up(h, incident)
        assert await entries(h, incident, EntryKind.BACKUP_TOLD) == []
        assert not any("unanswered" in text for text in directly(h, BEN))


async def test_with_nobody_else_on_call_the_ladder_says_who_is_next() -> None:
    world = leaping()
    world.on_call = FakeOnCall({"payments": Roster(people=(person("Ada"),))})
    policy = with_contact(shipped_policy(), "engineering_manager", "dev@x.test")
    async with house(world, policy=policy) as h:
        incident = await commanded(h)
        for _ in range(3):
            await passes(h, SLOT)
        await backed_up(h, incident)
        (entry,) = await entries(h, incident, EntryKind.BACKUP_TOLD)
        assert entry.details["to"] == [DEV]


async def test_the_commander_is_never_their_own_backup() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h, BEN)
        await h.workflows.roles.assign(
            incident.incident_id, Role.TECHNICAL_LEAD, to=CLEO, asked=asked(h, key="tech")
        )
        for _ in range(3):
            await passes(h, SLOT)
        await backed_up(h, incident)
        (entry,) = await entries(h, incident, EntryKind.BACKUP_TOLD)
        assert entry.details["to"] == [CLEO]


async def test_if_nobody_can_be_found_the_room_is_told_that_and_nothing_is_claimed() -> None:
    world = leaping()
    world.on_call = FakeOnCall({"payments": Roster(people=(person("Ada"),))})
    async with house(world) as h:
        incident = await commanded(h)
        for _ in range(4):
            await passes(h, SLOT)
        await backed_up(h, incident)
        assert sum("Nobody else on call is known" in text for text in in_room(h)) == 1
        assert await entries(h, incident, EntryKind.BACKUP_TOLD) == []


async def test_a_crash_while_the_next_person_is_told_loses_nothing() -> None:
    world = leaping()
    async with house(world) as h:
        incident = await commanded(h)
        for _ in range(2):
            await passes(h, SLOT)
        world.chat.hang("direct", is_applied=False)
        await passes(h, SLOT)
        await eventually(lambda: _was_called(world, "direct"))
    await world.backend.claim_processor()
    async with house(world) as h:
        leap(world, MINUTE)
        await backed_up(h, incident)
        assert sum("unanswered" in text for text in directly(h, BEN)) == 1
        assert sum("next on call, is told" in text for text in in_room(h)) == 1
        assert len(await entries(h, incident, EntryKind.BACKUP_TOLD)) == 1


async def test_a_lost_answer_of_the_chat_tells_the_room_of_the_next_person_once() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        for _ in range(2):
            await passes(h, SLOT)
        h.world.chat.lose_answer("post")
        await passes(h, SLOT)
        await eventually(lambda: _is_told(h, incident))
        assert sum("next on call, is told" in text for text in in_room(h)) == 1


async def test_who_cannot_be_written_to_does_not_keep_the_others_from_being_told() -> None:
    world = leaping()
    later = tuple(person(name, level=1) for name in ("Ben", "Cleo"))
    world.on_call = FakeOnCall({"payments": Roster(people=(person("Ada"), *later))})
    async with house(world) as h:
        incident = await commanded(h)
        for _ in range(2):
            await passes(h, SLOT)
        world.chat.fail("direct", RefusedError("no", reason="user_disabled"))
        await passes(h, SLOT)
        await eventually(lambda: _is_told(h, incident))
        (entry,) = await entries(h, incident, EntryKind.BACKUP_TOLD)
        assert entry.details["to"] == [CLEO]


async def _is_told(h: House, incident: Incident) -> bool:
    return bool(await entries(h, incident, EntryKind.BACKUP_TOLD))


async def _was_called(world: World, method: str, *, more_than: int = 0) -> bool:
    return world.chat.calls.count(method) > more_than


async def test_a_schedule_that_the_state_outran_is_made_to_fit_by_the_next_slot() -> None:
    async with house(leaping()) as h:
        incident = await commanded(h)
        said_at: datetime = h.world.clock.now() + 10 * MINUTE

        def told(now: Incident) -> Decision:
            return Decision(now.model_copy(update={"last_update_at": said_at}), ())

        await change_incident(h.workflows.store, incident.incident_id, told)
        await passes(h, SLOT)
        assert reminders(h) == []
        assert (await schedule(h, incident)).first_at == said_at + SLOT
