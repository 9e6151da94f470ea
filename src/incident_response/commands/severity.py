"""``severity P0 [reason]``: move the incident to another severity; alone: what each means."""

from incident_response.blocks.refusals import could_not
from incident_response.blocks.severity import already, severities
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

WORDS = "|".join(severity.value for severity in Severity)


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    incident = room_of(request)
    word, _, reason = request.text.partition(" ")
    if not word:
        return severities(incident, policy=workflows.policy)
    severity = Severity.parse(word)
    if severity is None:
        why, do = f"I do not know the severity “{word}”", f"Type one of {WORDS}."
        return could_not("change the severity", why, do)
    await workflows.severity.change(
        incident.incident_id, severity, reason=reason.strip(), asked=request.asked
    )
    return already(incident) if incident.severity is severity else None


command = Command(
    name="severity",
    usage=f"[{WORDS} [reason]]",
    summary="Say how bad it is, with all that follows from it; alone: what each severity means",
    aliases=("sev", "setseverity"),
    topic=Topic.SEVERITY,
    scope=Scope.IN_ROOM,
    label="Severity",
    handle=_handle,
)
