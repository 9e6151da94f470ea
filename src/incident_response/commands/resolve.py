"""``resolve [summary]``: end the incident of this room; without words a form asks for them."""

from incident_response.blocks.ending_forms import resolve_form
from incident_response.blocks.resolution import resolving
from incident_response.domain.lifecycle import Move, require
from incident_response.ports.chat import Message
from incident_response.routing.asking import said
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.resolution import resolve_run


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    if not request.text:
        require(Move.RESOLVE, incident)
        suggestion = await workflows.resolver.suggested_summary(incident.incident_id)
        await workflows.chat.open_view(request.trigger_id, resolve_form(incident, suggestion))
        return None
    incident = await workflows.resolver.resolve(
        incident.incident_id, summary=said(request.text), asked=request.asked
    )
    workflows.runner.kick(incident.incident_id, resolve_run(incident))
    return resolving(incident)


command = Command(
    name="resolve",
    usage="[what fixed it]",
    topic=Topic.END,
    summary="End the incident: postmortem, closing message, and nobody is called any more",
    aliases=("close", "fixed"),
    scope=Scope.IN_ROOM,
    opens_modal=lambda text: not text,
    label="Resolve",
    handle=_handle,
)
