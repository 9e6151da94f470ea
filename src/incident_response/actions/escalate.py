"""*Escalate*: the next people are called now."""

from incident_response.blocks.action_ids import ESCALATE, decode_value
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    value = decode_value(request.value)
    await workflows.escalation.escalate(value.incident_id, reason="", asked=request.asked)


action = Action(name=ESCALATE, kind=EnvelopeKind.ACTION, verb="escalate", handle=_handle)
