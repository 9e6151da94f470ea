"""``postmortem [code]``: where it is filed and what it says, or what it would say now."""

from incident_response.blocks.postmortem import postmortem
from incident_response.blocks.refusals import could_not
from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident


async def _handle(request: Request, workflows: Workflows) -> Message:
    if request.text:
        incident = await find_incident(workflows.store, request.text)
        await _require_insider(request, workflows, incident)
    elif request.incident is not None:
        incident = request.incident
    else:
        why = "this channel is no war room"
        return could_not("show a postmortem", why, f"Type {request.name} postmortem <code>.")
    document = await workflows.postmortems.preview(incident)
    return postmortem(incident, document, workflows.clock.now())


async def _require_insider(request: Request, workflows: Workflows, incident: Incident) -> None:
    """A room is private, and so is what was said in it."""
    if incident.room is None or incident.room.channel_id == request.channel_id:
        return
    if request.user_id not in await workflows.chat.members(incident.room.channel_id):
        raise NotAllowedError("Only the people in its room can see that.")


command = Command(
    name="postmortem",
    usage="[code]",
    topic=Topic.END,
    summary="Where the postmortem is filed, or what it would say now",
    aliases=("pm", "retro"),
    label="Postmortem",
    handle=_handle,
)
