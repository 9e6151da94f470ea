"""``cancel <reason>``: it was nothing; without a reason a form asks for it."""

from incident_response.blocks.ending_forms import cancel_form
from incident_response.domain.lifecycle import Move, require
from incident_response.routing.asking import said
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = room_of(request)
    if not request.text:
        require(Move.CANCEL, incident)
        await workflows.chat.open_view(request.trigger_id, cancel_form(incident))
        return
    await workflows.lifecycle.cancel(
        incident.incident_id, reason=said(request.text), asked=request.asked
    )


command = Command(
    name="cancel",
    usage="<reason>",
    topic=Topic.END,
    summary="It is no incident: close it without a postmortem",
    aliases=("decline",),
    scope=Scope.IN_ROOM,
    opens_modal=lambda text: not text,
    label="Cancel …",
    handle=_handle,
)
