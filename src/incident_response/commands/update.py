"""``update [text]``: tell the room where things stand; without words a form asks for them."""

from incident_response.blocks.text import clean, unescape
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.update_forms import open_update_form
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = room_of(request)
    if not request.text:
        await open_update_form(request, workflows, incident)
        return
    text = clean(unescape(request.text), lines=True)
    await workflows.updates.post(incident.incident_id, text, asked=request.asked)


command = Command(
    name="update",
    usage="[where things stand]",
    topic=Topic.UPDATES,
    summary="Tell the room where things stand; reminders count from then",
    aliases=("post",),
    scope=Scope.IN_ROOM,
    opens_modal=lambda text: not text,
    label="Post update",
    handle=_handle,
)
