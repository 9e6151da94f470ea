"""``escalate [reason]``: call the next people of the ladder now."""

from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = room_of(request)
    await workflows.escalation.escalate(
        incident.incident_id, reason=request.text, asked=request.asked
    )


command = Command(
    name="escalate",
    usage="[reason]",
    summary="Call the next people of the escalation now; the room is told whom",
    aliases=("page",),
    topic=Topic.PEOPLE,
    scope=Scope.IN_ROOM,
    label="Escalate",
    handle=_handle,
)
