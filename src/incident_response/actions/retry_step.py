"""*Retry*: ask again for a part of the room, or of its ending, that is missing."""

from incident_response.blocks.action_ids import RETRY_STEP, decode_value
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request, text_of
from incident_response.routing.workflows import Workflows
from incident_response.workflows.fold_alerts import ASSEMBLE


async def _handle(request: Request, workflows: Workflows) -> None:
    value = decode_value(text_of(request.action.get("value")))
    plan = value.plan or ASSEMBLE
    await workflows.runner.ask_again(
        value.incident_id, plan, step=value.step, actor=request.user_id
    )
    workflows.board.touch(value.incident_id)


action = Action(name=RETRY_STEP, kind=EnvelopeKind.ACTION, verb="retry", handle=_handle)
