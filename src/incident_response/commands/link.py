"""``link <code>``: another incident has to do with this one."""

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
        return could_not("link", why, f"Type {request.name} link and the other's code.")
    other = await find_incident(workflows.store, request.text)
    await workflows.lifecycle.link(incident.incident_id, other.incident_id, asked=request.asked)
    return None


command = Command(
    name="link",
    usage="<code>",
    topic=Topic.END,
    summary="Have this incident and another one point at each other",
    scope=Scope.IN_ROOM,
    label="Link",
    needs_text=True,
    handle=_handle,
)
