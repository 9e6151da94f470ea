"""The form that ends an incident was sent."""

from incident_response.blocks.action_ids import RESOLVE_FORM
from incident_response.blocks.ending_forms import errors_of, incident_of, line_of
from incident_response.blocks.resolution import resolving
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.resolution import resolve_run


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = await workflows.resolver.resolve(
        incident_of(request.view), summary=line_of(request.view), asked=request.asked
    )
    workflows.runner.kick(incident.incident_id, resolve_run(incident))
    if incident.room is not None:
        room, message = incident.room.channel_id, resolving(incident)
        await workflows.chat.post_private(room, request.user_id, message)


action = Action(name=RESOLVE_FORM, kind=EnvelopeKind.VIEW, handle=_handle, check=errors_of)
