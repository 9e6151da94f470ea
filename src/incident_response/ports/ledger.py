"""The reading side of the ledger.

Entries are written by ``IncidentStore.commit`` only, with what they explain.
"""

from typing import Protocol

from incident_response.domain.ledger import LedgerEntry
from incident_response.domain.model import IncidentId


class Ledger(Protocol):
    """Reads what happened; every read sees every commit that has returned."""

    async def entries(
        self, incident_id: IncidentId, *, after: int = 0, limit: int | None = None
    ) -> list[LedgerEntry]:
        """Entries with ``seq > after`` in order, all of them without a ``limit``."""
        ...

    async def head(self, incident_id: IncidentId) -> tuple[int, str]:
        """Number and hash of the last entry; ``(0, GENESIS)`` if there is none."""
        ...

    async def heads(self) -> dict[IncidentId, tuple[int, str]]:
        """The ``head`` of every incident that has a ledger, or exists and has lost it."""
        ...
