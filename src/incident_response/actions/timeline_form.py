"""The timeline's forms: checked while they are open, written down when they are sent."""

import structlog

from incident_response.blocks.action_ids import ADD_EVENT_FORM, MOVE_EVENT_FORM
from incident_response.blocks.timeline import event_added, event_moved
from incident_response.blocks.timeline_forms import (
    EVENT_BLOCK,
    TEXT_BLOCK,
    TIME_BLOCK,
    event_in,
    incident_of,
    text_in,
    time_in,
)
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import IncidentId, Json
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.moments import EXAMPLES, is_moment, read_moment, shown_in, zone_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

log = structlog.get_logger(__name__)

_WHEN = f"Type a time, such as {EXAMPLES}."


def _check_event(view: Json) -> dict[str, str]:
    errors = {} if is_moment(time_in(view)) else {TIME_BLOCK: _WHEN}
    return errors if text_in(view) else {TEXT_BLOCK: "Say what happened.", **errors}


def _check_move(view: Json) -> dict[str, str]:
    errors = {} if is_moment(time_in(view)) else {TIME_BLOCK: _WHEN}
    return {EVENT_BLOCK: "Choose an event.", **errors} if event_in(view) is None else errors


async def _add(request: Request, workflows: Workflows) -> None:
    incident_id, text = incident_of(request.view), text_in(request.view)
    zone = await zone_of(workflows.chat, request.user_id)
    at = read_moment(time_in(request.view), now=request.received_at, zone=zone)
    await workflows.timeline.add(incident_id, text, at, asked=request.asked)
    await _tell(request, workflows, incident_id, event_added(text, shown_in(at, zone)))


async def _move(request: Request, workflows: Workflows) -> None:
    incident_id, seq = incident_of(request.view), event_in(request.view)
    if seq is None:
        raise RefusedError("no event was chosen")
    zone = await zone_of(workflows.chat, request.user_id)
    at = read_moment(time_in(request.view), now=request.received_at, zone=zone)
    await workflows.timeline.move(incident_id, seq, at, asked=request.asked)
    await _tell(request, workflows, incident_id, event_moved(seq, shown_in(at, zone)))


async def _tell(
    request: Request, workflows: Workflows, incident_id: IncidentId, told: Message
) -> None:
    """In the room; in a direct message where the person is not in it, or it is archived."""
    incident = await workflows.store.get(incident_id)
    room = incident.room if incident is not None else None
    try:
        if room is not None:
            await workflows.chat.post_private(room.channel_id, request.user_id, told)
            return
    except RefusedError as error:
        log.info("told in a direct message", incident_id=incident_id, reason=str(error))
    await workflows.chat.direct(request.user_id, told)


actions = (
    Action(name=ADD_EVENT_FORM, kind=EnvelopeKind.VIEW, handle=_add, check=_check_event),
    Action(name=MOVE_EVENT_FORM, kind=EnvelopeKind.VIEW, handle=_move, check=_check_move),
)
