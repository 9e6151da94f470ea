"""*Edit*: the form with the text on the clicked card."""

from incident_response.blocks.action_ids import EDIT_PAGE, decode_value
from incident_response.blocks.page_form import page_form
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.approval_gate import editable


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    draft = editable(incident, decode_value(request.value).choice)
    view = page_form(incident, draft, workflows.pages.components(incident))
    await workflows.chat.open_view(request.trigger_id, view)


action = Action(
    name=EDIT_PAGE, kind=EnvelopeKind.ACTION, handle=_handle, verb="edit", opens_modal=True
)
