"""``edit``: the form in which the message to customers that waits for approval is changed."""

from incident_response.blocks.page_form import page_form
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.approval_gate import editable


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = room_of(request)
    view = page_form(incident, editable(incident), workflows.pages.components(incident))
    await workflows.chat.open_view(request.trigger_id, view)


command = Command(
    name="edit",
    topic=Topic.CUSTOMERS,
    summary="Change the message to customers that waits for approval",
    scope=Scope.IN_ROOM,
    opens_modal=lambda _text: True,
    handle=_handle,
)
