"""*Change severity*: the incident gets the chosen one, with all that follows from it."""

from incident_response.blocks.action_ids import SET_SEVERITY, decode_value, unreadable
from incident_response.blocks.replies import joined
from incident_response.blocks.severity import already
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    value = decode_value(request.value)
    severity = Severity.parse(value.choice)
    if severity is None:
        raise unreadable("this list names no severity")
    before = await workflows.store.get(value.incident_id)
    incident = await workflows.severity.change(
        value.incident_id, severity, reason="", asked=request.asked
    )
    if incident.room is None:
        return joined(incident, policy=workflows.policy)
    is_same = before is not None and before.severity is severity
    return already(incident) if is_same else None


action = Action(name=SET_SEVERITY, kind=EnvelopeKind.ACTION, verb="severity", handle=_handle)
