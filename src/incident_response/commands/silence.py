"""``silence``: nobody is reminded to post updates until somebody turns that on again."""

from incident_response.blocks.nudge import silenced_already
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident_id = room_of(request).incident_id
    is_new = await workflows.nudges.silence(incident_id, asked=request.asked)
    return None if is_new else silenced_already()


command = Command(
    name="silence",
    topic=Topic.UPDATES,
    summary="No reminders to post updates, until they are turned on again",
    aliases=("mute",),
    scope=Scope.IN_ROOM,
    label="Silence reminders",
    handle=_handle,
)
