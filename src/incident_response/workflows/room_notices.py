"""Tells a standing room what its alert did: fired again, resolved at the source, more of it
attached.

Told from the ledger, so a redelivery after a crash tells exactly what was folded, and once. Not
here: the words (blocks).
"""

from incident_response.blocks.alert_notices import alert_refired, alert_resolved, reopened
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
    return reopened(incident) if entry.details.get("was_closed") else alert_refired(incident)


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
        if incident is None or incident.room is None:
            return
        self._board.touch(incident_id)
        entry = await self._entry_of(incident_id, event_id)
        message = self._message(incident, entry) if entry else None
        if entry is not None and message is not None:
            channel, key = incident.room.channel_id, f"{incident_id}:ledger:{entry.seq}"
            await post_once(self._chat, channel, message, key=key, since=entry.at)

    async def _entry_of(self, incident_id: IncidentId, event_id: EventId) -> LedgerEntry | None:
        entries = await self._ledger.entries(incident_id)
        return next((e for e in entries if e.details.get("event_id") == event_id), None)

    def _message(self, incident: Incident, entry: LedgerEntry) -> Message | None:
        match entry.kind:
            case EntryKind.ALERT_RESOLVED:
                return alert_resolved(incident)
            case EntryKind.INCIDENT_REOPENED:
                return _back(incident, entry)
            case _:
                return None  # attached, stale, acknowledged: the board and the ledger say it
