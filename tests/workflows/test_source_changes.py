import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.blocks.action_ids import RESOLVE_INCIDENT
from incident_response.domain.alert import AlertState
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import SYSTEM, EntryKind
from incident_response.domain.policy import Policy
from incident_response.domain.severity import Severity
from tests.blocks.reading import buttons
from tests.workflows.ends import asked, commanded, ended, kinds, now, resolve, said
from tests.workflows.house import ADA, World, house


def closing(policy: Policy | None = None) -> Policy:
    """A policy by which a P1 is closed with its source."""
    policy = policy or shipped_policy()
    p1 = policy.of(Severity.P1).model_copy(update={"closes_with_source": True})
    return policy.model_copy(update={"severities": {**policy.severities, Severity.P1: p1}})


async def test_a_source_that_resolves_closes_nothing_but_offers_to() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        at = world.clock.now()
        for _ in range(2):
            await h.received(state=AlertState.RESOLVED, at=at)
        found = await now(h, incident)
        assert found.status is IncidentStatus.ASSEMBLED
        assert not found.is_ending
        (told,) = said(world.room, "stopped firing")
        assert [b[1] for b in buttons(told.message)] == [RESOLVE_INCIDENT]
        assert (await kinds(h, incident)).count(EntryKind.RESOLVE_PROPOSED) == 1
        nudge = await world.backend.scheduler.get(f"nudge-{incident.incident_id}")
        assert nudge is not None


async def test_nothing_is_closed_behind_a_commanders_back_whatever_the_policy_says() -> None:
    world = World()
    async with house(world, policy=closing()) as h:
        incident = await commanded(h)
        await h.received(state=AlertState.RESOLVED, at=world.clock.now())
        assert not (await now(h, incident)).is_ending
        assert EntryKind.RESOLVE_PROPOSED in await kinds(h, incident)


async def test_where_the_policy_says_so_and_nobody_commands_it_is_resolved_by_us() -> None:
    world = World()
    async with house(world, policy=closing()) as h:
        incident = await h.assembled()
        at = world.clock.now()
        for _ in range(2):
            await h.received(state=AlertState.RESOLVED, at=at)
        found = await ended(h, await now(h, incident))
        assert found.status is IncidentStatus.RESOLVED
        assert found.resolution is not None
        assert found.resolution.by == SYSTEM
        assert found.resolutions == 1
        (told,) = said(world.room, "as the policy says")
        assert not buttons(told.message)
        assert EntryKind.RESOLVE_PROPOSED not in await kinds(h, incident)


async def test_a_mere_record_is_over_with_its_source() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.alert(severity=Severity.P4)
        assert incident is not None
        at = world.clock.now() + timedelta(seconds=1)
        await h.received(severity=Severity.P4, state=AlertState.RESOLVED, at=at)
        assert (await now(h, incident)).status is IncidentStatus.RESOLVED


async def test_what_fires_again_is_not_resolved_by_the_delivery_of_its_old_resolve() -> None:
    world = World()
    async with house(world, policy=closing()) as h:
        incident = await h.assembled()
        resolved_at = world.clock.now()
        resolve_event = await h.accepted(state=AlertState.RESOLVED, at=resolved_at)
        await h.workflows.folder.fold(resolve_event)  # and then we died
        await h.received(at=resolved_at + timedelta(seconds=5))
        await h.received(state=AlertState.RESOLVED, at=resolved_at)
        assert not (await now(h, incident)).is_ending


async def test_an_alert_that_comes_back_reopens_and_calls_people_again() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        await h.received(state=AlertState.RESOLVED, at=world.clock.now())
        incident = await resolve(h, incident)
        await h.received(at=world.clock.now())
        found = await now(h, incident)
        assert found.status is IncidentStatus.ASSEMBLED
        assert (found.resolution, found.resolved_at) == (None, None)
        assert len(said(world.room, "this incident is open again")) == 1
        for name in ("archive", "pulse"):
            assert await world.backend.scheduler.get(f"{name}-{incident.incident_id}") is None
        nudge = await world.backend.scheduler.get(f"nudge-{incident.incident_id}")
        assert nudge is not None
        assert found.escalation.armed_at is not None


async def test_an_alert_that_comes_back_while_it_is_being_resolved_stops_that() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        await h.received(state=AlertState.RESOLVED, at=world.clock.now())
        incident = await h.workflows.resolver.resolve(
            incident.incident_id, summary="x", asked=asked(h)
        )
        await h.received(at=world.clock.now() + timedelta(seconds=1))
        h.workflows.runner.kick(incident.incident_id, "resolve#1")
        await asyncio.sleep(0.1)
        found = await now(h, incident)
        assert not found.is_ending
        assert len(said(world.room, "Resolving was stopped")) == 1
        assert EntryKind.INCIDENT_RESOLVED not in await kinds(h, incident)
        assert not said(world.room, "*Resolved* by")


@pytest.mark.parametrize("hours", [0, 3])
async def test_an_alert_whose_room_is_archived_opens_a_new_incident(hours: int) -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        await h.received(state=AlertState.RESOLVED, at=world.clock.now())
        incident = await resolve(h, incident)
        await h.workflows.aftercare.archive_due(incident.incident_id, 1, world.clock.now())
        await h.received(at=world.clock.now() + timedelta(hours=hours))
        (found,) = await h.workflows.store.recent(open_only=True, limit=9)
        assert found.previous_incident_id == incident.incident_id
        assert found.commander != ADA
