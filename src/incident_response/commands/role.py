"""``role <role> @user``: give a role, or take it; without arguments, who has which."""

from incident_response.blocks.refusals import could_not
from incident_response.blocks.replies import roles
from incident_response.domain.roles import Role
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.mentions import mentioned_users, without_mentions
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.roles import Asked

WORDS = ", ".join(role.value for role in Role)


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    word, users = without_mentions(request.text), mentioned_users(request.text)
    if not word and not users:
        return roles(incident)
    role = Role.parse(word)
    if role is None:
        do = f"Type {request.name} role ic @somebody. Roles: {WORDS}."
        return could_not("give the role", f"I do not know the role “{word}”", do)
    if len(users) > 1:
        return could_not("give the role", "several people were named", "Name one of them.")
    if not users and word.split()[-1].startswith("@"):
        return could_not("give the role", f"I do not know {word}", "Pick them from the list.")
    to = users[0] if users else request.user_id
    asked = Asked(by=request.user_id, at=request.received_at, key=request.key)
    await workflows.roles.assign(incident.incident_id, role, to=to, asked=asked)
    return None  # the room is told, and who asked is in it


command = Command(
    name="role",
    usage=f"{'|'.join(role.value for role in Role)} [@user]",
    summary="Give a role to somebody, or take it yourself; alone: who has which",
    aliases=("roles", "assign"),
    scope=Scope.IN_ROOM,
    topic=Topic.PEOPLE,
    label="Roles",
    handle=_handle,
)
