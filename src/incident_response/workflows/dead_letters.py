"""Says what became of a message that is given up, before it goes to the dead letters.

An accepted alert that nobody can fold is marked, so that it is no longer sent again, and shown
with its content. Not here: deciding that it is given up (durable.consumer).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.errors import IncidentResponseError
from incident_response.domain.model import EventId
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import DeadLetter, Delivery, EventQueue
from incident_response.ports.intake import Intake
from incident_response.telemetry import measure_dead_letters
from incident_response.workflows.accept_alert import message_about
from incident_response.workflows.operator_notices import OperatorNotices

WATCH_SECONDS = 60.0
WATCH_BACK = timedelta(hours=24)
"""How old a dead letter may be to be told of after a restart."""
WATCH_LIMIT = 50

log = structlog.get_logger(__name__)


class DeadLetters:
    """Marks and tells."""

    def __init__(
        self,
        *,
        queues: Sequence[EventQueue],
        intake: Intake,
        operators: OperatorNotices,
        clock: Clock,
    ) -> None:
        self._queues = queues
        self._intake = intake
        self._operators = operators
        self._clock = clock
        self._told: set[str] = set()

    async def watch(self) -> None:
        """Tell of messages that a queue gave up by itself, because whoever had them died with
        them, and send those again whose alert is pending: the next process may live.

        Runs until cancelled.
        """
        while True:
            for queue in self._queues:
                try:
                    await self._look_at(queue)
                except IncidentResponseError as error:
                    log.warning("cannot tell of dead letters", queue=queue.name, reason=str(error))
            await self._clock.sleep(WATCH_SECONDS)

    async def _look_at(self, queue: EventQueue) -> None:
        since = self._clock.now() - WATCH_BACK
        letters = await queue.dead_letters(limit=WATCH_LIMIT)
        measure_dead_letters(len(letters), queue=queue.name)
        for letter in letters:
            if letter.died_at > since and letter.message_id not in self._told:
                is_again = await self._send_again(letter, queue)
                await self._operators.message_dead(letter, queue.name, is_sent_again=is_again)
                self._told.add(letter.message_id)

    async def _send_again(self, letter: DeadLetter, queue: EventQueue) -> bool:
        """If it is about an alert that waits; whether it was.

        Under another id than at first, which the queue may still remember: the sweep would have to
        wait for that. Always the same one, so that an alert that kills every process does so in a
        while only.
        """
        record = await self._record_of(letter.raw)
        if record is None or record.status is not IntakeStatus.PENDING:
            return False
        log.warning("alert sent again after its message died", event_id=record.event_id)
        await queue.send([replace(message_about(record), dedup_id=f"{record.event_id}#again")])
        return True

    async def tell(self, delivery: Delivery, *, queue: str, reason: str) -> None:
        """Mark the alert behind ``delivery``, if there is one, and tell the operators."""
        self._told.add(delivery.message_id)
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
