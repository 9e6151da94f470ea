"""Reads the events that aftercare schedules for an incident that is over.

Not here: what is done about them (events).
"""

from dataclasses import dataclass
from datetime import datetime

from incident_response.domain.model import IncidentId, Json
from incident_response.ports.scheduler import SCHEDULED_AT
from incident_response.routing.event import UndecodableEventError, required_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that was to happen after the end of an incident."""

    incident_id: IncidentId
    run: int
    """Which of the incident's resolvings it followed."""
    at: datetime
    """The slot: the same at every redelivery."""


def read_due(body: Json) -> Due:
    """What is due. Raises ``UndecodableEventError`` if the event does not say."""
    run = body.get("run")
    if not isinstance(run, int) or isinstance(run, bool):
        raise UndecodableEventError("the event does not say which end it followed")
    try:
        at = datetime.fromisoformat(required_text(body, SCHEDULED_AT))
    except ValueError as error:
        raise UndecodableEventError("the event names no time") from error
    return Due(incident_id=IncidentId(required_text(body, "incident_id")), run=run, at=at)
