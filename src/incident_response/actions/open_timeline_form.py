"""*Add event* and *Correct a time*: they open the timeline's forms."""

from incident_response.blocks.action_ids import ADD_EVENT, MOVE_EVENT, decode_value
from incident_response.blocks.timeline_forms import add_event_form, move_event_form
from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _add(request: Request, workflows: Workflows) -> None:
    incident = await _incident(request, workflows)
    await workflows.chat.open_view(request.trigger_id, add_event_form(incident))


async def _move(request: Request, workflows: Workflows) -> None:
    incident = await _incident(request, workflows)
    rows = await workflows.timeline.rows(incident.incident_id)
    await workflows.chat.open_view(request.trigger_id, move_event_form(incident, rows))


async def _incident(request: Request, workflows: Workflows) -> Incident:
    incident_id = decode_value(request.value).incident_id
    incident = await workflows.store.get(incident_id)
    if incident is None:
        raise NotFoundError(f"there is no incident {incident_id}")
    return incident


actions = (
    Action(
        name=ADD_EVENT,
        kind=EnvelopeKind.ACTION,
        verb="timeline add",
        handle=_add,
        opens_modal=True,
    ),
    Action(
        name=MOVE_EVENT,
        kind=EnvelopeKind.ACTION,
        verb="timeline move",
        handle=_move,
        opens_modal=True,
    ),
)
