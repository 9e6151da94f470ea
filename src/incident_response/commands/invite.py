"""``invite @user ...``: bring people into this room."""

from incident_response.blocks.refusals import could_not
from incident_response.blocks.replies import invited
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.mentions import mentioned_users
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    users = mentioned_users(request.text)
    if not users:
        why = "no person was named"
        return could_not("invite", why, f"Type {request.name} invite @somebody.")
    result = await workflows.members.invite(room_of(request), users, by=request.user_id)
    return invited(result)


command = Command(
    name="invite",
    usage="@user …",
    summary="Bring people into this room",
    aliases=("add",),
    scope=Scope.IN_ROOM,
    topic=Topic.PEOPLE,
    label="Invite",
    needs_text=True,
    handle=_handle,
)
