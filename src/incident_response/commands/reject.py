"""``reject <code> <why>``: drop the text with this code."""

from incident_response.blocks.page_replies import answered
from incident_response.ports.chat import Message
from incident_response.routing.asking import said
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.page_messages import code_and_rest
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = room_of(request)
    code, reason = code_and_rest(request, incident)
    changed = await workflows.gate.reject(
        incident.incident_id, code=code, reason=said(reason), asked=request.asked
    )
    return answered(changed, policy=workflows.policy)


command = Command(
    name="reject",
    usage="<code> [why]",
    topic=Topic.CUSTOMERS,
    summary="Drop a message to customers",
    scope=Scope.IN_ROOM,
    needs_text=True,
    handle=_handle,
)
