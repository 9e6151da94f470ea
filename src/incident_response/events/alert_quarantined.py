"""An authentic alert was not understood: show it to an operator."""

from incident_response.domain.errors import NotFoundError
from incident_response.domain.model import EventId
from incident_response.routing.event import Event, EventHandler, required_text
from incident_response.routing.workflows import Workflows
from incident_response.workflows.accept_alert import ALERT_QUARANTINED


async def _handle(event: Event, workflows: Workflows) -> None:
    record = await workflows.intake.get(EventId(required_text(event.body, "event_id")))
    if record is None:
        raise NotFoundError("there is no accepted alert of this id")
    await workflows.operators.quarantined(record)


event = EventHandler(type=ALERT_QUARANTINED, handle=_handle)
