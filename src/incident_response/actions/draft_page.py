"""*Draft a message to customers*: written for the commander, and shown as a card in the room."""

from incident_response.blocks.action_ids import DRAFT_PAGE
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.page_messages import draft_message
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    incident = await clicked_incident(request, workflows.store)
    return await draft_message(request, incident, "", workflows)


action = Action(name=DRAFT_PAGE, kind=EnvelopeKind.ACTION, handle=_handle, verb="draft")
