"""*Turn reminders on*: the commander is reminded to post updates again."""

from incident_response.blocks.action_ids import UNSILENCE
from incident_response.blocks.nudge import unsilenced_already
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = await clicked_incident(request, workflows.store)
    is_new = await workflows.nudges.unsilence(incident.incident_id, asked=request.asked)
    return None if is_new else unsilenced_already()


action = Action(name=UNSILENCE, kind=EnvelopeKind.ACTION, handle=_handle, verb="unsilence")
