"""How people found the response: a figure from one to five each, changed as often as they like.

Not here: asking for it (resolution, aftercare).
"""

import structlog

from incident_response.blocks.pulse import BEST, WORST, pulse
from incident_response.domain.errors import (
    IncidentResponseError,
    RefusedError,
    WrongStateError,
)
from incident_response.domain.incident import Incident, MessageRef
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId
from incident_response.ports.chat import Chat
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked

log = structlog.get_logger(__name__)

PULSE = "pulse"
"""Name of the message that asks for it, among the incident's messages."""


class PulseDesk:
    """Takes the ratings."""

    def __init__(self, *, store: IncidentStore, chat: Chat) -> None:
        self._store = store
        self._chat = chat

    async def rate(self, incident_id: IncidentId, rating: int, *, asked: Asked) -> Incident:
        """Remember the rating of ``asked.by`` and show it in the room.

        Raises ``RefusedError`` for one outside 1 to 5, ``WrongStateError`` before the end.
        """
        if not WORST <= rating <= BEST:
            raise RefusedError(f"a rating is a figure from {WORST} to {BEST}")
        incident = await change_incident(
            self._store, incident_id, lambda now: _decide(now, rating, asked)
        )
        ref = incident.messages.get(PULSE)
        if ref is not None and incident.room_archived_at is None:
            await self._show(ref, incident)
        return incident

    async def _show(self, ref: MessageRef, incident: Incident) -> None:
        """The rating counts, whether or not the question can still be drawn."""
        try:
            await self._chat.update(ref, pulse(incident))
        except IncidentResponseError as error:
            log.warning(
                "cannot show the ratings", incident_id=incident.incident_id, reason=str(error)
            )


def _decide(incident: Incident, rating: int, asked: Asked) -> Decision:
    if not incident.is_ending:
        raise WrongStateError("it is not over yet; rate it when it is resolved")
    if incident.ratings.get(asked.by) == rating:
        return Decision(incident, ())
    entry = NewEntry(
        kind=EntryKind.PULSE_RATED, at=asked.at, actor=asked.by, details={"rating": rating}
    )
    changed = incident.model_copy(update={"ratings": {**incident.ratings, asked.by: rating}})
    return Decision(changed, (entry,))
