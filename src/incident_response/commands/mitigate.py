"""``mitigate [what was done]``: customers no longer feel it; the incident stays open."""

from incident_response.routing.asking import said
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident_id = room_of(request).incident_id
    await workflows.lifecycle.mitigate(incident_id, text=said(request.text), asked=request.asked)


command = Command(
    name="mitigate",
    usage="[what was done]",
    topic=Topic.END,
    summary="Customers no longer feel it; the incident stays open until it is resolved",
    aliases=("mitigated", "mit"),
    scope=Scope.IN_ROOM,
    label="Mitigated",
    handle=_handle,
)
