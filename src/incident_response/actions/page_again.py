"""*Not there, publish again*: a new approval of the same text."""

from incident_response.blocks.action_ids import PAGE_AGAIN, decode_value
from incident_response.blocks.page_replies import answered
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    value = decode_value(request.value)
    changed = await workflows.gate.publish_again(
        value.incident_id, code=value.choice, asked=request.asked
    )
    return answered(changed, policy=workflows.policy)


action = Action(name=PAGE_AGAIN, kind=EnvelopeKind.ACTION, handle=_handle, verb="republish <code>")
