"""The decision that somebody is on it, so that nobody further is called.

Shared by the acknowledging button and by whoever takes or gives command. Not here: what follows
from it (escalation).
"""

from datetime import datetime

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import UserId
from incident_response.workflows.change_incident import Decision


def acknowledged(incident: Incident, *, by: UserId, at: datetime) -> Decision:
    """``incident`` as acknowledged by the first who says so; unchanged if it is already."""
    if incident.escalation.is_acknowledged or incident.is_ending:
        return Decision(incident, ())
    update = {"acknowledged_by": by, "acknowledged_at": at}
    escalation = incident.escalation.model_copy(update=update)
    entry = NewEntry(
        kind=EntryKind.ACKNOWLEDGED,
        at=at,
        actor=by,
        details={"level": incident.escalation.level},
    )
    return Decision(incident.model_copy(update={"escalation": escalation}), (entry,))
