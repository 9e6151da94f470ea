"""The timeline: a ledger's entries as people tell them, in the order in which things happened.

A ledger has an order of its own, which nobody can change; this is the other one. Every kind of
entry has words here, or is left out on purpose. Not here: adding and moving events
(workflows.timeline), how rows are drawn (blocks, postmortem).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from pydantic import JsonValue

from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry
from incident_response.domain.model import UserId
from incident_response.domain.plain_text import clean
from incident_response.domain.roles import Role

LONGEST_TEXT = 500
"""Characters of one told text that a row keeps."""


@dataclass(frozen=True, slots=True)
class Who:
    """A person in a row, to be drawn as a mention or by name."""

    user_id: UserId


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One thing that happened. Texts in ``parts`` are plain and untrusted."""

    seq: int
    """The ledger's number of the entry: it names the row, also after others were put before it."""
    at: datetime
    """When it happened, which may be long before it was written down."""
    parts: tuple[str | Who, ...]
    is_moved: bool = False
    """Whether somebody corrected its time."""

    def text(self, name_of: Callable[[UserId], str]) -> str:
        """The row as plain text."""
        return "".join(p if isinstance(p, str) else name_of(p.user_id) for p in self.parts)

    @property
    def people(self) -> tuple[UserId, ...]:
        """Who is named in it."""
        return tuple(p.user_id for p in self.parts if isinstance(p, Who))


WORDS: dict[EntryKind, str] = {
    EntryKind.INCIDENT_OPENED: "Incident opened[ at {severity}][ by {by}][: {title}]"
    "[ (from {source}, began {began})]",
    EntryKind.INCIDENT_REOPENED: "Reopened[ by {by}][: {reason}]",
    EntryKind.ALERT_ATTACHED: "The alert fired again[: {title}]",
    EntryKind.ALERT_RESOLVED: "The alert stopped firing[ ({source})]",
    EntryKind.ALERT_ACKNOWLEDGED: "The alert was acknowledged[ in {source}]",
    EntryKind.ALERT_SILENCED: "The alert was silenced[ in {source}]",
    EntryKind.WAR_ROOM_CREATED: "War room created[: #{name}]",
    EntryKind.RESPONDERS_INVITED: "Invited[: {users}]",
    EntryKind.COMMANDER_PROPOSED: "Asked to take command[: {user}]",
    EntryKind.STEP_FAILED: "Did not work[: {step}][ ({reason})]",
    EntryKind.STEP_RETRIED: "Asked for again[ by {by}][: {step}]",
    EntryKind.WAR_ROOM_ASSEMBLED: "War room assembled[ in {seconds} s]",
    EntryKind.ROLE_ASSIGNED: "[{to} became ]{role}[, given by {giver}]",
    EntryKind.RESPONDER_JOINED: "[{user} ]joined",
    EntryKind.CHECKLIST_CHECKED: "Ticked[ by {by}][: {text}]",
    EntryKind.CHECKLIST_UNCHECKED: "Unticked[ by {by}][: {text}]",
    EntryKind.NUDGE_SNOOZED: "Reminders snoozed[ by {by}][ for {minutes} min]",
    EntryKind.NUDGE_SILENCED: "Reminders silenced[ by {by}]",
    EntryKind.NUDGE_UNSILENCED: "Reminders turned on again[ by {by}]",
    EntryKind.BACKUP_TOLD: "Nobody said where things stand, so another was told[: {to}]",
    EntryKind.UPDATE_POSTED: "Update[ by {by}][: {text}]",
    EntryKind.SEVERITY_CHANGED: "Severity changed[ from {from}][ to {to}][ by {by}][: {reason}]",
    EntryKind.IMPACT_RAISED: "Impact raised[ by {by}][: {impact}]",
    EntryKind.ACKNOWLEDGED: "Acknowledged[ by {by}]",
    EntryKind.ESCALATED: "Escalated[ to {levels}][ by {by}][, called: {to}][ ({why})]",
    EntryKind.STATUSPAGE_DRAFTED: "Message to customers drafted[ by {by}]",
    EntryKind.STATUSPAGE_EDITED: "Message to customers edited[ by {by}]",
    EntryKind.STATUSPAGE_REJECTED: "Message to customers rejected[ by {by}][: {reason}]",
    EntryKind.STATUSPAGE_APPROVAL_REFUSED: "Approval refused[ to {by}][: {reason}]",
    EntryKind.STATUSPAGE_APPROVAL_GIVEN: "First of several approvals given[ by {by}]",
    EntryKind.STATUSPAGE_DRAFT_APPROVED: "Message to customers approved[ by {by}]",
    EntryKind.STATUSPAGE_REFUSED: "The status page refused the message[: {reason}]",
    EntryKind.STATUSPAGE_UNCERTAIN: "The status page did not answer[: {reason}]",
    EntryKind.STATUSPAGE_NEEDS_HUMAN: "Whether customers were told is not certain[: {reason}]",
    EntryKind.STATUSPAGE_PUBLISHED: "Customers told on the status page[, {status}][: {title}]",
    EntryKind.TIMELINE_ADDED: "{text}[ (added by {by})]",
    EntryKind.INCIDENT_MITIGATED: "Mitigated[, says {by}][: {text}]",
    EntryKind.RESOLVE_STARTED: "Resolving begun[ by {by}][: {summary}]",
    EntryKind.RESOLVE_PROPOSED: "Resolving proposed, since the alert stopped firing",
    EntryKind.POSTMORTEM_CREATED: "Postmortem filed[: {identifier}]",
    EntryKind.INCIDENT_RESOLVED: "Resolved[ by {by}][: {summary}]",
    EntryKind.INCIDENT_CANCELLED: "Cancelled[ by {by}][: {reason}]",
    EntryKind.INCIDENT_MERGED: "Merged[ by {by}][ into {into}][, took in {from}]",
    EntryKind.INCIDENT_LINKED: "Linked[ by {by}][ to {to}]",
    EntryKind.REVIEW_OVERDUE: "The postmortem's review is overdue",
    EntryKind.ROOM_ARCHIVED: "The room was archived",
}
"""What each kind of entry tells. ``{name}`` is a detail, ``{by}`` who did it (if somebody did); a
part in brackets is left out where one of its names says nothing.
"""

