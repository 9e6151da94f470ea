"""Making an alert durable and telling the processor: at once, and again until it is done.

The intake record is its own outbox entry. ``accept`` stores it and hands it to ``relay``, out of
line; what a crash or a queue's outage left behind, ``sweep`` finds. While the store does not
answer, a spool takes its place, which ``sweep`` empties. Not here: HTTP, incidents.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

import structlog

from incident_response.domain.alert import Alert, AlertState, IntakeRecord, IntakeStatus
from incident_response.domain.errors import (
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import EventId
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import EventQueue, QueueMessage
from incident_response.ports.intake import Accepted, Intake
from incident_response.ports.spool import Spool

ALERT_RECEIVED = "ALERT_RECEIVED"
ALERT_QUARANTINED = "ALERT_QUARANTINED"

RELAY_BATCH = 100
"""Messages of one send."""
RELAY_BACKLOG = 10_000
"""Messages kept in memory while the queue does not take any; the sweep finds the others."""
RELAY_PAUSE = 1.0
"""Seconds until a failed send is tried again."""
SWEEP_EVERY = timedelta(seconds=5)
SWEEP_AGE = timedelta(seconds=5)
"""A record pending for longer than this is sent again."""
SWEEP_BATCH = 100
SPOOL_SHARE = 1 / 3
"""Of the time an answer has, what is kept for the spool."""
DRAIN_SECONDS = 2.0
"""The store has this long to take a spooled alert; then it does not work yet."""
QUARANTINE_RECALL = timedelta(hours=1)
"""At start, notices of quarantined alerts this young are sent again: a sweep does not see them."""

_log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What became of an alert."""

    ACCEPTED = "accepted"
    REDRIVEN = "re-driven"
    """Known, not yet worked off: sent to the processor again."""
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    """Authentic, but of a state we do not know: kept, and shown to an operator."""
    IGNORED = "ignored"
    """Acknowledged or silenced: kept for the record, nothing follows from it."""
    SPOOLED = "spooled"
    """Kept beside the store, which does not answer; whether it is new will be seen."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An alert is durable now; ``event_id`` finds it again, a spooled one once it is stored."""

    outcome: Outcome
    event_id: EventId


