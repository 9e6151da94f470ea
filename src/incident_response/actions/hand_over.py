"""*Hand over*: the room is asked who takes command."""

from incident_response.blocks.action_ids import HAND_OVER, decode_value
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    value = decode_value(request.value)
    await workflows.roles.hand_over(value.incident_id, to=None, asked=request.asked)


action = Action(name=HAND_OVER, kind=EnvelopeKind.ACTION, verb="handoff", handle=_handle)
