"""A crash before and after every call to the chat, the store and the tracker while an incident is
being resolved, one at a time.

Each run dies at one exact place. What the person asked for is delivered again to the next process,
and whoever looks then must see one of everything, and an incident that is over.
"""

import asyncio
from typing import cast

from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.ports.incident_store import PlanState
from incident_response.workflows.resolution import resolve_run
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.workflows.ends import asked, commanded, ended, said
from tests.workflows.house import House, World, house
from tests.workflows.test_crash import Fuse, Fused, FusedBackend


async def assembled(world: World) -> Incident:
    async with house(world) as h:
        return await commanded(h)


async def resolved(h: House, incident: Incident) -> Incident:
    """As the inbox would have it done, the first time and every other."""
    incident = await h.workflows.resolver.resolve(
        incident.incident_id, summary="Rolled back", asked=asked(h)
    )
    h.workflows.runner.kick(incident.incident_id, resolve_run(incident))
    return await ended(h, incident)


async def first_life(world: World, incident: Incident, fuse: Fuse) -> bool:
    """Run until the fuse burns or it is resolved; whether it burnt."""
    backend, tracker = world.backend, world.tracker
    world.backend = FusedBackend(backend, fuse)  # type: ignore[assignment]  # behaves as one
    world.tracker = cast(FakeIssueTracker, Fused(tracker, fuse))
    try:
        async with house(world, chat=Fused(world.chat, fuse)) as h:
            burnt = asyncio.ensure_future(fuse.burnt.wait())  # noqa: TID251 - raced below
            living = asyncio.ensure_future(resolved(h, incident))  # noqa: TID251
            await asyncio.wait({burnt, living}, return_when=asyncio.FIRST_COMPLETED)
            for task in (burnt, living):
                task.cancel()
            await asyncio.gather(burnt, living, return_exceptions=True)
    finally:
        world.backend, world.tracker = backend, tracker
    return fuse.burnt.is_set()


async def second_life(world: World, incident: Incident) -> Incident:
    await world.backend.claim_processor()
    async with house(world) as h:
        return await resolved(h, incident)


async def check(world: World, incident: Incident, where: str) -> None:
    assert incident.status is IncidentStatus.RESOLVED, where
    assert len(world.tracker.issues) == 1, where
    assert incident.postmortem is not None, where
    plan = await world.backend.incidents.plan(incident.incident_id, "resolve#1")
    assert plan is not None, where
    assert plan.state is PlanState.DONE, where
    for text in ("*Resolved* by", "How did we respond"):
        assert len(said(world.room, text)) == 1, (where, text)
    assert len(said(world.chat.channel("incidents"), "is over")) == 1, where
    assert "Reminders and escalation: stopped" in str(said(world.room, "*Resolved* by")), where
    assert "Retry" not in str(said(world.room, "*Resolved* by")), where
    assert "*Resolved*" in str(said(world.room, "Nobody can pay")), where
    entries = await world.backend.ledger.entries(incident.incident_id)
    world.backend.seal.verify(incident.incident_id, entries)
    for kind in ONCE:
        assert sum(entry.kind is kind for entry in entries) == 1, (where, kind)
    for name in ("archive", "review", "pulse"):
        schedule = await world.backend.scheduler.get(f"{name}-{incident.incident_id}")
        assert schedule is not None, (where, name)
    assert await world.backend.scheduler.get(f"nudge-{incident.incident_id}") is None, where


ONCE = (
    EntryKind.RESOLVE_STARTED,
    EntryKind.POSTMORTEM_CREATED,
    EntryKind.PULSE_ASKED,
    EntryKind.INCIDENT_RESOLVED,
)


async def test_a_crash_at_any_call_ends_it_once_and_tells_everything_once() -> None:
    whole = World()
    fuse = Fuse(0, after=False)
    assert not await first_life(whole, await assembled(whole), fuse)
    places = fuse.count
    await whole.backend.close()
    assert places > 40
    for at in range(1, places + 1):
        for after in (False, True):
            world = World()
            where = f"crash {'after' if after else 'before'} call {at}"
            incident = await assembled(world)
            if await first_life(world, incident, Fuse(at, after=after)):
                await check(world, await second_life(world, incident), where)
            await world.backend.close()
