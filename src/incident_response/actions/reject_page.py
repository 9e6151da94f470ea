"""*Reject with reason*: the form that asks for the reason."""

from incident_response.blocks.action_ids import REJECT_PAGE, decode_value
from incident_response.blocks.page_form import reject_form
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.approval_gate import named_draft


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    draft = named_draft(incident, decode_value(request.value).choice)
    await workflows.chat.open_view(request.trigger_id, reject_form(incident, draft))


action = Action(
    name=REJECT_PAGE,
    kind=EnvelopeKind.ACTION,
    handle=_handle,
    verb="reject <code>",
    opens_modal=True,
)
