"""Says what became of a message that is given up, before it goes to the dead letters.

An accepted alert that nobody can fold is marked, so that it is no longer sent again, and shown
with its content. Not here: deciding that it is given up (durable.consumer).
"""

import json

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.model import EventId
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import DeadLetter, Delivery
from incident_response.ports.intake import Intake
from incident_response.workflows.operator_notices import OperatorNotices


class DeadLetters:
    """Marks and tells."""

    def __init__(self, *, intake: Intake, operators: OperatorNotices, clock: Clock) -> None:
        self._intake = intake
        self._operators = operators
        self._clock = clock

    async def tell(self, delivery: Delivery, *, queue: str, reason: str) -> None:
        """Mark the alert behind ``delivery``, if there is one, and tell the operators."""
        record = await self._record_of(delivery.raw)
        if record is not None and record.status is not IntakeStatus.FOLDED:
            await self._intake.mark(record.event_id, IntakeStatus.DEAD)
            await self._operators.alert_dead(record, reason)
            return
        letter = DeadLetter(
            message_id=delivery.message_id,
            raw=delivery.raw,
            group=delivery.group,
            receive_count=delivery.receive_count,
            reason=reason,
            died_at=self._clock.now(),
        )
        await self._operators.message_dead(letter, queue)

    async def _record_of(self, raw: str) -> IntakeRecord | None:
        """The accepted alert a message is about; a text nobody can read is about none."""
        try:
            body = json.loads(raw)["body"]
            event_id = body["event_id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return await self._intake.get(EventId(event_id)) if isinstance(event_id, str) else None
