"""The time of an escalation's next step has come."""

from incident_response.domain.model import IncidentId
from incident_response.routing.event import (
    Event,
    EventHandler,
    UndecodableEventError,
    required_text,
)
from incident_response.routing.workflows import Workflows
from incident_response.workflows.escalation import ESCALATION_EVENT


async def _handle(event: Event, workflows: Workflows) -> None:
    level = event.body.get("level")
    if isinstance(level, bool) or not isinstance(level, int):
        raise UndecodableEventError("the escalation names no level")
    incident_id = IncidentId(required_text(event.body, "incident_id"))
    await workflows.escalation.due(incident_id, level)


event = EventHandler(type=ESCALATION_EVENT, handle=_handle)
