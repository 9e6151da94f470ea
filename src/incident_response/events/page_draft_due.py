"""Customers should have been told something by now: remind the room, if they were not."""

from incident_response.domain.model import IncidentId
from incident_response.routing.event import Event, EventHandler, required_text
from incident_response.routing.workflows import Workflows
from incident_response.workflows.page_reminder import PAGE_DRAFT_DUE


async def _handle(event: Event, workflows: Workflows) -> None:
    incident_id = IncidentId(required_text(event.body, "incident_id"))
    await workflows.page_reminder.due(incident_id)


event = EventHandler(type=PAGE_DRAFT_DUE, handle=_handle)
