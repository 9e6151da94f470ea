import asyncio
from datetime import timedelta

import pytest

from incident_response.actions.retry_step import action as retry_step
from incident_response.blocks.action_ids import RETRY_STEP
from incident_response.domain.errors import (
    NotAllowedError,
    NotInCommandError,
    RefusedError,
    UnavailableError,
    WrongStateError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import SYSTEM, EntryKind
from incident_response.domain.model import ChannelId, UserId
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Message
from incident_response.ports.inbox import Envelope, EnvelopeKind
from incident_response.routing.requests import read_request
from incident_response.workflows.ending import END_AT_LATEST, TELL_AT_LATEST
from incident_response.workflows.resolution import resolve_run
from tests.blocks.reading import buttons
from tests.fakes.clock import FakeClock
from tests.workflows.ends import asked, commanded, ended, entries, kinds, now, resolve, said
from tests.workflows.house import ADA, BEN, DEV, House, World, eventually, house


def issues(world: World) -> int:
    return len(world.tracker.issues)


async def told(h: House, incident: Incident) -> Message:
    """What the room reads now of how it went."""
    return h.world.chat.message((await now(h, incident)).messages["resolution"])


async def begin(h: House, incident: Incident) -> Incident:
    """Resolve it without waiting for anything."""
    incident = await h.workflows.resolver.resolve(
        incident.incident_id, summary="Rolled back", asked=asked(h)
    )
    h.workflows.runner.kick(incident.incident_id, resolve_run(incident))
    return incident


async def test_resolved_it_is_over_for_everybody_and_the_room_is_told_what_was_done() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h), "Rolled back the release")
        assert incident.status is IncidentStatus.RESOLVED
        assert incident.resolution is not None
        assert incident.resolved_at == incident.resolution.at
        assert incident.postmortem is not None
        assert incident.postmortem.identifier == "OPS-1"
        text = str(await told(h, incident))
        for part in ("Rolled back the release", "OPS-1", "Reminders and escalation: stopped"):
            assert part in text
        assert "Retry" not in text
        assert len(said(world.room, "*Resolved* by")) == 1
        assert len(said(world.chat.channel("incidents"), "is over")) == 1
        assert "Resolved" in world.facts()
        found = await kinds(h, incident)
        order = [EntryKind.RESOLVE_STARTED, EntryKind.INCIDENT_RESOLVED]
        assert [kind for kind in found if kind in order] == order
        assert EntryKind.STEP_FAILED not in found
        for schedule in ("nudge", "escalate"):
            name = f"{schedule}-{incident.incident_id}"
            assert await world.backend.scheduler.get(name) is None
        for schedule, after in (("archive", 7 * 24), ("review", 48), ("pulse", 24)):
            found_schedule = await world.backend.scheduler.get(
                f"{schedule}-{incident.incident_id}"
            )
            assert found_schedule is not None
            assert found_schedule.first_at == incident.resolved_at + timedelta(hours=after)


async def test_two_who_resolve_at_once_end_it_once_and_the_second_hears_who_was_first() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        outcomes = await asyncio.gather(
            *(
                h.workflows.resolver.resolve(
                    incident.incident_id, summary=f"{user}", asked=asked(h, user, f"{user}")
                )
                for user in (ADA, BEN)
            ),
            return_exceptions=True,
        )
        (winner,) = [o for o in outcomes if isinstance(o, Incident)]
        (refusal,) = [o for o in outcomes if isinstance(o, WrongStateError)]
        assert winner.resolution is not None
        assert refusal.by == winner.resolution.by
        h.workflows.runner.kick(incident.incident_id, resolve_run(winner))
        await ended(h, winner)
        assert issues(world) == 1
        assert len(said(world.room, "*Resolved* by")) == 1
        assert (await kinds(h, incident)).count(EntryKind.RESOLVE_STARTED) == 1


async def test_what_is_worked_off_twice_is_one_resolving() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        again = await h.workflows.resolver.resolve(
            incident.incident_id, summary="x", asked=asked(h, key="resolve0")
        )
        assert again == incident
        with pytest.raises(WrongStateError, match="resolved already"):
            await h.workflows.resolver.resolve(
                incident.incident_id, summary="x", asked=asked(h, key="new")
            )
        assert (await now(h, incident)).resolutions == 1


