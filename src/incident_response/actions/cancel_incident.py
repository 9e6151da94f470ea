"""*Cancel: it is nothing …*: open the form that asks why."""

from incident_response.blocks.action_ids import CANCEL_INCIDENT
from incident_response.blocks.ending_forms import cancel_form
from incident_response.domain.lifecycle import Move, require
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    require(Move.CANCEL, incident)
    await workflows.chat.open_view(request.trigger_id, cancel_form(incident))


action = Action(
    name=CANCEL_INCIDENT,
    kind=EnvelopeKind.ACTION,
    handle=_handle,
    verb="cancel",
    opens_modal=True,
)
