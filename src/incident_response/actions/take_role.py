"""*Take a role*: the clicker has the chosen role."""

from incident_response.blocks.action_ids import TAKE_ROLE, decode_value, unreadable
from incident_response.domain.roles import Role
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    value = decode_value(request.value)
    role = Role.parse(value.choice)
    if role is None:
        raise unreadable("this list names no role")
    await workflows.roles.assign(value.incident_id, role, to=request.user_id, asked=request.asked)


action = Action(name=TAKE_ROLE, kind=EnvelopeKind.ACTION, verb="role", handle=_handle)
