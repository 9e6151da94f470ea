"""Who may decide how an incident goes on: the commander; while nobody commands, any responder.

Not here: who may approve a message to customers (approval_gate), what is decided (lifecycle,
resolution).
"""

from dataclasses import dataclass

from incident_response.domain.errors import NotAllowedError, NotInCommandError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM
from incident_response.domain.model import UserId
from incident_response.ports.chat import Chat


@dataclass(frozen=True, slots=True)
class Authority:
    """What the chat knows of somebody who wants to decide; the rest is the incident's to say."""

    by: UserId
    is_responder: bool

    def require(self, incident: Incident) -> None:
        """Raise ``NotAllowedError`` unless they may decide about ``incident`` as it is now."""
        if self.by in (incident.commander, SYSTEM):
            return
        if incident.commander is not None:
            raise NotInCommandError(commander=incident.commander)
        if not self.is_responder:
            raise NotAllowedError("Nobody is in command, and only people in its room can do that.")

    def require_in_room(self) -> None:
        """Raise ``NotAllowedError`` unless they are one of the incident's people."""
        if not self.is_responder:
            raise NotAllowedError("Only people in its room can do that.")


async def authority_of(chat: Chat, incident: Incident, by: UserId) -> Authority:
    """What ``by`` may be allowed. Raises ``NotAllowedError`` for who is no full member."""
    if by == SYSTEM:
        return Authority(by, is_responder=True)
    user = await chat.user(by)
    if user is None or not user.may_respond:
        raise NotAllowedError("Only a full member of this workspace can do that.")
    return Authority(by, is_responder=await _responds(chat, incident, by))


async def _responds(chat: Chat, incident: Incident, by: UserId) -> bool:
    """Whether they are one of its people; somebody may have come into the room unnoticed."""
    if by in (*incident.responders, incident.declared_by):
        return True
    if incident.room is None or incident.room_archived_at is not None:
        return False
    return by in await chat.members(incident.room.channel_id)
