"""A reminder's slot has come."""

from datetime import datetime

from incident_response.domain.model import IncidentId
from incident_response.ports.scheduler import SCHEDULED_AT
from incident_response.routing.event import (
    Event,
    EventHandler,
    UndecodableEventError,
    required_text,
)
from incident_response.routing.workflows import Workflows
from incident_response.workflows.nudge import NUDGE_EVENT


async def _handle(event: Event, workflows: Workflows) -> None:
    incident_id = IncidentId(required_text(event.body, "incident_id"))
    try:
        slot = datetime.fromisoformat(required_text(event.body, SCHEDULED_AT))
    except ValueError as error:
        raise UndecodableEventError("the reminder names no time") from error
    await workflows.nudges.due(incident_id, slot)


event = EventHandler(type=NUDGE_EVENT, handle=_handle)
