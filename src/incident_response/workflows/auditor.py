"""Walks every ledger again and again, and tells operators of one that cannot be true.

A dead man's switch: each round in which all ledgers hold is counted, and what watches the count
raises the alarm when it stops. Not here: the rules (domain.audit), the command line (entrypoints).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from incident_response.domain.audit import Finding, check_ledger
from incident_response.domain.errors import ConflictError, IncidentResponseError
from incident_response.domain.ledger import LedgerEntry, Seal
from incident_response.domain.model import IncidentId
from incident_response.ports.clock import Clock
from incident_response.ports.ledger import Ledger
from incident_response.telemetry import count_clean_audit
from incident_response.workflows.operator_notices import OperatorNotices

ROUND_SECONDS = 60.0
CHECK_ANEW = timedelta(hours=1)
"""A ledger whose head stands still is still read again this often: a row may have been changed."""
READ_TRIES = 20
"""Readings of a ledger that is growing all the while."""
TOLD_SINCE = timedelta(days=1)
"""How far back a finding that was told before a restart is looked for."""

Head = tuple[int, str]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one ledger's checking found."""

    head: Head
    findings: tuple[Finding, ...]
    checked_at: datetime


async def audit_ledger(ledger: Ledger, seal: Seal, incident_id: IncidentId) -> tuple[Finding, ...]:
    """Read one ledger as it is at one moment, and check it.

    Raises ``ConflictError`` if it grows too fast for that.
    """
    head, entries = await _read(ledger, incident_id)
    return check_ledger(incident_id, entries, head=head, seal=seal)


async def _read(ledger: Ledger, incident_id: IncidentId) -> tuple[Head, list[LedgerEntry]]:
    """Head and entries that belong together."""
    head = await ledger.head(incident_id)
    for _ in range(READ_TRIES):
        entries = await ledger.entries(incident_id)
        before, head = head, await ledger.head(incident_id)
        if head == before:
            return head, entries
    raise ConflictError(f"the ledger of {incident_id} grows faster than it can be read")


class Auditor:
    """Checks what has changed every minute, and everything every hour."""

    def __init__(
        self, *, ledger: Ledger, seal: Seal, operators: OperatorNotices, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._seal = seal
        self._operators = operators
        self._clock = clock
        self._known: dict[IncidentId, Verdict] = {}
        self._told: set[Finding] = set()

    async def run(self) -> None:
        """Audit until cancelled."""
        while True:
            try:
                await self.audit()
            except IncidentResponseError as error:
                log.warning("cannot audit the ledgers", reason=str(error))
            await self._clock.sleep(ROUND_SECONDS)

    async def audit(self) -> tuple[Finding, ...]:
        """One round: everything that is wrong now. Raises what the store raises; whom it could not
        tell is told in the next round.
        """
        found: list[Finding] = []
        for incident_id, head in (await self._ledger.heads()).items():
            found += (await self._verdict(incident_id, head)).findings
        if not found:
            count_clean_audit()
        for finding in found:
            if finding not in self._told:
                await self._operators.ledger_violated(
                    finding, since=self._clock.now() - TOLD_SINCE
                )
                self._told.add(finding)
        return tuple(found)

    async def _verdict(self, incident_id: IncidentId, head: Head) -> Verdict:
        known, now = self._known.get(incident_id), self._clock.now()
        if known is not None and known.head == head and now - known.checked_at < CHECK_ANEW:
            return known
        head, entries = await _read(self._ledger, incident_id)
        findings = check_ledger(incident_id, entries, head=head, seal=self._seal)
        verdict = self._known[incident_id] = Verdict(head, findings, now)
        return verdict
