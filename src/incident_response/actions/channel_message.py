"""A message in a room: if the commander says where things stand, the next reminder counts from
then.

Not here: judging what was said (drafting).
"""

from incident_response.domain import reminding
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.asking import said
from incident_response.routing.requests import Request, text_of
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    incident, at = request.incident, request.received_at
    if incident is None or request.event.get("subtype") or request.user_id != incident.commander:
        return
    text = said(text_of(request.event.get("text")))
    if not text or not reminding.is_news(incident, at):
        return
    if await workflows.drafting.is_update(incident, text):
        await workflows.nudges.updated(incident.incident_id, at)


action = Action(name="message", kind=EnvelopeKind.EVENT, handle=_handle)
