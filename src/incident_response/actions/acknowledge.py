"""*Acknowledge*: the clicker is on it, and nobody further is called."""

from incident_response.blocks.action_ids import ACKNOWLEDGE, decode_value
from incident_response.blocks.escalation import acknowledged_already
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    value = decode_value(request.value)
    incident = await workflows.escalation.acknowledge(value.incident_id, asked=request.asked)
    by = incident.escalation.acknowledged_by
    return None if by == request.user_id else acknowledged_already(incident)


action = Action(name=ACKNOWLEDGE, kind=EnvelopeKind.ACTION, verb="ack", handle=_handle)
