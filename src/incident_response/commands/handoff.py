"""``handoff [@user]``: hand command over to somebody; alone: ask the room who takes it."""

from incident_response.blocks.refusals import could_not
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.mentions import mentioned_users
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident, users = room_of(request), mentioned_users(request.text)
    if len(users) > 1:
        return could_not("hand over", "several people were named", "Name one of them.")
    if request.text and not users:
        return could_not("hand over", f"I do not know {request.text}", "Pick them from the list.")
    to = users[0] if users else None
    await workflows.roles.hand_over(incident.incident_id, to=to, asked=request.asked)
    return None  # the room is told, and who asked is in it


command = Command(
    name="handoff",
    usage="[@user]",
    summary="Hand command over to somebody; alone: ask the room who takes it",
    aliases=("handover",),
    topic=Topic.PEOPLE,
    scope=Scope.IN_ROOM,
    label="Hand over",
    handle=_handle,
)
