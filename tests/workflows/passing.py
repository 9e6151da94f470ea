"""Time that passes for a running house: schedules fire, and their events are worked off."""

from datetime import timedelta

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry
from incident_response.domain.queues import NUDGE_QUEUE
from incident_response.events import EVENTS
from incident_response.ports.incident_store import PlanState
from incident_response.routing.event import EventRegistry
from tests.fakes.clock import LeapClock
from tests.workflows.house import House, eventually


async def passes(h: House, length: timedelta, *, is_redelivered: bool = False) -> None:
    """Let ``length`` pass; what fires then is handled, twice if ``is_redelivered``."""
    assert isinstance(h.world.clock, LeapClock)
    h.world.clock.leap(length)
    await h.world.backend.scheduler.fire_due()
    queue, events = h.world.backend.queue(NUDGE_QUEUE), EventRegistry(EVENTS)
    while fired := await queue.receive(
        limit=10, wait=timedelta(0), visibility=timedelta(seconds=30)
    ):
        for delivery in fired:
            for _ in range(2 if is_redelivered else 1):
                await events.handle(delivery, h.workflows)
            await queue.delete(delivery)


async def now_of(h: House, incident: Incident) -> Incident:
    """The incident as it is stored now."""
    found = await h.workflows.store.get(incident.incident_id)
    assert found is not None
    return found


async def called(h: House, incident: Incident) -> Incident:
    """The incident once every call of its escalation has been made."""

    async def are_made() -> bool:
        calls = (await now_of(h, incident)).escalation.calls
        plans = [
            await h.workflows.store.plan(incident.incident_id, f"escalate#{call.number}")
            for call in calls
        ]
        return all(plan is not None and plan.state is not PlanState.OPEN for plan in plans)

    await eventually(are_made)
    return await now_of(h, incident)


async def entries(h: House, incident: Incident, kind: EntryKind) -> list[LedgerEntry]:
    """What the ledger tells of this kind."""
    told = await h.world.backend.ledger.entries(incident.incident_id)
    return [entry for entry in told if entry.kind is kind]


def directly(h: House, user: str) -> list[str]:
    """The direct messages that a person got."""
    channel = h.world.chat.channels.get(f"D{user}")  # type: ignore[call-overload]
    return [posted.message.text for posted in channel.posted] if channel else []


def in_room(h: House) -> list[str]:
    """What the whole room can read, as it stands now."""
    return [str(p.message.blocks) for p in h.world.room.posted if p.private_to is None]
