"""What one more alert does to its group and to an incident, decided by event time.

A pure function over what is known: deliveries may come twice, late and in any order, and whether
it fires and since when ends the same as in the order of their event times. Not here: loading and
storing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incident_response.domain.alert import Alert, AlertState, IntakeRecord
from incident_response.domain.incident import (
    AlertGroup,
    Incident,
    IncidentStatus,
    incident_id_for,
)
from incident_response.domain.ladder import rearmed
from incident_response.domain.ledger import SYSTEM, EntryKind, NewEntry
from incident_response.domain.model import Json, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.response import Nudging

REOPEN_WINDOW = timedelta(minutes=30)
"""An alert that fires again within this of its resolving is the same incident (flapping); later it
is a new one.
"""


class FoldKind(StrEnum):
    """What the alert did."""

    OPENED = "opened"
    ATTACHED = "attached"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    NOTED = "noted"
    """Acknowledged or silenced at the source: in the ledger, nothing else changes."""
    STALE = "stale"
    """Older than what is known already."""
    RECORDED = "recorded"
    """Nothing to act on: a resolve of something that never fired here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The decision: new values to store (None: unchanged) and the entries that explain them."""

    kind: FoldKind
    group: AlertGroup | None
    incident: Incident | None
    """The incident concerned, in its new state where ``is_changed``."""
    is_changed: bool = False
    entries: tuple[NewEntry, ...] = ()
    opens_room: bool = False
    """Whether a room is to be assembled for it."""


def fold(
    record: IntakeRecord,
    group: AlertGroup | None,
    incident: Incident | None,
    *,
    now: datetime,
    policy: Policy,
    lives_on: bool = False,
) -> Folded:
    """Decide what ``record`` does; ``incident`` is the group's latest one.

    ``lives_on``: it was merged into one that is still worked on.
    """
    alert = record.alert
    if alert.state in (AlertState.ACKNOWLEDGED, AlertState.SILENCED):
        return _noted(record, incident, now)
    if group is not None and _is_stale(alert, group):
        entry = _entry(EntryKind.ALERT_STALE, record, now)
        return _entry_only(FoldKind.STALE, incident, entry)
    moved = _moved_group(record, group)
    if alert.state is AlertState.RESOLVED:
        return _resolved(record, moved, incident, now)
    if lives_on and group is not None and incident is not None:
        return _fired_elsewhere(record, group, moved, incident=incident, now=now)
    return _fired(record, group, moved, incident=incident, now=now, policy=policy)


def _is_stale(alert: Alert, group: AlertGroup) -> bool:
    """Older than the newest; at the same instant a resolve comes after the firing it ends."""
    if alert.changed_at != group.changed_at:
        return alert.changed_at < group.changed_at
    return alert.state is AlertState.FIRING and group.state is AlertState.RESOLVED


def _moved_group(record: IntakeRecord, group: AlertGroup | None) -> AlertGroup:
    alert = record.alert
    if group is None:
        return AlertGroup(
            group_id=alert.group_id,
            state=alert.state,
            changed_at=alert.changed_at,
            last_event_id=record.event_id,
        )
    return group.model_copy(
        update={
            "version": group.version + 1,
            "state": alert.state,
            "changed_at": alert.changed_at,
            "last_event_id": record.event_id,
        }
    )


def _noted(record: IntakeRecord, incident: Incident | None, now: datetime) -> Folded:
    is_ack = record.alert.state is AlertState.ACKNOWLEDGED
    kind = EntryKind.ALERT_ACKNOWLEDGED if is_ack else EntryKind.ALERT_SILENCED
    return _entry_only(FoldKind.NOTED, incident, _entry(kind, record, now))


def _entry_only(kind: FoldKind, incident: Incident | None, entry: NewEntry) -> Folded:
    entries = (entry,) if incident is not None else ()
    return Folded(kind=kind, group=None, incident=incident, entries=entries)


def _resolved(
    record: IntakeRecord, moved: AlertGroup, incident: Incident | None, now: datetime
) -> Folded:
    if incident is None:
        return Folded(kind=FoldKind.RECORDED, group=moved, incident=None)
    return Folded(
        kind=FoldKind.RESOLVED,
        group=moved,
        incident=_with_alert(incident, record.alert),
        is_changed=True,
        entries=(_entry(EntryKind.ALERT_RESOLVED, record, now),),
    )


def _fired(
    record: IntakeRecord,
    group: AlertGroup | None,
    moved: AlertGroup,
    *,
    incident: Incident | None,
    now: datetime,
    policy: Policy,
) -> Folded:
    if group is None or incident is None or _is_another(record.alert, group, incident):
        return _opened(record, moved, incident, now=now, policy=policy)
    if not incident.is_closed and group.state is AlertState.FIRING:
        return _continued(FoldKind.ATTACHED, record, moved, incident=incident, now=now)
    if incident.is_closed and not _fired_after_close(record.alert, incident):
        return _continued(FoldKind.ATTACHED, record, moved, incident=incident, now=now)
    return _continued(FoldKind.REOPENED, record, moved, incident=incident, now=now)


def _fired_elsewhere(
    record: IntakeRecord,
    group: AlertGroup,
    moved: AlertGroup,
    *,
    incident: Incident,
    now: datetime,
) -> Folded:
    """It stays with the merged incident, whose other room is told if it had stopped."""
    details: Json = {"is_back": group.state is AlertState.RESOLVED}
    return _continued(
        FoldKind.ATTACHED, record, moved, incident=incident, now=now, details=details
    )


def _fired_after_close(alert: Alert, incident: Incident) -> bool:
    return incident.resolved_at is None or alert.changed_at > incident.resolved_at


def _is_another(alert: Alert, group: AlertGroup, incident: Incident) -> bool:
    """Whether a firing is a new incident rather than more of this one.

    A room in which somebody is in command is alive: what fires again belongs there, however late.
    """
    if incident.room_archived_at is not None:
        return True  # nobody can be called into an archived room
    if incident.is_closed:
        ended_at = incident.resolved_at or incident.alert_changed_at
        return alert.changed_at - ended_at > REOPEN_WINDOW
    if group.state is AlertState.FIRING or incident.commander is not None:
        return False
    return alert.changed_at - group.changed_at > REOPEN_WINDOW


def _continued(
    kind: FoldKind,
    record: IntakeRecord,
    moved: AlertGroup,
    *,
    incident: Incident,
    now: datetime,
    details: Json | None = None,
) -> Folded:
    changed = _with_alert(incident, record.alert)
    entry_kind = EntryKind.ALERT_ATTACHED
    if kind is FoldKind.REOPENED:
        entry_kind = EntryKind.INCIDENT_REOPENED
        changed = _open_again(changed, now)
        details = {"was_closed": incident.is_closed, "was_ending": incident.is_ending}
    return Folded(
        kind=kind,
        group=moved,
        incident=changed,
        is_changed=True,
        entries=(_entry(entry_kind, record, now, details),),
    )


def _open_again(incident: Incident, now: datetime) -> Incident:
    """What fires is neither mitigated nor resolved; a resolving that is under way is stopped.

    After it was closed somebody has to answer anew: its ladder begins at the bottom.
    """
    status = IncidentStatus.ASSEMBLED if incident.assembled_at else IncidentStatus.OPEN
    escalation = rearmed(incident.escalation, now, is_worse=incident.is_closed)
    if incident.is_closed:
        escalation = escalation.model_copy(update={"level": 0})
    update = {
        "status": status,
        "mitigated_at": None,
        "resolution": None,
        "resolved_at": None,
        "merged_into": None,
        "escalation": escalation,
        "nudging": Nudging(),
    }
    return incident.model_copy(update=update)


def _opened(
    record: IntakeRecord,
    moved: AlertGroup,
    previous: Incident | None,
    *,
    now: datetime,
    policy: Policy,
) -> Folded:
    judgement = policy.judge(record.alert)
    alert, generation = record.alert, moved.generation + 1
    incident_id = incident_id_for(moved.group_id, generation)
    incident = Incident(
        incident_id=incident_id,
        title=alert.title,
        summary=alert.summary,
        severity=judgement.severity,
        source=alert.source,
        service=alert.service,
        team=alert.team,
        labels=alert.labels,
        links=alert.links,
        route=alert.route,
        declared_by=UserId(alert.declared_by) if alert.declared_by else None,
        created_at=record.received_at,
        started_at=alert.changed_at,
        group_id=moved.group_id,
        generation=generation,
        previous_incident_id=previous.incident_id if previous else None,
        alert_changed_at=alert.changed_at,
        alert_count=alert.alert_count,
        checklist=policy.of(judgement.severity).checklist,
    )
    group = moved.model_copy(update={"generation": generation, "incident_id": incident_id})
    details: Json = {"severity": judgement.severity.value, "why": judgement.why}
    if previous is not None:
        details["previous_incident_id"] = previous.incident_id
    return Folded(
        kind=FoldKind.OPENED,
        group=group,
        incident=incident,
        is_changed=True,
        entries=(_entry(EntryKind.INCIDENT_OPENED, record, now, details),),
        opens_room=policy.opens_room(judgement.severity),
    )


def _with_alert(incident: Incident, alert: Alert) -> Incident:
    return incident.model_copy(
        update={
            "version": incident.version + 1,
            "alert_state": alert.state,
            "alert_changed_at": alert.changed_at,
            "alert_count": max(alert.alert_count, incident.alert_count),
        }
    )


def _entry(
    kind: EntryKind, record: IntakeRecord, now: datetime, details: Json | None = None
) -> NewEntry:
    alert = record.alert
    told: Json = {
        "event_id": record.event_id,
        "source": alert.source,
        "title": alert.title,
        "changed_at": alert.changed_at.isoformat(),
        **(details or {}),
    }
    return NewEntry(kind=kind, at=now, actor=alert.declared_by or SYSTEM, details=told)
