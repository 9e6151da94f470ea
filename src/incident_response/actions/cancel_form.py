"""The form that says why it is no incident was sent."""

from incident_response.blocks.action_ids import CANCEL_FORM
from incident_response.blocks.ending_forms import errors_of, incident_of, line_of
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    await workflows.lifecycle.cancel(
        incident_of(request.view), reason=line_of(request.view), asked=request.asked
    )


action = Action(name=CANCEL_FORM, kind=EnvelopeKind.VIEW, handle=_handle, check=errors_of)
