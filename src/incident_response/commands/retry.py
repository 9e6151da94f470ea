"""``retry [part]``: ask again for what the room or the end of the incident is missing.

Outside of a room ``retry <code> [part]``.
"""

from dataclasses import dataclass

from incident_response.blocks.refusals import could_not
from incident_response.blocks.replies import asking_again
from incident_response.domain.briefing import Part
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.find_incident import find_incident
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.resolution import resolve_run


async def _handle(request: Request, workflows: Workflows) -> Message:
    code, _, named = request.text.partition(" ")
    if request.incident is not None:
        incident, named = request.incident, request.text
    elif code:
        incident, named = await find_incident(workflows.store, code), named.strip()
    else:
        do = f"Name the incident: {request.name} retry and its code; {request.name} list shows it."
        return could_not("ask again", "this channel is no war room", do)
    missing, pending = await _missing(incident, workflows)
    asked = [part for part in missing if part.is_named(named)]
    if named and not asked:
        labels = ", ".join(part.part.label for part in missing) or "nothing"
        return could_not("ask again", f"“{named}” is not missing", f"Missing: {labels}.")
    for part in asked:
        await workflows.runner.ask_again(
            incident.incident_id, part.plan, step=part.part.step, actor=request.user_id
        )
    workflows.board.touch(incident.incident_id)
    return asking_again([part.part for part in asked], pending)


@dataclass(frozen=True, slots=True)
class _Missing:
    """A part that was given up, and the plan that it belongs to."""

    plan: str
    part: Part

    def is_named(self, named: str) -> bool:
        """Whether ``named`` means it; an empty name means everything."""
        return named.casefold() in ("", self.part.step, self.part.label.casefold())


async def _missing(
    incident: Incident, workflows: Workflows
) -> tuple[list[_Missing], tuple[Part, ...]]:
    """What is missing of the room and of the incident's end, and what is still on its way."""
    briefing = await workflows.board.briefing(incident.incident_id)
    ending = await workflows.ending.missing(incident)
    missing = [_Missing(ASSEMBLE, part) for part in briefing.failed]
    missing += [_Missing(resolve_run(incident), part) for part in ending]
    return missing, briefing.pending


command = Command(
    name="retry",
    usage="[code] [part]",
    summary="Ask again for what is missing, or for one part of it",
    aliases=("again",),
    topic=Topic.PICTURE,
    label="Ask again for what is missing",
    handle=_handle,
)