async def test_only_the_commander_resolves_and_while_nobody_commands_who_responds() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        with pytest.raises(NotAllowedError, match="people in its room"):
            await resolve(h, incident, by=DEV)
        incident = await commanded(h, BEN)
        with pytest.raises(NotInCommandError):
            await resolve(h, incident, by=ADA)
        assert (await resolve(h, incident, by=BEN)).is_closed


async def test_from_the_moment_it_is_asked_for_nobody_is_reminded() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        await h.workflows.resolver.resolve(incident.incident_id, summary="x", asked=asked(h))
        await h.workflows.nudges.due(incident.incident_id, h.world.clock.now())
        assert EntryKind.NUDGE_SENT not in await kinds(h, incident)
        assert not (await now(h, incident)).is_closed


async def test_what_a_tracker_refuses_is_said_with_a_retry_that_mends_the_same_message() -> None:
    world = World()
    world.tracker.break_down(RefusedError("the team is unknown"))
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        assert incident.status is IncidentStatus.RESOLVED
        message = await told(h, incident)
        assert "the team is unknown" in str(message)
        (retry,) = [b for b in buttons(message) if b[1] == RETRY_STEP]
        missing = await h.workflows.ending.missing(incident)
        assert [part.step for part in missing] == ["create_issue"]
        world.tracker.behaviour.recover()
        payload = {
            "user": {"id": ADA},
            "actions": [{"action_id": RETRY_STEP, "value": retry[2]}],
        }
        envelope = Envelope(
            key="k", kind=EnvelopeKind.ACTION, payload=payload, received_at=world.began
        )
        await retry_step.handle(read_request(envelope), h.workflows)
        incident = await ended(h, incident)
        assert issues(world) == 1
        assert incident.postmortem is not None
        assert await h.workflows.ending.missing(incident) == ()
        text = str(await told(h, incident))
        assert "OPS-1" in text
        assert "Retry" not in text
        assert len(said(world.room, "*Resolved* by")) == 1
        assert len(said(world.chat.channel("incidents"), "is over")) == 1
        assert len(said(world.room, "How did we respond")) == 1
        assert (await kinds(h, incident)).count(EntryKind.INCIDENT_RESOLVED) == 1
        review = await world.backend.scheduler.get(f"review-{incident.incident_id}")
        assert review is not None


async def test_with_every_vendor_dead_it_is_over_in_a_minute_and_the_room_is_told() -> None:
    clock = FakeClock()
    world = World(clock=clock)
    outside = (
        world.tracker.behaviour,
        world.code_host.behaviour,
        world.directory.behaviour,
        world.on_call.behaviour,
        world.telemetry.metrics,
        world.telemetry.logs,
        world.telemetry.traces,
    )
    async with house(world) as h:
        incident = await commanded(h)
        for vendor in outside:
            vendor.hang()
        asked_at = clock.now()
        incident = await begin(h, incident)
        await eventually(lambda: is_begun(h, incident))
        await pass_time(h, END_AT_LATEST)
        await eventually(lambda: is_closed(h, incident))
        await pass_time(h, TELL_AT_LATEST)
        await eventually(lambda: is_told(h, incident))
        assert clock.now() - asked_at < timedelta(minutes=2)
        assert "still being tried" in str(await told(h, incident))
        for vendor in outside:
            vendor.recover()
        await ended(h, incident)
        assert "OPS-1" in str(await told(h, incident))
        assert "still being tried" not in str(await told(h, incident))


async def pass_time(h: House, length: timedelta) -> None:
    """Let the clock go on in seconds, as it would, so that whoever waits is woken in order."""
    clock = h.world.clock
    assert isinstance(clock, FakeClock)
    for _ in range(int(length.total_seconds()) + 1):
        await asyncio.sleep(0.001)
        clock.advance(1)


async def is_begun(h: House, incident: Incident) -> bool:
    journal = await h.workflows.store.journal(incident.incident_id, resolve_run(incident))
    return "stop_reminders" in journal


async def is_closed(h: House, incident: Incident) -> bool:
    return (await now(h, incident)).is_closed


async def is_told(h: House, incident: Incident) -> bool:
    return "resolution" in (await now(h, incident)).messages


