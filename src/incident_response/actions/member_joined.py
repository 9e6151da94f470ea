"""Somebody came into a room: remember them as a responder."""

from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = request.incident
    if incident is not None and request.user_id and request.user_id not in incident.responders:
        await workflows.members.joined(incident.incident_id, request.user_id)


action = Action(name="member_joined_channel", kind=EnvelopeKind.EVENT, handle=_handle)
