"""Who takes which role. Any responder may take or give one; the ledger says who did.

Not here: the words (blocks), parsing what was typed (commands).
"""

from incident_response.blocks.duty import duty
from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.roles import Role
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.room_board import RoomBoard


class RoleDesk:
    """Assigns roles."""

    def __init__(
        self, *, store: IncidentStore, chat: Chat, board: RoomBoard, clock: Clock
    ) -> None:
        self._store = store
        self._chat = chat
        self._board = board
        self._clock = clock

    async def assign(
        self, incident_id: IncidentId, role: Role, *, to: UserId, by: UserId
    ) -> Incident:
        """Give ``role`` to ``to``, bring them into the room, show the room, and tell them their
        duty.

        Giving it to who has it changes nothing but shows everything again. Raises
        ``NotAllowedError`` for a closed incident or somebody who cannot respond.
        """
        user = await self._chat.user(to)
        if user is None or not user.may_respond:
            raise NotAllowedError("Only a full member of this workspace can take a role.")
        incident = await change_incident(
            self._store, incident_id, lambda now: self._decide(now, role, to=to, by=by)
        )
        await self._show(incident, role, to)
        return incident

    def _decide(self, incident: Incident, role: Role, *, to: UserId, by: UserId) -> Decision:
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        before = incident.roles.get(role)
        if before == to:
            return Decision(incident, ())
        entry = NewEntry(
            kind=EntryKind.ROLE_ASSIGNED,
            at=self._clock.now(),
            actor=by,
            details={"role": role.value, "to": to, "before": before},
        )
        roles = {**incident.roles, role: to}
        people = tuple(dict.fromkeys((*incident.responders, to)))
        changed = incident.model_copy(update={"roles": roles, "responders": people})
        return Decision(changed, (entry,))

    async def _show(self, incident: Incident, role: Role, to: UserId) -> None:
        if incident.room is None:
            return
        await self._chat.invite(incident.room.channel_id, (to,))
        await self._board.redraw(incident.incident_id)
        await self._chat.post_private(incident.room.channel_id, to, duty(role))
