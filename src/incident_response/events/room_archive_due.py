"""The room of an incident that is over is to be archived."""

from incident_response.routing.aftercare import read_due
from incident_response.routing.event import Event, EventHandler
from incident_response.routing.workflows import Workflows
from incident_response.workflows.aftercare import ROOM_ARCHIVE_DUE


async def _handle(event: Event, workflows: Workflows) -> None:
    due = read_due(event.body)
    await workflows.aftercare.archive_due(due.incident_id, due.run, due.at)


event = EventHandler(type=ROOM_ARCHIVE_DUE, handle=_handle)
