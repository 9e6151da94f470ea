"""A day after the end: ask the commander how it went, if nobody has said so."""

from incident_response.routing.aftercare import read_due
from incident_response.routing.event import Event, EventHandler
from incident_response.routing.workflows import Workflows
from incident_response.workflows.aftercare import PULSE_FOLLOW_UP


async def _handle(event: Event, workflows: Workflows) -> None:
    due = read_due(event.body)
    await workflows.aftercare.pulse_due(due.incident_id, due.run)


event = EventHandler(type=PULSE_FOLLOW_UP, handle=_handle)
