"""Tells a standing room what its alert did: fired again, resolved at the source, more of it
attached.

Told from the ledger, so a redelivery after a crash tells exactly what was folded, and once. Not
here: the words (blocks).
"""

from incident_response.blocks.alert_notices import (
    alert_refired,
    alert_resolved,
    merged_alert_refired,
    reopened,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry
from incident_response.domain.model import EventId, IncidentId
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.post_once import post_once
from incident_response.workflows.room_board import RoomBoard


def _back(incident: Incident, entry: LedgerEntry) -> Message:
    if entry.details.get("was_closed"):
        return reopened(incident)
    return alert_refired(incident, was_ending=bool(entry.details.get("was_ending")))


class RoomNotices:
    """Posts what the room must know; what it merely should see goes onto its board."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        board: RoomBoard,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._board = board
        self._clock = clock

    async def tell(self, incident_id: IncidentId, event_id: EventId) -> None:
        """Tell the room, once, what folding ``event_id`` did; a room still being assembled shows
        it by itself.
        """
        incident = await self._store.get(incident_id)
        entry = await self._entry_of(incident_id, event_id)
        if incident is None or entry is None:
            return
        self._board.touch(incident_id)
        told = await self._where(incident)
        message = self._message(incident, entry, is_merged=told is not incident)
        if message is None or told.room is None or told.room_archived_at is not None:
            return
        key = f"{incident_id}:ledger:{entry.seq}"
        await post_once(self._chat, told.room.channel_id, message, key=key, since=entry.at)

    async def _where(self, incident: Incident) -> Incident:
        """The incident whose room is told: what one was merged into, however often."""
        seen = {incident.incident_id}
        while incident.merged_into is not None and incident.merged_into not in seen:
            seen.add(incident.merged_into)
            incident = await self._store.get(incident.merged_into) or incident
        return incident

    async def _entry_of(self, incident_id: IncidentId, event_id: EventId) -> LedgerEntry | None:
        entries = await self._ledger.entries(incident_id)
        return next((e for e in entries if e.details.get("event_id") == event_id), None)

    def _message(
        self, incident: Incident, entry: LedgerEntry, *, is_merged: bool
    ) -> Message | None:
        if is_merged:
            is_back = entry.kind is EntryKind.ALERT_ATTACHED and entry.details.get("is_back")
            return merged_alert_refired(incident) if is_back else None
        match entry.kind:
            case EntryKind.ALERT_RESOLVED:
                return alert_resolved(incident)
            case EntryKind.INCIDENT_REOPENED:
                return _back(incident, entry)
            case _:
                return None  # attached, stale, acknowledged: the board and the ledger say it
