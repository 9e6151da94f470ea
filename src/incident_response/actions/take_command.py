"""*Take command*: the clicker becomes incident commander."""

from incident_response.blocks.action_ids import TAKE_COMMAND, decode_value
from incident_response.domain.roles import Role
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request, text_of
from incident_response.routing.workflows import Workflows
from incident_response.workflows.roles import Asked


async def _handle(request: Request, workflows: Workflows) -> None:
    value = decode_value(text_of(request.action.get("value")))
    asked = Asked(by=request.user_id, at=request.received_at, key=request.key)
    await workflows.roles.assign(
        value.incident_id, Role.COMMANDER, to=request.user_id, asked=asked
    )


action = Action(name=TAKE_COMMAND, kind=EnvelopeKind.ACTION, verb="role ic", handle=_handle)
