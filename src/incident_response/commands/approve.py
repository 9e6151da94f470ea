"""``approve <code>``: the text with this code is approved and goes to the status page."""

from incident_response.blocks.page_replies import answered
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.page_messages import code_and_rest
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = room_of(request)
    code, _ = code_and_rest(request, incident)
    changed = await workflows.gate.approve(incident.incident_id, code=code, asked=request.asked)
    return answered(changed, policy=workflows.policy)


command = Command(
    name="approve",
    usage="<code>",
    aliases=("publish",),
    topic=Topic.CUSTOMERS,
    summary="Approve exactly the text with this code, and publish it",
    scope=Scope.IN_ROOM,
    needs_text=True,
    handle=_handle,
)
