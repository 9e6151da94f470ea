"""When the next step of an escalation ladder is due.

Pure arithmetic over an incident's state. Not here: who stands behind a step, or calling them
(workflows.escalation, workflows.calling).
"""

from datetime import datetime

from incident_response.domain.incident import Incident
from incident_response.domain.policy import Rung
from incident_response.domain.response import Escalation

Ladder = tuple[Rung, ...]


def is_waiting(incident: Incident) -> bool:
    """Whether nobody has acknowledged yet, so that the next step will be called."""
    return not (incident.is_ending or incident.escalation.is_acknowledged)


def next_step(incident: Incident, ladder: Ladder) -> Rung | None:
    """The step that would be called next; None at the top."""
    above = incident.escalation.level + 1
    return ladder[above] if above < len(ladder) else None


def next_at(incident: Incident, ladder: Ladder) -> datetime | None:
    """When the next step is due; None if there is none."""
    above = incident.escalation.level + 1
    return _due_at(incident, ladder, above) if above < len(ladder) else None


def latest_due(incident: Incident, ladder: Ladder, now: datetime) -> int | None:
    """Index of the highest step whose time has come at ``now``; None if none has.

    After an outage several may have: they are called as one.
    """
    above = range(incident.escalation.level + 1, len(ladder))
    return max((i for i in above if _due_at(incident, ladder, i) <= now), default=None)


def rearmed(escalation: Escalation, now: datetime, *, is_worse: bool) -> Escalation:
    """The state after the severity has changed: times count anew, and what was acknowledged was
    something less bad.
    """
    update: dict[str, object] = {"armed_at": now}
    if is_worse:
        update |= {"acknowledged_by": None, "acknowledged_at": None}
    return escalation.model_copy(update=update)


def _due_at(incident: Incident, ladder: Ladder, index: int) -> datetime:
    """Steps are as far apart as the ladder says, from when the last one was called."""
    since = incident.escalation.armed_at or incident.created_at
    reached = ladder[min(incident.escalation.level, len(ladder) - 1)]
    return since + (ladder[index].after - reached.after)
