"""The embedded ports that only a processor works with.

Not here: those that the webhook needs too (``backend``), which is imported without these.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from incident_response.adapters.embedded import inbox, lease, queue_rows
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.inbox import EmbeddedInbox
from incident_response.adapters.embedded.incident_store import EmbeddedIncidentStore
from incident_response.adapters.embedded.lease import EmbeddedLeaseStore
from incident_response.adapters.embedded.ledger import EmbeddedLedger
from incident_response.adapters.embedded.scheduler import EmbeddedScheduler
from incident_response.adapters.wakeups import Wakeups
from incident_response.domain.ledger import Seal
from incident_response.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Incidents, and what it takes to work on them."""

    database: Database
    clock: Clock
    incidents: EmbeddedIncidentStore
    ledger: EmbeddedLedger
    leases: EmbeddedLeaseStore
    scheduler: EmbeddedScheduler
    inbox: EmbeddedInbox

    @classmethod
    def over(
        cls, database: Database, seal: Seal, *, clock: Clock, wakeups: Wakeups
    ) -> "Processing":
        return cls(
            database=database,
            clock=clock,
            incidents=EmbeddedIncidentStore(database, seal),
            ledger=EmbeddedLedger(database),
            leases=EmbeddedLeaseStore(database, clock),
            scheduler=EmbeddedScheduler(database, clock, wakeups),
            inbox=EmbeddedInbox(database, clock, wakeups),
        )

    async def free_all(self) -> dict[str, int]:
        """Free every lease, message in flight and claimed envelope; how many of each."""
        now = self.clock.now()
        return await self.database.write(lambda connection: _free_all(connection, now))


def _free_all(connection: sqlite3.Connection, now: datetime) -> dict[str, int]:
    return {
        "leases": lease.release_all(connection),
        "messages": queue_rows.return_all(connection, now=now),
        "envelopes": inbox.unclaim_all(connection),
    }
