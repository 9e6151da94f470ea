"""``catchup``: what somebody who comes late has to know, told to them alone."""

from incident_response.blocks.catchup import catchup
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = room_of(request)
    told = await workflows.catch_up.of(incident)
    return catchup(incident, told.rows, workflows.clock.now(), written=told.written)


command = Command(
    name="catchup",
    topic=Topic.PICTURE,
    summary="What you have to know if you have just come, for you alone",
    aliases=("summary", "catch-up"),
    scope=Scope.IN_ROOM,
    label="Catch me up",
    handle=_handle,
)
