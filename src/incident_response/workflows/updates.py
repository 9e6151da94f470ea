"""Posts updates: the room is told where things stand, and the reminders count from then.

It is posted first and recorded then, so that the ledger never tells of an update that nobody could
read. Not here: drafting one (drafting), what of an ordinary message is an update (drafting).
"""

from incident_response.blocks.update import LONGEST, update
from incident_response.domain import reminding
from incident_response.domain.errors import NotFoundError, RefusedError, WrongStateError
from incident_response.domain.incident import Incident, Room
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.ports.chat import Chat
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.authority import authority_of
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.nudge import NudgeScheduler
from incident_response.workflows.post_once import post_once
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.roles import Asked


class UpdateDesk:
    """Takes updates."""

    def __init__(
        self, *, store: IncidentStore, ledger: Ledger, chat: Chat, nudges: NudgeScheduler
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._nudges = nudges

    async def post(self, incident_id: IncidentId, text: str, *, asked: Asked) -> Incident:
        """The incident, whose room was told; once for one key.

        Anybody in the room may. Raises ``NotAllowedError`` for others, ``WrongStateError`` for an
        incident that is over or has no room yet, ``RefusedError`` for a text that is too long.
        """
        if not await is_decided(self._ledger, incident_id, asked.key):
            incident = await self._known(incident_id)
            (await authority_of(self._chat, incident, asked.by)).require_in_room()
            channel = _room_of(incident).channel_id
            message = update(_fitting(text), asked.by)
            await post_once(self._chat, channel, message, key=asked.key, since=asked.at)
            await self._record(incident_id, text, asked)
        return await self._nudges.follow(incident_id)

    async def _record(self, incident_id: IncidentId, text: str, asked: Asked) -> None:
        details: Json = {KEY: asked.key, "text": text}
        entry = NewEntry(
            kind=EntryKind.UPDATE_POSTED, at=asked.at, actor=asked.by, details=details
        )

        def decide(incident: Incident) -> Decision:
            return Decision(reminding.updated(incident, asked.at), (entry,))

        await change_incident(self._store, incident_id, decide)

    async def _known(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident


def _room_of(incident: Incident) -> Room:
    if incident.is_closed:
        raise WrongStateError("this incident is over")
    if incident.room is None:
        raise WrongStateError("the room is still being set up; try again in a moment")
    return incident.room


def _fitting(text: str) -> str:
    if len(text) > LONGEST:
        raise RefusedError(f"an update holds {LONGEST} characters, and this one has {len(text)}")
    return text
