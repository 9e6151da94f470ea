"""Ticks items of the checklist, on and off.

Not here: how a click is read or the list is drawn (actions, blocks).
"""

from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.room_board import RoomBoard


class ChecklistDesk:
    """Keeps the checklist."""

    def __init__(self, *, store: IncidentStore, board: RoomBoard, clock: Clock) -> None:
        self._store = store
        self._board = board
        self._clock = clock

    async def tick(
        self, incident_id: IncidentId, changes: dict[str, bool], *, by: UserId
    ) -> Incident:
        """Tick (True) and untick (False) items by key, and show the room.

        An item that is so already keeps who did it first. Raises ``NotFoundError`` for an unknown
        key.
        """
        incident = await change_incident(
            self._store, incident_id, lambda now: self._decide(now, changes, by)
        )
        await self._board.redraw(incident_id)
        return incident

    def _decide(self, incident: Incident, changes: dict[str, bool], by: UserId) -> Decision:
        if strangers := changes.keys() - {item.key for item in incident.checklist}:
            raise NotFoundError(f"the checklist has no item {min(strangers)}")
        now = self._clock.now()
        items, entries = list(incident.checklist), []
        for index, item in enumerate(items):
            wanted = changes.get(item.key, item.is_checked)
            if wanted == item.is_checked:
                continue
            update = {"checked_by": by, "checked_at": now} if wanted else _UNTICKED
            items[index] = item.model_copy(update=update)
            kind = EntryKind.CHECKLIST_CHECKED if wanted else EntryKind.CHECKLIST_UNCHECKED
            details = {"item": item.key, "text": item.text}
            entries.append(NewEntry(kind=kind, at=now, actor=by, details=dict(details)))
        changed = incident.model_copy(update={"checklist": tuple(items)})
        return Decision(changed, tuple(entries))


_UNTICKED = {"checked_by": None, "checked_at": None}
