"""``reopen [reason]`` in its room, ``reopen <code> [reason]`` from anywhere: it is not over."""

from incident_response.blocks.lifecycle import reopened_for
from incident_response.ports.chat import Message
from incident_response.routing.asking import said
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident, reason = request.incident, request.text
    if incident is None:
        named, _, reason = request.text.partition(" ")
        incident = await find_incident(workflows.store, named)
    reopened = await workflows.lifecycle.reopen(
        incident.incident_id, reason=said(reason), asked=request.asked
    )
    is_told = request.incident is not None  # the room is told, and who asked is in it
    return None if is_told else reopened_for(reopened)


command = Command(
    name="reopen",
    usage="[code] [reason]",
    topic=Topic.END,
    summary="It is not over: people are called again; outside its room, name the incident's code",
    handle=_handle,
)
