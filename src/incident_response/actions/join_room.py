"""*Join*: bring the clicker into an incident's room."""

from incident_response.blocks.action_ids import JOIN_ROOM, decode_value
from incident_response.blocks.replies import joined
from incident_response.domain.errors import NotFoundError
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request, text_of
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    value = decode_value(text_of(request.action.get("value")))
    incident = await workflows.store.get(value.incident_id)
    if incident is None:
        raise NotFoundError("this incident is not known here")
    if incident.room is not None or workflows.policy.opens_room(incident.severity):
        await workflows.members.invite(incident, (request.user_id,), by=request.user_id)
    return joined(incident, policy=workflows.policy)


action = Action(name=JOIN_ROOM, kind=EnvelopeKind.ACTION, verb="join", handle=_handle)
