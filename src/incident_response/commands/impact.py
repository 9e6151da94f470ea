"""``impact customers|security|revenue``: say whom it hurts; the next people are called."""

from incident_response.blocks.controls import impacts
from incident_response.blocks.impact import raised_already
from incident_response.blocks.refusals import could_not
from incident_response.domain.response import Impact
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

WORDS = "|".join(impact.value for impact in Impact)


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    word = request.text.strip().lower()
    if not word:
        return impacts(incident, policy=workflows.policy)
    if word not in set(Impact):
        why, do = f"I do not know the impact “{word}”", f"Type one of {WORDS}."
        return could_not("raise the impact", why, do)
    impact = Impact(word)
    await workflows.impact.raise_(incident.incident_id, impact, asked=request.asked)
    return raised_already(impact) if impact in incident.impacts else None


command = Command(
    name="impact",
    usage=f"[{WORDS}]",
    summary="Say that several customers, security or revenue are hit: the next people are called",
    topic=Topic.SEVERITY,
    scope=Scope.IN_ROOM,
    label="Impact",
    handle=_handle,
)
