"""*Resolve …*: open the form that ends the incident."""

from incident_response.blocks.action_ids import RESOLVE_INCIDENT
from incident_response.blocks.ending_forms import resolve_form
from incident_response.domain.lifecycle import Move, require
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    require(Move.RESOLVE, incident)
    suggestion = await workflows.resolver.suggested_summary(incident.incident_id)
    await workflows.chat.open_view(request.trigger_id, resolve_form(incident, suggestion))


action = Action(
    name=RESOLVE_INCIDENT,
    kind=EnvelopeKind.ACTION,
    handle=_handle,
    verb="resolve",
    opens_modal=True,
)
