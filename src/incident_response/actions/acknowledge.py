"""*Acknowledge*: the clicker is on it, and nobody further is called.

The room is told; who clicked elsewhere, on a direct message, is told there too.
"""

from incident_response.blocks.action_ids import ACKNOWLEDGE, decode_value
from incident_response.blocks.escalation import acknowledged, acknowledged_already
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    value = decode_value(request.value)
    incident = await workflows.escalation.acknowledge(value.incident_id, asked=request.asked)
    if incident.escalation.acknowledged_by != request.user_id:
        return acknowledged_already(incident)
    is_in_room = incident.room is not None and incident.room.channel_id == request.channel_id
    return None if is_in_room else acknowledged(request.user_id)


action = Action(name=ACKNOWLEDGE, kind=EnvelopeKind.ACTION, verb="ack", handle=_handle)
