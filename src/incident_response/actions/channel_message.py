"""A message in a room: when the commander writes, the room has been told something, and the
reminder waits.
"""

from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident = request.incident
    if incident is None or request.event.get("subtype"):
        return
    if request.user_id == incident.commander:
        await workflows.nudges.updated(incident.incident_id, request.received_at)


action = Action(name="message", kind=EnvelopeKind.EVENT, handle=_handle)
