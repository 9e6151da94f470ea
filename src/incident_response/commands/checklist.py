"""``checklist``: the checklist as it stands, ready to tick."""

from incident_response.blocks.checklist import checklist
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    return checklist(room_of(request))


command = Command(
    name="checklist",
    summary="The checklist, ready to tick; the pinned one in the room is the same",
    scope=Scope.IN_ROOM,
    topic=Topic.PICTURE,
    label="Checklist",
    handle=_handle,
)
