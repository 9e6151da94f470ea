"""*Reopen*: it is not over."""

from incident_response.blocks.action_ids import REOPEN_INCIDENT
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    await workflows.lifecycle.reopen(incident.incident_id, reason="", asked=request.asked)


action = Action(name=REOPEN_INCIDENT, kind=EnvelopeKind.ACTION, handle=_handle, verb="reopen")
