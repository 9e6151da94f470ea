"""Who takes which role. Any responder may take or give one; the ledger says who did.

Not here: the words (blocks), parsing what was typed (commands).
"""

from dataclasses import dataclass
from datetime import datetime

from incident_response.blocks.duty import duty
from incident_response.blocks.handover import command_offered, taken_over
from incident_response.blocks.replies import role_assigned
from incident_response.domain.errors import NotAllowedError, NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import ChannelId, IncidentId, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.acknowledging import acknowledged
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.post_once import post_once
from incident_response.workflows.room_board import RoomBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked for something, when, and under which key: asked again, it is told once."""

    by: UserId
    at: datetime
    key: str


class RoleDesk:
    """Assigns roles."""

    def __init__(
        self, *, store: IncidentStore, chat: Chat, board: RoomBoard, policy: Policy, clock: Clock
    ) -> None:
        self._store = store
        self._policy = policy
        self._chat = chat
        self._board = board
        self._clock = clock

    async def assign(
        self, incident_id: IncidentId, role: Role, *, to: UserId, asked: Asked
    ) -> Incident:
        """Give ``role`` to ``to``, bring them into the room, tell the room, and them their duty.

        Giving it to who has it changes nothing, and the room is not told again. Raises
        ``NotAllowedError`` for a closed incident or somebody who cannot respond.
        """
        user = await self._chat.user(to)
        if user is None or not user.may_respond:
            raise NotAllowedError("Only a full member of this workspace can take a role.")
        before = await self._store.get(incident_id)
        incident = await change_incident(
            self._store, incident_id, lambda now: self._decide(now, role, to=to, by=asked.by)
        )
        previous = before.roles.get(role) if before is not None else None
        if incident.room is not None:
            channel = incident.room.channel_id
            told = role_assigned(role, to, by=asked.by, previous=previous)
            await self._chat.invite(channel, (to,))
            await self._show(incident, channel, told, asked=asked)
            await self._chat.post_private(channel, to, self._brief(incident, role, previous))
        return incident

    async def hand_over(
        self, incident_id: IncidentId, *, to: UserId | None, asked: Asked
    ) -> Incident:
        """The commander gives command to ``to``; to nobody named: the room is asked.

        Raises ``NotAllowedError`` if somebody else or nobody is in command, or as ``assign``.
        """
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        if incident.commander not in (asked.by, to):
            raise NotAllowedError("Only whoever is in command can hand it over.")
        if to is not None:
            return await self.assign(incident_id, Role.COMMANDER, to=to, asked=asked)
        if incident.room is not None:
            channel, message = incident.room.channel_id, command_offered(incident)
            await post_once(self._chat, channel, message, key=asked.key, since=asked.at)
        return incident

    def _brief(self, incident: Incident, role: Role, previous: UserId | None) -> Message:
        """What whoever takes a role is told alone; a new commander also where things stand."""
        if role is Role.COMMANDER and previous not in (None, incident.commander):
            return taken_over(incident, self._clock.now(), policy=self._policy)
        return duty(role, policy=self._policy)

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
        if role is not Role.COMMANDER:
            return Decision(changed, (entry,))
        answered = acknowledged(changed, by=by, at=self._clock.now())
        return Decision(answered.incident, (entry, *answered.entries))

    async def _show(
        self, incident: Incident, channel: ChannelId, told: Message, *, asked: Asked
    ) -> None:
        await self._board.redraw(incident.incident_id)
        await post_once(self._chat, channel, told, key=asked.key, since=asked.at)
