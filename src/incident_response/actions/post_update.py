"""*Post update*: open the form for one, filled with a draft."""

from incident_response.blocks.action_ids import POST_UPDATE
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.update_forms import open_update_form
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await clicked_incident(request, workflows.store)
    await open_update_form(request, workflows, incident)


action = Action(
    name=POST_UPDATE,
    kind=EnvelopeKind.ACTION,
    handle=_handle,
    verb="update",
    opens_modal=True,
)
