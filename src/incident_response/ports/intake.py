"""Where accepted alerts become durable.

Not here: incidents; the webhook that uses this knows none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.model import EventId


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a put: the record as it is stored, and whether this put stored it."""

    record: IntakeRecord
    is_new: bool


class Intake(Protocol):
    """Keeps each accepted alert once, until it is folded; a pending record is its own outbox
    entry.
    """

    async def put(self, record: IntakeRecord) -> Accepted:
        """Store ``record`` unless its event id is known; durable when this returns.

        Raises ``UnavailableError`` when nothing was stored, ``UnknownOutcomeError`` when that is
        not known (put again).
        """
        ...

    async def get(self, event_id: EventId) -> IntakeRecord | None:
        """The record, with every write seen."""
        ...

    async def pending(self, *, received_before: datetime, limit: int) -> list[IntakeRecord]:
        """Records still pending that were received before then, oldest first."""
        ...

    async def mark(self, event_id: EventId, status: IntakeStatus) -> None:
        """Set the status of a record that is PENDING or QUARANTINED; a FOLDED or DEAD one stays as
        it is.
        """
        ...

    async def troubled(self, *, limit: int) -> list[IntakeRecord]:
        """Quarantined and dead records, newest first: what an operator has to look at."""
        ...
