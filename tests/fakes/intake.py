"""An intake in memory that can hang, fail and lose its replies. Not here: durability."""

import asyncio
from datetime import datetime

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.errors import UnavailableError, UnknownOutcomeError
from incident_response.domain.model import EventId
from incident_response.ports.intake import Accepted


class FakeIntake:
    """``ports.intake.Intake``."""

    def __init__(self) -> None:
        self.records: dict[EventId, IntakeRecord] = {}
        self.is_down = False
        self.lost_replies = 0
        """So many next puts store the record and then say that nobody knows."""
        self.gate = asyncio.Event()
        """A put waits for this before it stores."""
        self.gate.set()

    async def put(self, record: IntakeRecord) -> Accepted:
        """Stores once by event id."""
        await self.gate.wait()
        if self.is_down:
            raise UnavailableError
        is_new = record.event_id not in self.records
        stored = self.records.setdefault(record.event_id, record)
        if self.lost_replies:
            self.lost_replies -= 1
            raise UnknownOutcomeError
        return Accepted(stored, is_new)

    async def get(self, event_id: EventId) -> IntakeRecord | None:
        """The record as it is."""
        return self.records.get(event_id)

    async def pending(self, *, received_before: datetime, limit: int) -> list[IntakeRecord]:
        """Oldest first."""
        found = [r for r in self.records.values() if r.status is IntakeStatus.PENDING]
        due = [r for r in found if r.received_at < received_before]
        return sorted(due, key=lambda r: r.received_at)[:limit]

    async def mark(self, event_id: EventId, status: IntakeStatus) -> None:
        """Of a pending or quarantined record."""
        record = self.records[event_id]
        if record.status in (IntakeStatus.PENDING, IntakeStatus.QUARANTINED):
            self.records[event_id] = record.model_copy(update={"status": status})

    async def troubled(self, *, limit: int) -> list[IntakeRecord]:
        """Newest first."""
        states = (IntakeStatus.QUARANTINED, IntakeStatus.DEAD)
        found = [r for r in self.records.values() if r.status in states]
        return sorted(found, key=lambda r: r.received_at, reverse=True)[:limit]
