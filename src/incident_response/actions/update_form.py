"""The form for an update was sent."""

from incident_response.blocks.action_ids import UPDATE_FORM
from incident_response.blocks.update_form import errors_of, incident_of, text_of
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    view = request.view
    await workflows.updates.post(incident_of(view), text_of(view), asked=request.asked)


action = Action(name=UPDATE_FORM, kind=EnvelopeKind.VIEW, handle=_handle, check=errors_of)
