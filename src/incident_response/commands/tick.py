"""``tick <item>``: tick items of the checklist, by number or by some of their words."""

from incident_response.blocks.checklist import checklist
from incident_response.domain.checklist import items_named
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = room_of(request)
    items = items_named(incident.checklist, request.text)
    changed = await workflows.checklist.tick(
        incident.incident_id, {item.key: True for item in items}, by=request.user_id
    )
    return checklist(changed)


command = Command(
    name="tick",
    usage="<number or words>",
    summary="Tick items of the checklist, by number or words",
    aliases=("check",),
    topic=Topic.PICTURE,
    scope=Scope.IN_ROOM,
    needs_text=True,
    handle=_handle,
)
