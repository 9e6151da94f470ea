"""What went otherwise than it should have, by the record alone, and what follows from that.

Rules, not opinions: each names the fact it comes from. Not here: what a writer adds, how an item
is shown (postmortem).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry
from incident_response.domain.policy import SeverityPolicy
from incident_response.domain.postmortem import ActionItem, ActionType, Measure, Priority
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.domain.spans import duration

DETECT_WITHIN = timedelta(minutes=5)
"""From the beginning to the alert (the specification's target)."""
HIGH_RUNG = 2
"""Index of the ladder's step from which on somebody above the responders was called: L3."""
MOST_STEPS = 5
"""Failed steps that are named."""
_GRAVE = (Severity.P0, Severity.P1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger says about how the incident was answered."""

    acknowledged_at: datetime | None = None
    """When somebody first said that they are on it, or took command."""
    first_draft_at: datetime | None = None
    first_published_at: datetime | None = None
    failed_steps: tuple[str, ...] = ()
    """Our own steps that did not work, each once."""
    highest_rung: int = 0
    """Index of the highest step of the ladder that was called."""
    highest_level: str = ""
    """Its name, such as ``L3``."""
    backups_told: int = 0
    """How often nobody said where things stand for two slots."""
    reopened: int = 0
    uncertain: int = 0
    """How often it was not certain whether customers had been told."""


def record_of(entries: Sequence[LedgerEntry]) -> Record:
    """The record in one pass over the ledger."""
    acknowledged = (e for e in entries if _is_acknowledgement(e))
    top = max((e for e in entries if e.kind is EntryKind.ESCALATED), key=_rung, default=None)
    count = _count(entries)
    return Record(
        acknowledged_at=_first(acknowledged),
        first_draft_at=_first(e for e in entries if e.kind is EntryKind.STATUSPAGE_DRAFTED),
        first_published_at=_first(e for e in entries if e.kind is EntryKind.STATUSPAGE_PUBLISHED),
        failed_steps=tuple(dict.fromkeys(_failed_steps(entries))),
        highest_rung=_rung(top) if top is not None else 0,
        highest_level=_level(top) if top is not None else "",
        backups_told=count[EntryKind.BACKUP_TOLD],
        reopened=sum(map(_is_reopening, entries)),
        uncertain=count[EntryKind.STATUSPAGE_NEEDS_HUMAN],
    )


def ended_at(incident: Incident) -> datetime | None:
    """When it was over; while resolving goes on, the moment at which it was asked for."""
    if incident.resolved_at is not None:
        return incident.resolved_at
    return incident.resolution.at if incident.resolution else None


def measures(
    incident: Incident, record: Record, asked: SeverityPolicy | None
) -> tuple[Measure, ...]:
    """How long everything took that somebody waits for, from the incident's opening on."""
    return (
        Measure(
            name="Acknowledged",
            took=_since(incident, record.acknowledged_at),
            target=asked.respond_within if asked else None,
        ),
        Measure(name="Mitigated", took=_since(incident, incident.mitigated_at)),
        Measure(
            name="Resolved",
            took=_since(incident, ended_at(incident)),
            target=asked.resolve_within if asked else None,
        ),
    )


def follow_ups(
    incident: Incident,
    record: Record,
    asked: SeverityPolicy | None,
    *,
    owners: Mapping[Role, str],
) -> tuple[ActionItem, ...]:
    """The action items that the record calls for; ``owners`` are names of who had which role."""
    lead = owners.get(Role.TECHNICAL_LEAD, owners.get(Role.COMMANDER, ""))
    commander = owners.get(Role.COMMANDER, "")
    items = (
        _prevention(incident, lead),
        *_detection(incident, lead),
        *_response(incident, record, asked, commander),
        *_communication(incident, record, asked, owners.get(Role.COMMUNICATIONS_LEAD, commander)),
        *_machinery(record),
        ActionItem(
            type=ActionType.DOCUMENTATION,
            title="Update the runbook for this kind of failure",
            detail="So that the next person on call finds what this one had to find out.",
            priority=Priority.LOW,
            owner=lead,
        ),
    )
    return items


def _prevention(incident: Incident, owner: str) -> ActionItem:
    return ActionItem(
        type=ActionType.PREVENTION,
        title="Decide in the review what would have prevented this",
        detail="From the root cause, once it is known.",
        priority=Priority.HIGH if incident.severity in _GRAVE else Priority.MEDIUM,
        owner=owner,
    )


def _detection(incident: Incident, owner: str) -> Iterator[ActionItem]:
    took = incident.created_at - incident.started_at
    if took > DETECT_WITHIN:
        yield ActionItem(
            type=ActionType.DETECTION,
            title="Detect it sooner",
            detail=f"The alert came {duration(took)} after it began;"
            f" the target is {duration(DETECT_WITHIN)}.",
            owner=owner,
        )


def _response(
    incident: Incident, record: Record, asked: SeverityPolicy | None, owner: str
) -> Iterator[ActionItem]:
    for measure in measures(incident, record, asked):
        if measure.is_missed:
            yield _process(
                f"Find out why the target was missed: {measure.name.lower()}",
                f"{measure.words}.",
                owner=owner,
                priority=Priority.HIGH,
            )
    is_unanswered = record.acknowledged_at is None and ended_at(incident) is not None
    if asked and asked.respond_within is not None and is_unanswered:
        yield _process(
            "Find out why nobody acknowledged",
            "Nobody acknowledged or took command, as far as the ledger says.",
            owner=owner,
            priority=Priority.HIGH,
        )
    if record.highest_rung >= HIGH_RUNG:
        level = record.highest_level or f"step {record.highest_rung + 1}"
        yield _process(
            "See that those on call can act without their managers",
            f"The escalation went up to {level}.",
            owner=owner,
        )
    if record.reopened:
        yield _process(
            "Verify before resolving",
            f"It came back and was reopened ({_times(record.reopened)}).",
            owner=owner,
        )


def _communication(
    incident: Incident, record: Record, asked: SeverityPolicy | None, owner: str
) -> Iterator[ActionItem]:
    within = asked.page_draft_within if asked else None
    if within is not None and _is_late(incident, record.first_draft_at, within):
        drafted = _since(incident, record.first_draft_at)
        when = f"came after {duration(drafted)}" if drafted is not None else "never came"
        yield _process(
            "Tell customers sooner",
            f"The first draft for the status page {when}; it is due within {duration(within)}.",
            owner=owner,
        )
    if record.backups_told:
        yield _process(
            "Say regularly where things stand",
            f"For two reminders in a row nobody did ({_times(record.backups_told)}).",
            owner=owner,
        )
    if record.uncertain:
        yield _process(
            "Look why the status page gave no answer",
            f"Whether customers had been told was not certain ({_times(record.uncertain)}).",
            owner=owner,
        )


def _machinery(record: Record) -> Iterator[ActionItem]:
    if not record.failed_steps:
        return
    named = ", ".join(step.replace("_", " ") for step in record.failed_steps[:MOST_STEPS])
    more = len(record.failed_steps) - MOST_STEPS
    yield ActionItem(
        type=ActionType.PROCESS,
        title="Mend what did not work while the incident was answered",
        detail=f"Failed at least once: {named}{f' and {more} more' if more > 0 else ''}.",
    )


def _process(
    title: str, detail: str, *, owner: str, priority: Priority = Priority.MEDIUM
) -> ActionItem:
    return ActionItem(
        type=ActionType.PROCESS, title=title, detail=detail, priority=priority, owner=owner
    )


def _is_late(incident: Incident, done_at: datetime | None, within: timedelta) -> bool:
    """Whether it was not done in time, though there was that much time."""
    over_at = done_at or ended_at(incident)
    return over_at is not None and over_at - incident.created_at > within


def _since(incident: Incident, at: datetime | None) -> timedelta | None:
    return max(timedelta(), at - incident.created_at) if at is not None else None


def _is_acknowledgement(entry: LedgerEntry) -> bool:
    is_command = entry.details.get("role") == Role.COMMANDER.value
    return entry.kind is EntryKind.ACKNOWLEDGED or (
        entry.kind is EntryKind.ROLE_ASSIGNED and is_command
    )


def _is_reopening(entry: LedgerEntry) -> bool:
    """An alert that fires again before the end is written down as one, and was not closed."""
    return entry.kind is EntryKind.INCIDENT_REOPENED and entry.details.get("was_closed") is True


def _failed_steps(entries: Iterable[LedgerEntry]) -> Iterator[str]:
    for entry in entries:
        if entry.kind is EntryKind.STEP_FAILED:
            step = entry.details.get("step")
            yield step if isinstance(step, str) else "a step"


def _rung(entry: LedgerEntry) -> int:
    level = entry.details.get("level")
    return level if isinstance(level, int) else 0


def _level(entry: LedgerEntry) -> str:
    levels = entry.details.get("levels")
    last = levels[-1] if isinstance(levels, list) and levels else ""
    return last if isinstance(last, str) else ""


def _first(entries: Iterable[LedgerEntry]) -> datetime | None:
    return next((entry.at for entry in entries), None)


def _count(entries: Iterable[LedgerEntry]) -> dict[EntryKind, int]:
    counted = dict.fromkeys(EntryKind, 0)
    for entry in entries:
        counted[entry.kind] += 1
    return counted


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
