"""The message shortcut: the declare form, filled from a message."""

from incident_response.blocks.action_ids import DECLARE_FROM_MESSAGE
from incident_response.blocks.declare import Origin, declare_modal
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request, text_of
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    message = request.message
    origin = Origin(channel_id=request.channel_id, message_ts=text_of(message.get("ts")))
    text = text_of(message.get("text"))
    view = declare_modal(workflows.policy, message=text, origin=origin)
    await workflows.chat.open_view(request.trigger_id, view)


action = Action(
    name=DECLARE_FROM_MESSAGE, kind=EnvelopeKind.SHORTCUT, handle=_handle, opens_modal=True
)
