"""Reminds the commander to say where things stand: every 15 minutes, at most once per slot, never
after the end.

The schedule is only a trigger: whether to remind is decided on the incident's state when it fires.
Not here: the words (blocks), keeping time (ports.scheduler).
"""

from datetime import datetime, timedelta

import structlog

from incident_response.blocks.nudge import nudge
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.ports.scheduler import Schedule, Scheduler
from incident_response.workflows.change_incident import Decision, change_incident

NUDGE_QUEUE = "nudge-events"
NUDGE_EVENT = "STATUS_UPDATE_NUDGE"
CADENCE = timedelta(minutes=15)
"""The specification's cadence for a P1."""
GIVE_UP_AFTER = timedelta(days=7)
"""An orphaned schedule dies here."""
UPDATE_GRAIN = timedelta(minutes=1)
TOO_LATE = timedelta(minutes=20)
"""A slot that fires later than this is dropped: after an outage one reminder is enough."""

log = structlog.get_logger(__name__)


class NudgeScheduler:
    """Schedules reminders and decides, when one is due, whether it is sent."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        clock: Clock,
    ) -> None:
        self._scheduler = scheduler
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._clock = clock

    async def schedule(self, incident: Incident) -> datetime:
        """Have the commander reminded from 15 minutes after the incident's beginning on; the first
        slot.
        """
        first_at = incident.created_at + CADENCE
        await self._scheduler.put(
            Schedule(
                name=_name(incident.incident_id),
                queue=NUDGE_QUEUE,
                type=NUDGE_EVENT,
                group=incident.incident_id,
                body={"incident_id": incident.incident_id},
                first_at=first_at,
                every=CADENCE,
                until=first_at + GIVE_UP_AFTER,
            )
        )
        return first_at

    async def reschedule(self, incident_id: IncidentId) -> None:
        """The cadence may have changed, or the incident ended."""
        incident = await self._store.get(incident_id)
        if incident is None or incident.is_ending:
            await self._scheduler.delete(_name(incident_id))
        else:
            await self.schedule(incident)

    async def stop(self, incident_id: IncidentId) -> None:
        """No more reminders; can be done twice."""
        await self._scheduler.delete(_name(incident_id))

    async def due(self, incident_id: IncidentId, slot: datetime) -> None:
        """A slot has come: remind, unless there is no reason to.

        The slot is claimed in the ledger before the reminder is sent: better none than two.
        """
        incident = await self._store.get(incident_id)
        if incident is None or incident.is_ending:
            await self._scheduler.delete(_name(incident_id))
            return
        if self._is_needless(incident, slot) or await self._is_claimed(incident_id, slot):
            return
        entry = NewEntry(
            kind=EntryKind.NUDGE_SENT,
            at=self._clock.now(),
            details={"slot": slot.isoformat(), "to": incident.commander or "room"},
        )
        await change_incident(self._store, incident_id, lambda now: Decision(now, (entry,)))
        await self._send(incident)

    async def updated(self, incident_id: IncidentId, at: datetime) -> None:
        """The room was told where things stand: the next reminder counts from then.

        Times closer than ``UPDATE_GRAIN`` to the last are passed over: a conversation is one
        update.
        """

        def decide(incident: Incident) -> Decision:
            last = incident.last_update_at
            if incident.is_closed or (last is not None and at - last < UPDATE_GRAIN):
                return Decision(incident, ())
            return Decision(incident.model_copy(update={"last_update_at": at}), ())

        await change_incident(self._store, incident_id, decide)

    def _is_needless(self, incident: Incident, slot: datetime) -> bool:
        if incident.room is None or self._clock.now() - slot > TOO_LATE:
            return True
        last = incident.last_update_at
        return last is not None and slot - last < CADENCE

    async def _is_claimed(self, incident_id: IncidentId, slot: datetime) -> bool:
        entries = await self._ledger.entries(incident_id)
        sent = (e for e in entries if e.kind is EntryKind.NUDGE_SENT)
        return any(e.details.get("slot") == slot.isoformat() for e in sent)

    async def _send(self, incident: Incident) -> None:
        assert incident.room is not None
        message = nudge(incident, self._clock.now())
        channel = incident.room.channel_id
        if incident.commander is not None:
            await self._chat.post_private(channel, incident.commander, message)
        else:
            await self._chat.post(channel, message, key=f"{incident.incident_id}:nudge")
        log.info("reminded", incident_id=incident.incident_id)


def _name(incident_id: IncidentId) -> str:
    return f"nudge-{incident_id}"
