"""``join <code>``: come into an incident's room."""

from incident_response.blocks.replies import joined
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = await find_incident(workflows.store, request.text)
    await workflows.members.invite(incident, (request.user_id,), by=request.user_id)
    return joined(incident, policy=workflows.policy)


command = Command(
    name="join",
    usage="<code>",
    summary="Come into the room of an incident; its code ends the room's name",
    topic=Topic.BEGIN,
    needs_text=True,
    handle=_handle,
)
