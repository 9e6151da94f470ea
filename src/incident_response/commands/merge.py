"""``merge <code>``: work goes on in another incident's room; this one is closed."""

from incident_response.blocks.refusals import could_not
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    if not request.text:
        why = "no incident was named"
        return could_not("merge", why, f"Type {request.name} merge and the code to merge into.")
    into = await find_incident(workflows.store, request.text)
    await workflows.lifecycle.merge(incident.incident_id, into.incident_id, asked=request.asked)
    return None


command = Command(
    name="merge",
    usage="<code>",
    topic=Topic.END,
    summary="Close this incident in favour of another one, and bring its people there",
    aliases=("duplicate",),
    scope=Scope.IN_ROOM,
    label="Merge into another",
    needs_text=True,
    handle=_handle,
)
