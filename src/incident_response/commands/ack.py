"""``ack``: say that you are on it, so that nobody further is called."""

from incident_response.blocks.escalation import acknowledged_already
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = await workflows.escalation.acknowledge(
        room_of(request).incident_id, asked=request.asked
    )
    by = incident.escalation.acknowledged_by
    return None if by == request.user_id else acknowledged_already(incident)


command = Command(
    name="ack",
    summary="Say that you are on it: nobody further is called",
    aliases=("acknowledge",),
    topic=Topic.PEOPLE,
    scope=Scope.IN_ROOM,
    label="Acknowledge",
    handle=_handle,
)
