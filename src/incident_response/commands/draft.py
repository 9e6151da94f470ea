"""``draft [text]``: the same as ``status draft``, for fingers that know it from elsewhere."""

from incident_response.ports.chat import Message
from incident_response.routing.asking import written
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.page_messages import draft_message
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    return await draft_message(request, room_of(request), written(request.text), workflows)


command = Command(
    name="draft",
    usage="[text for customers]",
    topic=Topic.CUSTOMERS,
    summary="Write a message to customers, or have it written: it waits for approval",
    scope=Scope.IN_ROOM,
    label="Draft a message to customers",
    handle=_handle,
)