LEFT_OUT = frozenset(
    {
        EntryKind.ALERT_STALE,  # changed nothing
        EntryKind.MESSAGE_POSTED,  # our own furniture
        EntryKind.NUDGE_SCHEDULED,
        EntryKind.NUDGE_SENT,
        EntryKind.STATUSPAGE_SENDING,  # followed by what became of it
        EntryKind.TIMELINE_MOVED,  # shown as the row that it corrects
        EntryKind.PULSE_ASKED,
        EntryKind.PULSE_RATED,  # how somebody found the response is told to nobody by name
    }
)
"""What would only be noise, or is shown otherwise."""

_EVENT_TIMES: dict[EntryKind, str] = {
    EntryKind.TIMELINE_ADDED: "at",
    EntryKind.INCIDENT_REOPENED: "changed_at",
    EntryKind.ALERT_ATTACHED: "changed_at",
    EntryKind.ALERT_RESOLVED: "changed_at",
    EntryKind.ALERT_ACKNOWLEDGED: "changed_at",
    EntryKind.ALERT_SILENCED: "changed_at",
}
"""The detail that holds when it happened, for what is written down later than it happens."""

_PART = re.compile(r"\[([^\]]*)\]|([^\[]+)")
_NAME = re.compile(r"\{(\w+)\}")
_PEOPLE = frozenset({"by", "giver", "user", "users", "to"})
_USER_ID = re.compile(r"[UW][A-Z0-9]+", re.ASCII)