class AlertIntake:
    """Takes alerts in. ``run`` (or ``relay`` and ``sweep``) must be running beside it."""

    def __init__(
        self, intake: Intake, queue: EventQueue, clock: Clock, *, spool: Spool | None = None
    ) -> None:
        self._intake = intake
        self._queue = queue
        self._clock = clock
        self._spool = spool
        self._backlog: deque[QueueMessage] = deque()
        self._has_work = asyncio.Event()

    async def accept(
        self, alert: Alert, *, raw: bytes, trace: str = "", within: float | None = None
    ) -> Acceptance:
        """Store ``alert`` unless it is known; durable when this returns.

        ``raw`` is the body it came in, ``trace`` its W3C ``traceparent`` or empty. ``within`` is
        how many seconds this may take; if it is given, an alert that the store does not take goes
        to the spool. Raises ``RetryableError`` if the alert may not be kept.
        """
        record = self._record(alert, raw, trace)
        if within is None or self._spool is None:
            return await self._store(record, within)
        ends_at = asyncio.get_running_loop().time() + within
        try:
            return await self._store(record, within * (1 - SPOOL_SHARE))
        except RetryableError as error:
            await _append(self._spool, record, ends_at=ends_at)
            _log.warning(
                "alert spooled",
                event_id=record.event_id,
                source=alert.source,
                error=error.code,
                reason=str(error),
            )
        return Acceptance(Outcome.SPOOLED, record.event_id)

    async def run(self) -> None:
        """Relay and sweep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.relay())
            tasks.create_task(self.sweep())

    async def relay(self) -> None:
        """Send what was accepted to the queue, many at a time, until cancelled."""
        while True:
            await self._has_work.wait()
            await _guarded(self._relay_once, else_wait=self._pause)

    async def sweep(self) -> None:
        """Send pending records again, every five seconds, until cancelled.

        The first round takes everything there is: at a start nobody else is about to relay it. A
        record goes again under the same deduplication id, so the queue passes it over while it
        remembers the first sending, and takes it anew once that must be lost. Each round ends with
        what is in the spool.
        """
        await _guarded(self._recall)
        while True:
            await _guarded(self._drain)
            await self._clock.sleep(SWEEP_EVERY.total_seconds())
            await _guarded(self._sweep_once)

    def _record(self, alert: Alert, raw: bytes, trace: str) -> IntakeRecord:
        record = IntakeRecord.of(alert, received_at=self._clock.now(), raw=raw, trace=trace)
        if alert.state is AlertState.UNKNOWN:
            return record.model_copy(update={"status": IntakeStatus.QUARANTINED})
        return record

    async def _store(self, record: IntakeRecord, seconds: float | None) -> Acceptance:
        try:
            async with asyncio.timeout(seconds):
                put = await self._put(record)
        except TimeoutError as error:
            raise UnknownOutcomeError("the store did not answer in time") from error
        self._pass_on(put)
        return Acceptance(_outcome(put), record.event_id)

    async def _put(self, record: IntakeRecord) -> Accepted:
        """Put; once more if the outcome is unknown, since our own record is then the duplicate."""
        try:
            return await self._intake.put(record)
        except UnknownOutcomeError:
            _log.info("intake put again", event_id=record.event_id)
            return await self._intake.put(record)

    def _pass_on(self, put: Accepted) -> None:
        """Hand it to the relay unless it is done with; a known one may never have been sent."""
        if put.record.status not in (IntakeStatus.PENDING, IntakeStatus.QUARANTINED):
            return
        if len(self._backlog) >= RELAY_BACKLOG:
            _log.warning("relay backlog full", event_id=put.record.event_id)
            return
        self._backlog.append(message_about(put.record))
        self._has_work.set()

    async def _relay_once(self) -> None:
        batch = list(islice(self._backlog, RELAY_BATCH))
        await self._queue.send(batch)
        for _ in batch:
            self._backlog.popleft()
        if not self._backlog:
            self._has_work.clear()

    async def _pause(self) -> None:
        await self._clock.sleep(RELAY_PAUSE)

    async def _recall(self) -> None:
        now = self._clock.now()
        troubled = await self._intake.troubled(limit=SWEEP_BATCH)
        await self._queue.send([message_about(r) for r in troubled if _is_young_notice(r, now)])
        await self._resend(await self._intake.pending(received_before=now, limit=SWEEP_BATCH))

    async def _sweep_once(self) -> None:
        before = self._clock.now() - SWEEP_AGE
        await self._resend(await self._intake.pending(received_before=before, limit=SWEEP_BATCH))

    async def _drain(self) -> None:
        if self._spool is None:
            return
        count = await self._spool.drain(self._take_from_spool)
        if count:
            _log.info("spooled alerts stored", count=count)

    async def _take_from_spool(self, record: IntakeRecord) -> None:
        await self._store(record, DRAIN_SECONDS)

    async def _resend(self, records: Iterable[IntakeRecord]) -> None:
        messages = [message_about(record) for record in records]
        if messages:
            _log.info("pending alerts sent again", count=len(messages))
            await self._queue.send(messages)


async def _append(spool: Spool, record: IntakeRecord, *, ends_at: float) -> None:
    """Raises ``UnavailableError``, also at ``ends_at`` by the loop's clock."""
    try:
        async with asyncio.timeout_at(ends_at):
            await spool.append(record)
    except TimeoutError as error:
        raise UnavailableError("the spool did not answer in time") from error


async def _guarded(
    step: Callable[[], Awaitable[None]], *, else_wait: Callable[[], Awaitable[None]] | None = None
) -> None:
    """One round of a loop that must go on whatever happens in it."""
    try:
        await step()
    except RetryableError as error:
        _log.warning("relay failed for now", step=step.__name__, error=error.code)
    except Exception:  # noqa: BLE001 - the loops outlive every error: they are what loses nothing
        _log.exception("relay failed", step=step.__name__)
    else:
        return
    if else_wait is not None:
        await else_wait()


def _outcome(put: Accepted) -> Outcome:
    if put.record.alert.state in (AlertState.ACKNOWLEDGED, AlertState.SILENCED):
        return Outcome.IGNORED
    if put.is_new:
        is_understood = put.record.status is IntakeStatus.PENDING
        return Outcome.ACCEPTED if is_understood else Outcome.QUARANTINED
    return Outcome.REDRIVEN if put.record.status is IntakeStatus.PENDING else Outcome.DUPLICATE


def message_about(record: IntakeRecord) -> QueueMessage:
    """Has the processor look at it; the same at every sending."""
    is_quarantined = record.status is IntakeStatus.QUARANTINED
    return QueueMessage(
        type=ALERT_QUARANTINED if is_quarantined else ALERT_RECEIVED,
        group=record.alert.group_id,
        dedup_id=record.event_id,
        body={"event_id": record.event_id},
        trace=record.trace,
    )


def _is_young_notice(record: IntakeRecord, now: datetime) -> bool:
    is_young = record.received_at > now - QUARANTINE_RECALL
    return is_young and record.status is IntakeStatus.QUARANTINED
