import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from incident_response.domain.alert import AlertState
from incident_response.domain.draft import PageStatus
from incident_response.domain.errors import (
    NotAllowedError,
    NotFoundError,
    NotInCommandError,
    WrongStateError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import IncidentId
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.reminders import Reminders
from tests.fakes.chat import FakeChannel
from tests.workflows.ends import (
    asked,
    commanded,
    context_of,
    ended,
    ending_of,
    entries,
    kinds,
    now,
    resolve,
    said,
)
from tests.workflows.house import ADA, BEN, CLEO, DEV, GUEST, House, World, house


def room_of(h: House, incident: Incident) -> FakeChannel:
    assert incident.room is not None
    return h.world.chat.channels[incident.room.channel_id]


async def is_reminded(h: House, incident: Incident) -> bool:
    return await h.world.backend.scheduler.get(f"nudge-{incident.incident_id}") is not None


async def test_mitigated_is_a_state_a_time_a_tick_and_a_message_and_the_work_goes_on() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        for _ in range(2):  # worked off twice
            await h.workflows.lifecycle.mitigate(
                incident.incident_id, text="Failed over", asked=asked(h)
            )
        found = await now(h, incident)
        assert found.status is IncidentStatus.MITIGATED
        assert found.mitigated_at is not None
        assert found.last_update_at == found.mitigated_at
        ticked = {item.key: item.checked_by for item in found.checklist if item.is_checked}
        assert ticked == {"mitigated": ADA}
        assert len(said(h.world.room, "Failed over")) == 1
        assert (await kinds(h, incident)).count(EntryKind.INCIDENT_MITIGATED) == 1
        assert await is_reminded(h, incident)
        with pytest.raises(WrongStateError, match="mitigated already"):
            await h.workflows.lifecycle.mitigate(
                incident.incident_id, text="", asked=asked(h, key="again")
            )


async def test_only_the_commander_decides_and_while_nobody_commands_its_responders() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        with pytest.raises(NotAllowedError, match="people in its room"):
            await h.workflows.lifecycle.mitigate(
                incident.incident_id, text="", asked=asked(h, DEV)
            )
        with pytest.raises(NotAllowedError, match="full member"):
            await h.workflows.lifecycle.cancel(
                incident.incident_id, reason="x", asked=asked(h, GUEST)
            )
        h.world.room.members.append(DEV)  # came in, and we were not told
        await h.workflows.lifecycle.mitigate(incident.incident_id, text="", asked=asked(h, DEV))
        incident = await commanded(h, BEN)
        with pytest.raises(NotInCommandError) as refusal:
            await h.workflows.lifecycle.cancel(
                incident.incident_id, reason="x", asked=asked(h, ADA, "other")
            )
        assert refusal.value.commander == BEN
        assert (await now(h, incident)).status is IncidentStatus.MITIGATED


async def test_a_false_alarm_is_closed_calls_nobody_and_is_archived_later() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        for _ in range(2):
            await h.workflows.lifecycle.cancel(
                incident.incident_id, reason="A test", asked=asked(h)
            )
        found = await now(h, incident)
        assert found.status is IncidentStatus.CANCELLED
        assert found.resolved_at is not None
        assert found.resolution is None
        assert not await is_reminded(h, incident)
        assert len(said(h.world.room, "A test")) == 1
        archive = await h.world.backend.scheduler.get(f"archive-{incident.incident_id}")
        assert archive is not None
        assert archive.first_at == found.resolved_at + timedelta(days=7)
        assert EntryKind.POSTMORTEM_CREATED not in await kinds(h, incident)


async def test_what_customers_read_of_is_neither_cancelled_nor_merged() -> None:
    async with house(World()) as h:
        incident, other = await commanded(h), await h.assembled(group_key="g2")

        def publish(incident: Incident) -> Decision:
            page = incident.page.model_copy(update={"status": PageStatus.INVESTIGATING})
            return Decision(incident.model_copy(update={"page": page}), ())

        await change_incident(h.workflows.store, incident.incident_id, publish)
        lifecycle = h.workflows.lifecycle
        attempts = (
            partial(lifecycle.cancel, reason="x"),
            partial(lifecycle.merge, into=other.incident_id),
        )
        for attempt in attempts:
            with pytest.raises(WrongStateError, match="status page"):
                await attempt(incident.incident_id, asked=asked(h))
        assert not (await now(h, incident)).is_closed


async def test_reopened_it_calls_people_again_and_forgets_its_end() -> None:
    async with house(World()) as h:
        incident = await resolve(h, await commanded(h))
        assert not await is_reminded(h, incident)
        for _ in range(2):
            await h.workflows.lifecycle.reopen(
                incident.incident_id, reason="Errors are back", asked=asked(h, DEV)
            )
        found = await now(h, incident)
        assert found.status is IncidentStatus.ASSEMBLED
        assert (found.resolution, found.resolved_at, found.mitigated_at) == (None, None, None)
        assert found.resolutions == 1
        assert await is_reminded(h, incident)
        for name in ("archive", "pulse", "review"):
            schedule = await h.world.backend.scheduler.get(f"{name}-{incident.incident_id}")
            assert schedule is None, name
        assert len(said(h.world.room, "Errors are back")) == 1
        reopened = [e for e in await entries(h, incident) if e.kind.value == "INCIDENT_REOPENED"]
        assert [e.details["was"] for e in reopened] == ["resolved"]
        with pytest.raises(WrongStateError, match="not over"):
            await h.workflows.lifecycle.reopen(
                incident.incident_id, reason="", asked=asked(h, key="again")
            )


async def test_reopening_stops_a_resolving_that_is_under_way() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        resolving = await h.workflows.resolver.resolve(
            incident.incident_id, summary="x", asked=asked(h)
        )
        with pytest.raises(NotInCommandError):
            await h.workflows.lifecycle.reopen(
                incident.incident_id, reason="", asked=asked(h, BEN, "b")
            )
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="Not yet", asked=asked(h, key="r")
        )
        h.workflows.runner.kick(incident.incident_id, "resolve#1")
        await ended(h, resolving)
        found = await now(h, incident)
        assert not found.is_ending
        assert found.status is IncidentStatus.ASSEMBLED
        assert await is_reminded(h, incident)
        assert not said(world.room, "*Resolved* by")
        assert not said(world.room, "How did we respond")
        assert not said(world.chat.channel("incidents"), "is over")
        assert EntryKind.INCIDENT_RESOLVED not in await kinds(h, incident)


