"""Moves an incident to another severity, with everything that depends on it: the room, what is
shown, reminders, escalation.

Raising one that was only recorded has its room assembled; lowering never takes a room away. Not
here: what a severity asks for (domain.policy).
"""

from collections.abc import Callable
from typing import Protocol

from incident_response.blocks.severity import severity_changed
from incident_response.domain import ladder
from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.policy import Policy
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, PlanRecord, PlanState
from incident_response.ports.ledger import Ledger
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.escalation import EscalationLadder
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.post_once import post_once
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard


class Reminders(Protocol):
    """What is reminded at a pace that the severity sets."""

    async def reschedule(self, incident_id: IncidentId) -> object: ...


class SeverityDesk:
    """Changes severities."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        board: RoomBoard,
        reminders: Reminders,
        escalation: EscalationLadder,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._board = board
        self._reminders = reminders
        self._escalation = escalation
        self._policy = policy
        self._clock = clock
        self.kick: Callable[[IncidentId, str], None] = lambda *_: None
        """Begins an opened plan at once; the runner finds it by itself otherwise."""

    async def change(
        self, incident_id: IncidentId, severity: Severity, *, reason: str, asked: Asked
    ) -> Incident:
        """The incident with this severity; unchanged if it has it already.

        Asked again under the same key, what an interrupted try left undone is done. Raises
        ``NotAllowedError`` for a closed incident.
        """
        plan = await self._assembly_of(incident_id)
        incident = await change_incident(
            self._store,
            incident_id,
            lambda now: self._decide(now, severity, plan, reason=reason, asked=asked),
        )
        entry = await self._entry_of(incident_id, asked.key)
        if entry is not None and incident.severity is severity:
            await self._follow(incident, entry, asked)
        return incident

    async def _assembly_of(self, incident_id: IncidentId) -> PlanRecord | None:
        """The plan to open if there is to be a room; None if there was one."""
        if await self._store.plan(incident_id, ASSEMBLE) is not None:
            return None
        return PlanRecord(
            incident_id=incident_id,
            plan=ASSEMBLE,
            state=PlanState.OPEN,
            opened_at=self._clock.now(),
        )

    def _decide(
        self,
        incident: Incident,
        severity: Severity,
        plan: PlanRecord | None,
        *,
        reason: str,
        asked: Asked,
    ) -> Decision:
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        if incident.severity is severity:
            return Decision(incident, ())
        now, was = self._clock.now(), incident.severity
        is_worse = severity.is_worse_than(was)
        details: Json = {"from": was, "to": severity, "reason": reason, "key": asked.key}
        entry = NewEntry(kind=EntryKind.SEVERITY_CHANGED, at=now, actor=asked.by, details=details)
        escalation = ladder.rearmed(incident.escalation, now, is_worse=is_worse)
        changed = incident.model_copy(update={"severity": severity, "escalation": escalation})
        if incident.room is not None or not self._policy.opens_room(severity):
            return Decision(changed, (entry,))
        people = tuple(dict.fromkeys((*incident.responders, asked.by)))
        return Decision(changed.model_copy(update={"responders": people}), (entry,), plan)

    async def _entry_of(self, incident_id: IncidentId, key: str) -> LedgerEntry | None:
        entries = await self._ledger.entries(incident_id)
        changes = (e for e in entries if e.kind is EntryKind.SEVERITY_CHANGED)
        return next((e for e in changes if e.details.get("key") == key), None)

    async def _follow(self, incident: Incident, entry: LedgerEntry, asked: Asked) -> None:
        """What depends on the severity; each can be done twice unharmed."""
        self.kick(incident.incident_id, ASSEMBLE)
        if await self._store.plan(incident.incident_id, ASSEMBLE) is not None:
            await self._reminders.reschedule(incident.incident_id)
            await self._escalation.rearm(incident.incident_id)
        await self._board.redraw(incident.incident_id)
        if incident.room is not None:
            message = severity_changed(incident, entry, policy=self._policy)
            channel = incident.room.channel_id
            await post_once(self._chat, channel, message, key=asked.key, since=asked.at)
