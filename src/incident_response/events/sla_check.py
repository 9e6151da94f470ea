"""The postmortem should have been reviewed by now: look whether it was."""

from incident_response.routing.aftercare import read_due
from incident_response.routing.event import Event, EventHandler
from incident_response.routing.workflows import Workflows
from incident_response.workflows.aftercare import SLA_CHECK


async def _handle(event: Event, workflows: Workflows) -> None:
    due = read_due(event.body)
    await workflows.aftercare.review_due(due.incident_id, due.run)


event = EventHandler(type=SLA_CHECK, handle=_handle)
