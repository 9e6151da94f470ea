"""``status``: where the incident of this room stands."""

from incident_response.blocks.status import status
from incident_response.ports.chat import Message
from incident_response.routing.asking import written
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.page_messages import draft_message
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

DRAFT = "draft"


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = room_of(request)
    word, _, text = request.text.partition(" ")
    if word.lower() == DRAFT:
        return await draft_message(request, incident, written(text), workflows)
    briefing = await workflows.board.briefing(incident.incident_id)
    return status(
        incident,
        briefing,
        workflows.clock.now(),
        policy=workflows.policy,
        has_page=workflows.page.is_connected,
    )


command = Command(
    name="status",
    usage="[draft [text for customers]]",
    aliases=("statuspage", "sp"),
    summary="Where the incident stands: who does what, since when, what is missing",
    scope=Scope.IN_ROOM,
    topic=Topic.PICTURE,
    label="Status",
    handle=_handle,
)
