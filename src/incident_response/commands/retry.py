"""``retry [part]``: ask again for what the room is missing, all of it or one part; outside of a
room ``retry <code> [part]``.
"""

from incident_response.blocks.refusals import could_not
from incident_response.blocks.replies import asking_again
from incident_response.domain.briefing import Briefing, Part
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident
from incident_response.workflows.fold_alerts import ASSEMBLE


async def _handle(request: Request, workflows: Workflows) -> Message:
    code, _, named = request.text.partition(" ")
    if request.incident is not None:
        incident, named = request.incident, request.text
    elif code:
        incident, named = await find_incident(workflows.store, code), named.strip()
    else:
        do = f"Name the incident: {request.name} retry and its code; {request.name} list shows it."
        return could_not("ask again", "this channel is no war room", do)
    briefing = await workflows.board.briefing(incident.incident_id)
    parts = _parts(briefing, named)
    if named and not parts:
        missing = ", ".join(part.label for part in briefing.failed) or "nothing"
        return could_not("ask again", f"“{named}” is not missing", f"Missing: {missing}.")
    for part in parts:
        await workflows.runner.ask_again(
            incident.incident_id, ASSEMBLE, step=part.step, actor=request.user_id
        )
    workflows.board.touch(incident.incident_id)
    return asking_again(parts, briefing.pending)


def _parts(briefing: Briefing, named: str) -> tuple[Part, ...]:
    word = named.casefold()
    if not word:
        return briefing.failed
    return tuple(p for p in briefing.failed if word in (p.step, p.label.casefold()))


command = Command(
    name="retry",
    usage="[code] [part]",
    summary="Ask again for what the room is missing, or for one part of it",
    aliases=("again",),
    topic=Topic.PICTURE,
    label="Ask again for what is missing",
    handle=_handle,
)