@pytest.mark.parametrize("method", ["post", "update", "find_channel", "set_topic"])
async def test_a_chat_that_does_not_answer_keeps_nothing_from_being_over(method: str) -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        world.chat.fail(method, UnavailableError("slack is down"), times=3)
        incident = await resolve(h, incident)
        assert incident.status is IncidentStatus.RESOLVED
        assert issues(world) == 1
        assert len(said(world.room, "*Resolved* by")) == 1


@pytest.mark.parametrize("method", ["post", "update"])
async def test_an_answer_of_the_chat_that_was_lost_doubles_nothing(method: str) -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        world.chat.lose_answer(method, times=3)
        incident = await resolve(h, incident)
        assert len(said(world.room, "*Resolved* by")) == 1
        assert len(said(world.room, "How did we respond")) == 1
        assert len(said(world.chat.channel("incidents"), "is over")) == 1


async def test_where_the_room_cannot_be_told_who_resolved_it_is() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        world.room.is_archived = True  # by hand, under our feet
        incident = await resolve(h, incident)
        assert incident.status is IncidentStatus.RESOLVED
        direct = world.chat.channels[ChannelId(f"D{ADA}")].posted
        assert "its room could not be told" in direct[-1].message.text
        assert len(said(world.chat.channel("incidents"), "is over")) == 1


async def test_resolved_again_it_keeps_its_postmortem_and_tells_the_room_anew() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="", asked=asked(h, key="reopen")
        )
        incident = await resolve(h, await now(h, incident), "Fixed for good")
        assert incident.resolutions == 2
        assert issues(world) == 1
        assert (await kinds(h, incident)).count(EntryKind.POSTMORTEM_CREATED) == 1
        assert len(said(world.room, "*Resolved* by")) == 2
        text = str(await told(h, incident))
        assert "Fixed for good" in text
        assert "kept from when it was resolved before" in text
        assert len(said(world.room, "How did we respond")) == 1
        assert [e.details.get("run") for e in await entries(h, incident) if e.kind in ENDS] == [
            1, 1, 2, 2,
        ]  # fmt: skip


ENDS = (EntryKind.RESOLVE_STARTED, EntryKind.INCIDENT_RESOLVED)


async def test_without_a_tracker_the_room_is_told_so_and_the_rest_is_done() -> None:
    async with house(World(has_tracker=False)) as h:
        incident = await resolve(h, await commanded(h))
        assert incident.postmortem is None
        text = str(await told(h, incident))
        assert "no issue tracker is connected" in text
        assert "Retry" not in text
        review = await h.world.backend.scheduler.get(f"review-{incident.incident_id}")
        assert review is None


async def test_a_mere_record_without_a_room_is_over_at_once() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.alert(severity=Severity.P4)
        assert incident is not None
        incident = await h.workflows.resolver.resolve(
            incident.incident_id, summary="x", asked=asked(h, UserId(SYSTEM))
        )
        assert incident.status is IncidentStatus.RESOLVED
        assert await h.workflows.store.plan(incident.incident_id, "resolve#1") is None
        assert issues(world) == 0
        assert (await kinds(h, incident))[-1] is EntryKind.INCIDENT_RESOLVED


async def test_the_form_is_filled_with_what_people_said_last() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        suggest = h.workflows.resolver.suggested_summary
        assert await suggest(incident.incident_id) == ""
        await h.workflows.lifecycle.mitigate(
            incident.incident_id, text="Failed  over\nto B", asked=asked(h)
        )
        assert await suggest(incident.incident_id) == "Failed over to B"


async def test_a_chat_that_hangs_for_ever_keeps_nothing_from_being_over() -> None:
    clock = FakeClock()
    world = World(clock=clock)
    async with house(world) as h:
        incident = await commanded(h)
        for method in ("post", "update", "find_message", "find_channel", "direct"):
            world.chat.hang(method, times=99)
        asked_at = clock.now()
        incident = await begin(h, incident)
        await eventually(lambda: is_begun(h, incident))
        await pass_time(h, END_AT_LATEST)
        await eventually(lambda: is_closed(h, incident))
        assert clock.now() - asked_at < timedelta(minutes=2)
        assert issues(world) == 1
