"""``unsilence``: the commander is reminded to post updates again."""

from incident_response.blocks.nudge import unsilenced_already
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident_id = room_of(request).incident_id
    is_new = await workflows.nudges.unsilence(incident_id, asked=request.asked)
    return None if is_new else unsilenced_already()


command = Command(
    name="unsilence",
    topic=Topic.UPDATES,
    summary="Remind the commander to post updates again",
    aliases=("unmute",),
    scope=Scope.IN_ROOM,
    label="Turn reminders on",
    handle=_handle,
)
