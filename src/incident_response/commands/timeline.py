"""``timeline [page]``, ``timeline add [time] text``, ``timeline move # time``."""

from incident_response.blocks.refusals import could_not
from incident_response.blocks.timeline import event_added, event_moved, timeline_page
from incident_response.blocks.timeline_forms import add_event_form, move_event_form
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message
from incident_response.routing.asking import said
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.moments import (
    EXAMPLES,
    leading_moment,
    read_moment,
    shown_in,
    zone_of,
)
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    doing, _, rest = request.text.partition(" ")
    match doing.lower():
        case "add" if rest.strip():
            return await _add(request, workflows, incident, rest)
        case "move" if rest.strip():
            return await _move(request, workflows, incident, rest)
        case "add" | "move":
            await _open(request, workflows, incident, doing.lower())
            return None
        case "":
            page = None
        case word if word.isascii() and word.isdecimal():
            page = int(word[:6])
        case _:
            why = f"“{doing[:30]}” is neither add, move nor a page"
            return could_not("read that", why, "Type timeline, timeline add or timeline move.")
    return timeline_page(incident, await workflows.timeline.rows(incident.incident_id), page=page)


async def _add(request: Request, workflows: Workflows, incident: Incident, typed: str) -> Message:
    zone = await zone_of(workflows.chat, request.user_id)
    now = request.received_at
    at, text = leading_moment(said(typed), now=now, zone=zone)
    if not text:
        return could_not("add that", "it says when, and not what", f"Times are {EXAMPLES}.")
    at = at or now
    await workflows.timeline.add(incident.incident_id, text, at, asked=request.asked)
    return event_added(text, shown_in(at, zone))


async def _move(request: Request, workflows: Workflows, incident: Incident, typed: str) -> Message:
    number, _, when = said(typed).strip().partition(" ")
    seq = number.removeprefix("#")
    if not (seq.isascii() and seq.isdecimal() and when.strip()):
        why = "it takes the number of an event and a time"
        return could_not("move that", why, "Such as timeline move 12 15:04.")
    zone = await zone_of(workflows.chat, request.user_id)
    at = read_moment(when, now=request.received_at, zone=zone)
    await workflows.timeline.move(incident.incident_id, int(seq[:9]), at, asked=request.asked)
    return event_moved(int(seq[:9]), shown_in(at, zone))


async def _open(request: Request, workflows: Workflows, incident: Incident, doing: str) -> None:
    if doing == "add":
        view = add_event_form(incident)
    else:
        view = move_event_form(incident, await workflows.timeline.rows(incident.incident_id))
    await workflows.chat.open_view(request.trigger_id, view)


def _opens_modal(typed: str) -> bool:
    return typed.strip().lower() in ("add", "move")


command = Command(
    name="timeline",
    usage="[page] | add [time] text | move # time",
    topic=Topic.PICTURE,
    summary="What happened when; add what happened elsewhere, correct a time",
    aliases=("events",),
    scope=Scope.IN_ROOM,
    label="Timeline",
    opens_modal=_opens_modal,
    handle=_handle,
)