def timeline(entries: Sequence[LedgerEntry]) -> tuple[TimelineRow, ...]:
    """The rows of a ledger by event time, corrections applied."""
    moved = _corrections(entries)
    rows = (_row(entry, moved) for entry in entries if entry.kind in WORDS)
    return tuple(sorted(rows, key=lambda row: (row.at, row.seq)))


def happened_at(entry: LedgerEntry) -> datetime:
    """When what an entry tells happened, corrections aside; never after it was written down."""
    stated = _moment(entry.details.get(_EVENT_TIMES.get(entry.kind, "")))
    return entry.at if stated is None else min(stated, entry.at)


def _row(entry: LedgerEntry, moved: dict[int, datetime]) -> TimelineRow:
    at = moved.get(entry.seq)
    return TimelineRow(
        seq=entry.seq,
        at=happened_at(entry) if at is None else at,
        parts=_told(WORDS[entry.kind], entry),
        is_moved=at is not None,
    )


def _corrections(entries: Iterable[LedgerEntry]) -> dict[int, datetime]:
    """The last corrected time of each moved entry."""
    found: dict[int, datetime] = {}
    for entry in entries:
        if entry.kind is EntryKind.TIMELINE_MOVED:
            seq, to = entry.details.get("seq"), _moment(entry.details.get("to"))
            if isinstance(seq, int) and to is not None:
                found[seq] = to
    return found


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a template that is shown whole or not at all: literals and names, in turns."""

    is_optional: bool
    literals: tuple[str, ...]
    """One more than there are names."""
    names: tuple[str, ...]


@cache
def _pieces(template: str) -> tuple[_Piece, ...]:
    pieces = []
    for optional, always in _PART.findall(template):
        split = _NAME.split(optional or always)
        pieces.append(_Piece(bool(optional), tuple(split[::2]), tuple(split[1::2])))
    return tuple(pieces)


def _told(template: str, entry: LedgerEntry) -> tuple[str | Who, ...]:
    parts: list[str | Who] = []
    for piece in _pieces(template):
        values = [_value(name, entry) for name in piece.names]
        if not piece.is_optional or all(values):
            parts.append(piece.literals[0])
            for value, literal in zip(values, piece.literals[1:], strict=True):
                parts += [*value, literal]
    return tuple(_joined(parts))


def _value(name: str, entry: LedgerEntry) -> list[str | Who]:
    if name == "by":
        return _shown(name, None if entry.actor == SYSTEM else entry.actor)
    if name == "giver":
        is_own = entry.actor in (SYSTEM, entry.details.get("to"))
        return _shown(name, None if is_own else entry.actor)
    if name == "began":
        began = _moment(entry.details.get("changed_at"))
        return [f"{began:%H:%M} UTC"] if began is not None else []
    value = entry.details.get(name)
    if name == "role":
        return [_role(value)]
    if name == "step" and isinstance(value, str):
        return [value.replace("_", " ")]
    return _shown(name, value)


def _shown(name: str, value: JsonValue) -> list[str | Who]:
    """A detail as text or people; several are parted by commas."""
    values = value if isinstance(value, list) else [value]
    shown = [one for one in (_one(name, v) for v in values) if one]
    parted: list[str | Who] = []
    for one in shown:
        parted += [", ", one] if parted else [one]
    return parted


def _one(name: str, value: JsonValue) -> str | Who:
    if isinstance(value, str):
        is_person = name in _PEOPLE and _USER_ID.fullmatch(value) is not None
        return Who(UserId(value)) if is_person else clean(value)[:LONGEST_TEXT]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return ""


def _role(value: JsonValue) -> str:
    return Role(value).label.lower() if value in set(Role) else "somebody with a role"


def _joined(parts: Iterable[str | Who]) -> list[str | Who]:
    """Neighbouring texts as one, with a capital at the beginning."""
    joined: list[str | Who] = []
    for part in parts:
        if not part:
            continue
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        else:
            joined.append(part)
    if joined and isinstance(joined[0], str):
        joined[0] = joined[0][:1].upper() + joined[0][1:]
    return joined


def _moment(value: JsonValue) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
