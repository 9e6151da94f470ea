"""The ledger: what happened in an incident, in order, sealed so that no entry can be changed,
dropped or slipped in.

``h_n = HMAC-SHA256(key, h_(n-1) ‖ canonical(entry_n))``, starting from 32 zero bytes. Not here:
where it is stored.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.model import IncidentId, Json, Value

GENESIS = "0" * 64
"""The hash before the first entry."""
SYSTEM = "incident-response"
"""The actor of what the program does by itself."""


class EntryKind(StrEnum):
    """What a ledger entry tells."""

    INCIDENT_OPENED = "INCIDENT_OPENED"
    INCIDENT_REOPENED = "INCIDENT_REOPENED"
    ALERT_ATTACHED = "ALERT_ATTACHED"
    ALERT_STALE = "ALERT_STALE"
    ALERT_RESOLVED = "ALERT_RESOLVED"
    ALERT_ACKNOWLEDGED = "ALERT_ACKNOWLEDGED"
    ALERT_SILENCED = "ALERT_SILENCED"
    WAR_ROOM_CREATED = "WAR_ROOM_CREATED"
    RESPONDERS_INVITED = "RESPONDERS_INVITED"
    COMMANDER_PROPOSED = "COMMANDER_PROPOSED"
    MESSAGE_POSTED = "MESSAGE_POSTED"
    STEP_FAILED = "STEP_FAILED"
    STEP_RETRIED = "STEP_RETRIED"
    WAR_ROOM_ASSEMBLED = "WAR_ROOM_ASSEMBLED"
    ROLE_ASSIGNED = "ROLE_ASSIGNED"
    RESPONDER_JOINED = "RESPONDER_JOINED"
    CHECKLIST_CHECKED = "CHECKLIST_CHECKED"
    CHECKLIST_UNCHECKED = "CHECKLIST_UNCHECKED"
    NUDGE_SCHEDULED = "NUDGE_SCHEDULED"
    NUDGE_SENT = "NUDGE_SENT"
    NUDGE_SNOOZED = "NUDGE_SNOOZED"
    NUDGE_SILENCED = "NUDGE_SILENCED"
    NUDGE_UNSILENCED = "NUDGE_UNSILENCED"
    BACKUP_TOLD = "BACKUP_TOLD"
    UPDATE_POSTED = "UPDATE_POSTED"
    SEVERITY_CHANGED = "SEVERITY_CHANGED"
    IMPACT_RAISED = "IMPACT_RAISED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ESCALATED = "ESCALATED"
    STATUSPAGE_DRAFTED = "STATUSPAGE_DRAFTED"
    STATUSPAGE_EDITED = "STATUSPAGE_EDITED"
    STATUSPAGE_REJECTED = "STATUSPAGE_REJECTED"
    STATUSPAGE_APPROVAL_REFUSED = "STATUSPAGE_APPROVAL_REFUSED"
    STATUSPAGE_APPROVAL_GIVEN = "STATUSPAGE_APPROVAL_GIVEN"
    """One of several that the policy asks for."""
    STATUSPAGE_DRAFT_APPROVED = "STATUSPAGE_DRAFT_APPROVED"
    STATUSPAGE_SENDING = "STATUSPAGE_SENDING"
    STATUSPAGE_REFUSED = "STATUSPAGE_REFUSED"
    STATUSPAGE_UNCERTAIN = "STATUSPAGE_UNCERTAIN"
    STATUSPAGE_NEEDS_HUMAN = "STATUSPAGE_NEEDS_HUMAN"
    STATUSPAGE_PUBLISHED = "STATUSPAGE_PUBLISHED"
    TIMELINE_ADDED = "TIMELINE_ADDED"
    TIMELINE_MOVED = "TIMELINE_MOVED"
    """A correction of the time of an earlier entry, which itself stays as it is."""
    INCIDENT_MITIGATED = "INCIDENT_MITIGATED"
    RESOLVE_STARTED = "RESOLVE_STARTED"
    RESOLVE_PROPOSED = "RESOLVE_PROPOSED"
    POSTMORTEM_CREATED = "POSTMORTEM_CREATED"
    INCIDENT_RESOLVED = "INCIDENT_RESOLVED"
    INCIDENT_CANCELLED = "INCIDENT_CANCELLED"
    INCIDENT_MERGED = "INCIDENT_MERGED"
    INCIDENT_LINKED = "INCIDENT_LINKED"
    PULSE_RATED = "PULSE_RATED"
    PULSE_ASKED = "PULSE_ASKED"
    REVIEW_OVERDUE = "REVIEW_OVERDUE"
    ROOM_ARCHIVED = "ROOM_ARCHIVED"


class NewEntry(Value):
    """An entry to append; the store gives it its number and seal."""

    kind: EntryKind
    at: datetime
    actor: str = SYSTEM
    """Who did it: a chat user id, or ``incident-response``."""
    details: Json = Field(default_factory=dict)


class LedgerEntry(NewEntry):
    """A sealed entry."""

    incident_id: IncidentId
    seq: int
    """1 for the first entry of an incident, without gaps."""
    hash: str
    """64 hex digits over this entry and everything before it."""


class Seal:
    """Seals entries with the ledger key, and checks them."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the ledger key needs at least 16 bytes")
        self._key = key

    def append(
        self, entry: NewEntry, *, incident_id: IncidentId, seq: int, previous: str
    ) -> LedgerEntry:
        """``entry`` as number ``seq``, sealed onto the hash ``previous``."""
        # As it will be read back: JSON cannot hold all that Python can (NaN), and the seal has to
        # match what was read.
        entry = NewEntry.model_validate_json(entry.model_dump_json())
        unsealed = LedgerEntry(
            **entry.model_dump(), incident_id=incident_id, seq=seq, hash=previous
        )
        return unsealed.model_copy(update={"hash": self._hash(unsealed, previous)})

    def verify(self, incident_id: IncidentId, entries: Iterable[LedgerEntry]) -> str:
        """The hash of the last of ``entries`` (from the first on); ``LedgerBrokenError`` names the
        first bad one.
        """
        previous, expected = GENESIS, 1
        for entry in entries:
            if entry.incident_id != incident_id or entry.seq != expected:
                raise LedgerBrokenError(
                    f"entry {expected} is missing", incident_id=incident_id, seq=expected
                )
            if not hmac.compare_digest(self._hash(entry, previous).encode(), entry.hash.encode()):
                raise LedgerBrokenError(
                    f"entry {entry.seq} does not match its seal",
                    incident_id=incident_id,
                    seq=entry.seq,
                )
            previous, expected = entry.hash, expected + 1
        return previous

    def _hash(self, entry: LedgerEntry, previous: str) -> str:
        body = bytes.fromhex(previous) + canonical(entry)
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()


def canonical(entry: LedgerEntry) -> bytes:
    """The entry without its hash as one exact byte string: sorted keys, no spaces, ASCII."""
    content = entry.model_dump(mode="json", exclude={"hash"})
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
