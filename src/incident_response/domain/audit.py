"""Whether a ledger can be true: nothing changed, nothing missing, nothing published unapproved.

A second opinion on what the gate does: it looks at entries only, and shares no rule with
``domain.approval``. Not here: reading ledgers and telling people (workflows.auditor).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pydantic import JsonValue, ValidationError

from incident_response.domain.draft import PageMessage
from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.ledger import EntryKind, LedgerEntry, Seal
from incident_response.domain.model import IncidentId, Json, Value
from incident_response.domain.roles import Role


class Finding(Value):
    """Something in a ledger that may never be there."""

    incident_id: IncidentId
    seq: int
    """The first bad entry, which may be a missing one."""
    rule: str
    """``chain``, ``head``, ``approval``, ``approver``, ``sending`` or ``publication``."""
    why: str
    """For people."""


def check_ledger(
    incident_id: IncidentId,
    entries: Sequence[LedgerEntry],
    *,
    head: tuple[int, str],
    seal: Seal,
) -> tuple[Finding, ...]:
    """Everything that is wrong with one incident's whole ledger, in the order of its entries.

    ``head``: number and hash that the store says are the last. A broken chain is the only finding
    about it: what it says means nothing. No entry at all is one: every incident begins with some.
    """
    broken = _broken_chain(incident_id, entries, head=head, seal=seal)
    if broken is not None:
        return (broken,)
    audit = _Audit()
    return tuple(
        Finding(incident_id=incident_id, seq=entry.seq, rule=rule, why=why)
        for entry in entries
        for rule, why in audit.look_at(entry)
    )


def _broken_chain(
    incident_id: IncidentId,
    entries: Sequence[LedgerEntry],
    *,
    head: tuple[int, str],
    seal: Seal,
) -> Finding | None:
    try:
        last = seal.verify(incident_id, entries)
    except LedgerBrokenError as error:
        return Finding(incident_id=incident_id, seq=error.seq, rule="chain", why=str(error))
    seq, count = head[0], len(entries)
    if count < seq or not count:
        why = f"the ledger ends at entry {count}, and its head says {seq}"
        return Finding(incident_id=incident_id, seq=count + 1, rule="head", why=why)
    if (count, last) != head:
        why = f"the head (entry {seq}) is not that of the last entry ({count})"
        return Finding(incident_id=incident_id, seq=max(seq, 1), rule="head", why=why)
    return None


class _Marks(NamedTuple):
    """Which approval of which bytes an entry is about."""

    draft: JsonValue
    revision: JsonValue
    attempt: JsonValue
    digest: JsonValue


Complaints = Iterator[tuple[str, str]]
"""Rule and reason."""


class _Audit:
    """What is known of an incident after the entries so far."""

    def __init__(self) -> None:
        self._commander: JsonValue = None
        self._approved: dict[_Marks, PageMessage] = {}
        self._unused: set[_Marks] = set()
        self._sent: set[_Marks] = set()
        self._looks: dict[EntryKind, Callable[[LedgerEntry], Complaints]] = {
            EntryKind.ROLE_ASSIGNED: self._role,
            EntryKind.STATUSPAGE_DRAFT_APPROVED: self._approval,
            EntryKind.STATUSPAGE_SENDING: self._sending,
            EntryKind.STATUSPAGE_REFUSED: self._refusal,
            EntryKind.STATUSPAGE_REJECTED: self._rejection,
            EntryKind.STATUSPAGE_PUBLISHED: self._publication,
        }

    def look_at(self, entry: LedgerEntry) -> Complaints:
        """What is wrong with the next entry."""
        look = self._looks.get(entry.kind)
        if look is not None:
            yield from look(entry)

    def _role(self, entry: LedgerEntry) -> Complaints:
        if entry.details.get("role") == Role.COMMANDER.value:
            self._commander = entry.details.get("to")
        yield from ()

    def _approval(self, entry: LedgerEntry) -> Complaints:
        marks = _marks_of(entry)
        if marks in self._approved:
            yield "approval", "the same attempt was approved twice"
            return
        message = _message_of(entry)
        if message is None or message.digest != marks.digest:
            yield "approval", "what was approved is not what its digest says"
            return
        yield from self._approvers(entry)
        self._approved[marks] = message
        self._unused.add(marks)

    def _approvers(self, entry: LedgerEntry) -> Complaints:
        approvals = _approvals_of(entry)
        people = [approval.get("by") for approval in approvals]
        needed = entry.details.get("needed")
        if not isinstance(needed, int) or len(people) < needed:
            yield "approver", "fewer people approved it than the policy asked for"
        if entry.actor not in people:
            yield "approver", "whoever approved it is not among its approvals"
        if len(set(map(str, people))) != len(people):
            yield "approver", "one person approved it twice"
        for approval in approvals:
            if approval.get("digest") != entry.details.get("digest"):
                yield "approver", f"{approval.get('by')} approved another text"
            right, by = approval.get("right"), approval.get("by")
            if right != "approver" and (right != "commander" or by != self._commander):
                yield "approver", f"{by} was neither in command nor an approver"

    def _sending(self, entry: LedgerEntry) -> Complaints:
        marks = _marks_of(entry)
        if marks not in self._approved:
            yield "sending", "nobody approved what was sent"
        elif marks not in self._unused:
            yield "sending", "it was sent again on one approval"
        self._unused.discard(marks)
        self._sent.add(marks)

    def _refusal(self, entry: LedgerEntry) -> Complaints:
        """The page did not take it: the approval may be used again."""
        marks = _marks_of(entry)
        if marks in self._sent:
            self._sent.discard(marks)
            self._unused.add(marks)
        yield from ()

    def _rejection(self, entry: LedgerEntry) -> Complaints:
        self._unused.discard(_marks_of(entry))
        yield from ()

    def _publication(self, entry: LedgerEntry) -> Complaints:
        marks = _marks_of(entry)
        message = self._approved.get(marks)
        if message is None:
            yield "publication", "nobody approved what was published"
        elif marks not in self._sent:
            yield "publication", "it was published without being sent, or twice"
        elif not _says(entry.details, message):
            yield "publication", "what was published is not what was approved"
        self._sent.discard(marks)


def _marks_of(entry: LedgerEntry) -> _Marks:
    return _Marks(*(_plain(entry.details.get(name)) for name in _Marks._fields))


def _plain(value: JsonValue) -> JsonValue:
    """A value that can be a key, whatever stands there."""
    return value if isinstance(value, (int, str)) else str(value)


def _message_of(entry: LedgerEntry) -> PageMessage | None:
    try:
        return PageMessage.model_validate(entry.details.get("message"))
    except ValidationError:
        return None


def _approvals_of(entry: LedgerEntry) -> list[Json]:
    found = entry.details.get("approvals")
    return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


def _says(details: Json, message: PageMessage) -> bool:
    told = {
        "page_id": message.page_id,
        "title": message.title,
        "body": message.body,
        "status": message.status.value,
        "impact": message.impact.value,
    }
    is_there = not message.page_incident_id or (
        details.get("page_incident_id") == message.page_incident_id
    )
    return is_there and all(details.get(name) == value for name, value in told.items())
