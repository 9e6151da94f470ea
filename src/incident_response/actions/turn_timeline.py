"""*Earlier* and *Later*: another page of the timeline, in the place of the one that was clicked.

Two buttons, since two in one row must not share a name.
"""

from incident_response.blocks.action_ids import TIMELINE_EARLIER, TIMELINE_LATER, decode_value
from incident_response.blocks.timeline import timeline_page
from incident_response.domain.errors import NotFoundError
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    value = decode_value(request.value)
    incident = await workflows.store.get(value.incident_id)
    if incident is None:
        raise NotFoundError(f"there is no incident {value.incident_id}")
    page = int(value.choice) if value.choice.isdecimal() else None
    rows = await workflows.timeline.rows(incident.incident_id)
    shown = timeline_page(incident, rows, page=page)
    is_replaced = request.response_url and await workflows.chat.respond(
        request.response_url, shown, replace_original=True
    )
    return None if is_replaced else shown


actions = tuple(
    Action(name=name, kind=EnvelopeKind.ACTION, verb="timeline", handle=_handle)
    for name in (TIMELINE_EARLIER, TIMELINE_LATER)
)