async def test_an_end_that_was_decided_before_the_reopening_is_not_stored_after_it() -> None:
    async with house(World()) as h:
        incident = await h.workflows.resolver.resolve(
            (await commanded(h)).incident_id, summary="x", asked=asked(h)
        )
        step = h.workflows.ending.plan.by_name["flip_state"]
        outcome = await step.run(context_of(h, incident, "flip_state"))
        assert outcome.apply is not None
        assert outcome.apply(incident).is_closed
        reopened = await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="", asked=asked(h, key="r")
        )
        with pytest.raises(WrongStateError, match="reopened meanwhile"):
            outcome.apply(reopened)


@dataclass
class LateNudges:
    """Reminders that are stopped only after somebody has reopened the incident."""

    house: House

    async def schedule(self, incident: Incident) -> object:
        return await self.house.workflows.nudges.schedule(incident)

    async def reschedule(self, incident_id: IncidentId) -> None:
        raise AssertionError("no severity changes here")

    async def stop(self, incident_id: IncidentId) -> None:
        await self.house.workflows.lifecycle.reopen(
            incident_id, reason="", asked=asked(self.house, key="r")
        )
        await self.house.workflows.nudges.stop(incident_id)


async def test_reminders_that_a_reopening_started_survive_a_step_that_stops_them_late() -> None:
    async with house(World()) as h:
        incident = await h.workflows.resolver.resolve(
            (await commanded(h)).incident_id, summary="x", asked=asked(h)
        )
        ending = ending_of(h, reminders=Reminders(LateNudges(h)))
        step = ending.plan.by_name["stop_reminders"]
        await step.run(context_of(h, incident, "stop_reminders"))
        assert not (await now(h, incident)).is_ending
        assert await is_reminded(h, incident)


async def test_an_archived_room_is_brought_back_by_a_person_before_it_is_reopened() -> None:
    async with house(World()) as h:
        incident = await resolve(h, await commanded(h))
        await h.workflows.aftercare.archive_due(incident.incident_id, 1, h.world.clock.now())
        room = room_of(h, incident)
        assert room.is_archived
        with pytest.raises(WrongStateError, match="unarchive"):
            await h.workflows.lifecycle.reopen(incident.incident_id, reason="", asked=asked(h))
        assert (await now(h, incident)).is_closed
        room.is_archived = False
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="Back", asked=asked(h, key="again")
        )
        found = await now(h, incident)
        assert found.room_archived_at is None
        assert said(room, "Back")


async def test_linked_incidents_point_at_each_other_once() -> None:
    async with house(World()) as h:
        one, other = await h.assembled(), await h.assembled(group_key="g2", title="Disk full")
        for key in ("a", "b"):
            await h.workflows.lifecycle.link(
                one.incident_id, other.incident_id, asked=asked(h, key=key)
            )
        assert (await now(h, one)).linked == (other.incident_id,)
        assert (await now(h, other)).linked == (one.incident_id,)
        for incident in (one, other):
            assert (await kinds(h, incident)).count(EntryKind.INCIDENT_LINKED) == 1
        assert said(room_of(h, one), "Disk full")
        with pytest.raises(WrongStateError, match="itself"):
            await h.workflows.lifecycle.link(one.incident_id, one.incident_id, asked=asked(h))


