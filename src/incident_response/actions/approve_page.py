"""*Approve & Publish*: exactly the text on the clicked card."""

from incident_response.blocks.action_ids import APPROVE_PAGE, decode_value
from incident_response.blocks.page_replies import answered
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    value = decode_value(request.value)
    changed = await workflows.gate.approve(
        value.incident_id, code=value.choice, asked=request.asked
    )
    return answered(changed, policy=workflows.policy)


action = Action(name=APPROVE_PAGE, kind=EnvelopeKind.ACTION, handle=_handle, verb="approve <code>")
