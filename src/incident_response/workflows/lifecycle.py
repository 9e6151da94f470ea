"""The steps of an incident's life beside its resolving: mitigated, reopened, cancelled, linked,
merged.

Each is decided in one transaction; what follows from it (reminders, the room, who is invited) is
safe to be done twice, for what was asked may be worked off again. Not here: resolving
(resolution), which step is allowed from where (domain.lifecycle).
"""

from incident_response.blocks import lifecycle as words
from incident_response.domain.errors import NotFoundError, WrongStateError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ladder import rearmed
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.lifecycle import Move, in_order, require
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.response import Nudging
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.aftercare import Aftercare
from incident_response.workflows.authority import Authority, authority_of
from incident_response.workflows.change_incident import Decide, Decision, change_incident
from incident_response.workflows.post_once import post_once
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.reminders import Reminders
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard
from incident_response.workflows.room_members import RoomMembers

MITIGATED_ITEM = "mitigated"
"""The checklist's item that mitigating ticks."""


class IncidentLifecycle:
    """Moves incidents through their life."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        board: RoomBoard,
        members: RoomMembers,
        reminders: Reminders,
        aftercare: Aftercare,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._board = board
        self._members = members
        self._reminders = reminders
        self._aftercare = aftercare
        self._clock = clock

    async def mitigate(self, incident_id: IncidentId, *, text: str, asked: Asked) -> Incident:
        """Customers no longer feel it; the work goes on. The room is told, and its list ticked.

        Raises ``NotAllowedError`` or ``WrongStateError``, as all of these do.
        """
        authority = await self._authority(incident_id, asked)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            require(Move.MITIGATE, incident)
            return self._mitigated(incident, text, asked)

        incident = await self._decided(incident_id, decide, asked)
        await self._tell(incident, words.mitigated(incident, text, by=asked.by), asked)
        return incident

    async def reopen(self, incident_id: IncidentId, *, reason: str, asked: Asked) -> Incident:
        """It is not over: people are called again. Stops a resolving that is under way.

        An archived room can only be brought back by a person: until then this is refused with what
        to do, so that nobody takes a room nobody can write in for one that is being worked in.
        """
        authority = await self._authority(incident_id, asked)
        await self._require_room(await self._known(incident_id))

        def decide(incident: Incident) -> Decision:
            require(Move.REOPEN, incident)
            if not incident.is_closed:
                authority.require(incident)
            return self._reopened(incident, reason, asked)

        incident = await self._decided(incident_id, decide, asked)
        await self.restart(incident)
        await self._tell(incident, words.reopened(reason, by=asked.by), asked)
        return incident

    async def restart(self, incident: Incident) -> None:
        """Have people called again about an incident that was reopened, by whomever; nothing
        happens if it has ended again since.
        """
        if incident.is_ending:
            return
        await self._aftercare.cancel(incident.incident_id)
        await self._reminders.start(incident)

    async def cancel(self, incident_id: IncidentId, *, reason: str, asked: Asked) -> Incident:
        """It was nothing: closed without resolving or postmortem.

        Refused while customers read of it.
        """
        authority = await self._authority(incident_id, asked)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            require(Move.CANCEL, incident)
            details: Json = {"reason": reason}
            entry = _entry(EntryKind.INCIDENT_CANCELLED, asked, details)
            return Decision(_closed(incident, asked), (entry,))

        incident = await self._decided(incident_id, decide, asked)
        await self._close(incident)
        message = words.cancelled(incident, reason, asked.by, self._aftercare.archive_at(incident))
        await self._tell(incident, message, asked)
        return incident

    async def link(self, incident_id: IncidentId, other: IncidentId, *, asked: Asked) -> Incident:
        """Have two incidents point at each other; linking them again changes nothing."""
        if incident_id == other:
            raise WrongStateError("an incident cannot be linked to itself")
        await self._authority(incident_id, asked)
        there = await self._known(other)
        incident = await self._linked(incident_id, other, asked)
        there = await self._linked(other, incident_id, asked)
        await self._tell(incident, words.linked(there, by=asked.by), asked)
        return incident

    async def merge(self, incident_id: IncidentId, into: IncidentId, *, asked: Asked) -> Incident:
        """Close this one in favour of ``into``, and bring its people there.

        Its alerts stay with it: what they do is told in the other room. Refused while customers
        read of it, and into one that is not worked on.
        """
        if not await is_decided(self._ledger, incident_id, asked.key):
            await self._require_target(incident_id, into)
        authority = await self._authority(incident_id, asked)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            require(Move.MERGE, incident)
            entry = _entry(EntryKind.INCIDENT_MERGED, asked, {"into": into})
            merged = _closed(incident, asked).model_copy(update={"merged_into": into})
            return Decision(merged, (entry,))

        incident = await self._decided(incident_id, decide, asked)
        target = await self._taken_over(into, incident, asked)
        await self._close(incident)
        archive_at = self._aftercare.archive_at(incident)
        await self._tell(incident, words.merged_away(target, asked.by, archive_at), asked)
        await self._tell(target, words.merged_here(incident, by=asked.by), asked)
        if incident.responders and target.room is not None:
            await self._members.invite(target, incident.responders, by=asked.by)
        return incident

    # Decisions

    def _mitigated(self, incident: Incident, text: str, asked: Asked) -> Decision:
        at = in_order(incident, asked.at)
        entries = [_entry(EntryKind.INCIDENT_MITIGATED, asked, {"text": text})]
        items = list(incident.checklist)
        for index, item in enumerate(items):
            if item.key == MITIGATED_ITEM and not item.is_checked:
                items[index] = item.model_copy(update={"checked_by": asked.by, "checked_at": at})
                details: Json = {"item": item.key, "text": item.text}
                entries.append(_entry(EntryKind.CHECKLIST_CHECKED, asked, details))
        update = {
            "status": IncidentStatus.MITIGATED,
            "mitigated_at": at,
            "last_update_at": at,
            "checklist": tuple(items),
        }
        return Decision(incident.model_copy(update=update), tuple(entries))

    def _reopened(self, incident: Incident, reason: str, asked: Asked) -> Decision:
        details: Json = {
            "reason": reason,
            "was": incident.status.value,
            "was_closed": incident.is_closed,
        }
        entry = _entry(EntryKind.INCIDENT_REOPENED, asked, details)
        now = self._clock.now()
        update: dict[str, object] = {
            "resolution": None,
            "nudging": Nudging(),
            "escalation": rearmed(incident.escalation, now, is_worse=False),
        }
        if incident.is_closed:
            status = IncidentStatus.ASSEMBLED if incident.assembled_at else IncidentStatus.OPEN
            update |= {
                "status": status,
                "resolved_at": None,
                "mitigated_at": None,
                "merged_into": None,
                "room_archived_at": None,
            }
        return Decision(incident.model_copy(update=update), (entry,))

    async def _linked(self, incident_id: IncidentId, other: IncidentId, asked: Asked) -> Incident:
        def decide(incident: Incident) -> Decision:
            if other in incident.linked:
                return Decision(incident, ())
            entry = _entry(EntryKind.INCIDENT_LINKED, asked, {"to": other})
            changed = incident.model_copy(update={"linked": (*incident.linked, other)})
            return Decision(changed, (entry,))

        return await change_incident(self._store, incident_id, decide)

    async def _taken_over(
        self, incident_id: IncidentId, merged: Incident, asked: Asked
    ) -> Incident:
        """The other side of a merge: it knows what was merged into it."""

        def decide(incident: Incident) -> Decision:
            if merged.incident_id in incident.linked:
                return Decision(incident, ())
            entry = _entry(EntryKind.INCIDENT_MERGED, asked, {"from": merged.incident_id})
            linked = (*incident.linked, merged.incident_id)
            return Decision(incident.model_copy(update={"linked": linked}), (entry,))

        return await change_incident(self._store, incident_id, decide)

    # Inside

    async def _decided(self, incident_id: IncidentId, decide: Decide, asked: Asked) -> Incident:
        """The incident after the decision, made once however often it is asked for."""
        if await is_decided(self._ledger, incident_id, asked.key):
            return await self._known(incident_id)
        return await change_incident(self._store, incident_id, decide)

    async def _close(self, incident: Incident) -> None:
        """Nobody is called any more, and the room is archived in its time; unless it was reopened
        meanwhile.
        """
        if not incident.is_closed:
            return
        await self._reminders.stop(incident.incident_id)
        await self._aftercare.schedule_archive(incident)

    async def _tell(self, incident: Incident, message: Message, asked: Asked) -> None:
        """Show the room how it is now, and say why, once."""
        if incident.room is None or incident.room_archived_at is not None:
            return
        self._board.touch(incident.incident_id)
        key = f"{incident.incident_id}:{asked.key}"
        room = incident.room.channel_id
        await post_once(self._chat, room, message, key=key, since=asked.at)

    async def _authority(self, incident_id: IncidentId, asked: Asked) -> Authority:
        return await authority_of(self._chat, await self._known(incident_id), asked.by)

    async def _require_room(self, incident: Incident) -> None:
        room = incident.room
        if room is None or incident.room_archived_at is None:
            return
        if await self._chat.find_room(room.name) is None:
            raise WrongStateError(
                f"its room is archived, and only a person can bring that back: unarchive"
                f" #{room.name} in Slack, invite me there and reopen it again, or declare a new"
                f" incident and link it to {incident.code}"
            )

    async def _require_target(self, incident_id: IncidentId, into: IncidentId) -> None:
        if incident_id == into:
            raise WrongStateError("an incident cannot be merged into itself")
        target = await self._known(into)
        if target.merged_into == incident_id:
            raise WrongStateError(f"{target.code} was merged into this one")
        if target.is_ending:
            raise WrongStateError(f"{target.code} is over; merge into one that is worked on")

    async def _known(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident


def _closed(incident: Incident, asked: Asked) -> Incident:
    update = {"status": IncidentStatus.CANCELLED, "resolved_at": in_order(incident, asked.at)}
    return incident.model_copy(update=update)


def _entry(kind: EntryKind, asked: Asked, details: Json) -> NewEntry:
    return NewEntry(kind=kind, at=asked.at, actor=asked.by, details={KEY: asked.key, **details})