async def test_merging_closes_this_one_and_brings_its_people_there() -> None:
    world = World()
    async with house(world) as h:
        one, into = await commanded(h), await h.assembled(group_key="g2", team="other")
        room, other_room = room_of(h, one), room_of(h, into)
        assert ADA not in other_room.members
        for _ in range(2):
            await h.workflows.lifecycle.merge(one.incident_id, into.incident_id, asked=asked(h))
        found, target = await now(h, one), await now(h, into)
        assert found.status is IncidentStatus.CANCELLED
        assert found.merged_into == into.incident_id
        assert target.linked == (one.incident_id,)
        assert {ADA, BEN, CLEO} <= set(other_room.members)
        assert {ADA, BEN, CLEO} <= set(target.responders)
        assert len(said(room, "Work goes on there")) == 1
        assert len(said(other_room, "into this incident")) == 1
        assert not await is_reminded(h, one)
        assert await is_reminded(h, into)
        for incident in (one, into):
            assert (await kinds(h, incident)).count(EntryKind.INCIDENT_MERGED) == 1


async def test_nothing_is_merged_into_itself_or_into_what_is_over_or_unknown() -> None:
    async with house(World()) as h:
        one, other = await commanded(h), await commanded(h, group_key="g2")
        merge = h.workflows.lifecycle.merge
        with pytest.raises(WrongStateError, match="itself"):
            await merge(one.incident_id, one.incident_id, asked=asked(h))
        with pytest.raises(NotFoundError):
            await merge(one.incident_id, IncidentId("inc-000000000000"), asked=asked(h))
        await merge(one.incident_id, other.incident_id, asked=asked(h))
        with pytest.raises(WrongStateError, match="was merged into this one"):
            await merge(other.incident_id, one.incident_id, asked=asked(h, key="back"))
        third = await commanded(h, group_key="g3")
        await resolve(h, other)
        with pytest.raises(WrongStateError, match="over"):
            await merge(third.incident_id, other.incident_id, asked=asked(h, key="third"))
        assert not (await now(h, third)).is_closed


async def test_what_the_alert_of_a_merged_incident_does_is_told_where_work_goes_on() -> None:
    world = World()
    async with house(world) as h:
        one, into = await commanded(h), await h.assembled(group_key="g2", title="Disk full")
        await h.workflows.lifecycle.merge(one.incident_id, into.incident_id, asked=asked(h))
        later = world.clock.now() + timedelta(hours=2)
        resolved_at = later - timedelta(hours=1)
        for state, at in ((AlertState.RESOLVED, resolved_at), (AlertState.FIRING, later)):
            await h.received(state=state, at=at)
        assert len(said(room_of(h, into), "is firing again")) == 1
        assert not said(room_of(h, one), "is firing again")
        assert (await now(h, one)).merged_into == into.incident_id
        assert len(await h.workflows.store.recent(open_only=False, limit=9)) == 2


async def test_after_what_it_was_merged_into_is_over_the_alert_opens_an_incident_again() -> None:
    world = World()
    async with house(world) as h:
        one, into = await commanded(h), await commanded(h, group_key="g2")
        await h.workflows.lifecycle.merge(one.incident_id, into.incident_id, asked=asked(h))
        await resolve(h, into)
        later = world.clock.now() + timedelta(hours=2)
        await h.received(state=AlertState.RESOLVED, at=later - timedelta(hours=1))
        await h.received(at=later)
        found = await h.workflows.store.recent(open_only=True, limit=9)
        assert [incident.previous_incident_id for incident in found] == [one.incident_id]


async def test_two_who_end_it_differently_at_once_end_it_one_way() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        outcomes = await asyncio.gather(
            h.workflows.lifecycle.cancel(
                incident.incident_id, reason="x", asked=asked(h, key="cancel")
            ),
            h.workflows.resolver.resolve(
                incident.incident_id, summary="y", asked=asked(h, key="resolve")
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, WrongStateError) for outcome in outcomes) == 1
        found = await now(h, incident)
        if found.resolution is not None:
            h.workflows.runner.kick(incident.incident_id, "resolve#1")
            found = await ended(h, found)
        decided = {EntryKind.INCIDENT_CANCELLED, EntryKind.INCIDENT_RESOLVED}
        assert len([kind for kind in await kinds(h, incident) if kind in decided]) == 1
        assert found.is_closed
