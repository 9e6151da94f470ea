"""Who comes into the room after it was assembled: by button, by invitation, by themselves.

Not here: who is called at the beginning (war_room).
"""

from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.ports.chat import Chat, Invited
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.room_board import RoomBoard


class RoomMembers:
    """Lets people in and remembers them."""

    def __init__(
        self, *, store: IncidentStore, chat: Chat, board: RoomBoard, clock: Clock
    ) -> None:
        self._store = store
        self._chat = chat
        self._board = board
        self._clock = clock

    async def invite(
        self, incident: Incident, users: tuple[UserId, ...], *, by: UserId
    ) -> Invited:
        """Invite ``users`` in one call.

        Raises ``NotAllowedError`` while there is no room to come to.
        """
        if incident.room is None:
            raise NotAllowedError("The room is still being set up; try again in a moment.")
        invited = await self._chat.invite(incident.room.channel_id, users)
        await self._remember(incident.incident_id, invited.joined, by=by)
        return invited

    async def joined(self, incident_id: IncidentId, user: UserId) -> None:
        """Remember that a responder came into the room by themselves or was brought in by a
        colleague.
        """
        chat_user = await self._chat.user(user)
        if chat_user is not None and chat_user.may_respond:
            await self._remember(incident_id, (user,), by=user)

    async def _remember(
        self, incident_id: IncidentId, users: tuple[UserId, ...], *, by: UserId
    ) -> None:
        def decide(incident: Incident) -> Decision:
            new = tuple(u for u in users if u not in incident.responders)
            entries = tuple(
                NewEntry(
                    kind=EntryKind.RESPONDER_JOINED,
                    at=self._clock.now(),
                    actor=by,
                    details={"user": user},
                )
                for user in new
            )
            people = (*incident.responders, *new)
            return Decision(incident.model_copy(update={"responders": people}), entries)

        await change_incident(self._store, incident_id, decide)
        self._board.touch(incident_id)
