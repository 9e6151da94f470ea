"""Works off a queue: groups side by side, each in order, until each message is done, postponed or
dead.

Not here: what a message means (routing, events).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from incident_response.domain.errors import (
    ConflictError,
    PermanentError,
    RetryableError,
)
from incident_response.durable.failures import innermost
from incident_response.durable.waiting import until_set
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import MAX_RECEIVES, Delivery, EventQueue
from incident_response.telemetry import Kind, annotate, measure_queue_age, note_failure, span

VISIBILITY = timedelta(seconds=15)
"""How long a message stays ours without a heartbeat: a dead owner keeps others waiting as long."""
BATCH = 10
"""Messages per receive (the limit of SQS)."""
CONCURRENCY = 64
"""Groups worked on at the same time."""
LONG_POLL = timedelta(seconds=20)
RETRY_AFTER = (timedelta(seconds=2), timedelta(seconds=15))
"""Waits before a message that failed comes again; the last one repeats."""
AT_ONCE = timedelta()
RECEIVE_PAUSE_SECONDS = 1.0
"""Pause when the queue does not answer."""

log = structlog.get_logger(__name__)

Handle = Callable[[Delivery], Awaitable[None]]
Settle = Callable[[], Awaitable[None]]
OnDead = Callable[[Delivery, str], Awaitable[None]]


class QueueConsumer:
    """Hands each delivery to ``handle`` and settles it by how that ended.

    Returned: deleted. ``RetryableError`` or a defect: comes again, at the third time dead.
    ``PermanentError``: dead at once. Cut off: given back. ``on_dead`` is told before a
    message is buried, so that a person hears of it.
    """

    def __init__(
        self,
        *,
        queue: EventQueue,
        handle: Handle,
        on_dead: OnDead,
        clock: Clock,
        visibility: timedelta = VISIBILITY,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._queue = queue
        self._handle = handle
        self._on_dead = on_dead
        self._clock = clock
        self._visibility = visibility
        self._free = concurrency
        self._freed = asyncio.Event()
        self._stopping = asyncio.Event()

    def drain(self) -> None:
        """Receive nothing more; ``run`` returns when what is in hand is settled."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until drained."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                received = await until_set(self._stopping, self._try_receive())
                for delivery in received or ():
                    self._free -= 1
                    tasks.create_task(
                        self._settle(delivery), name=f"message {delivery.message_id}"
                    )

    async def _try_receive(self) -> list[Delivery]:
        """As many messages as can be begun at once: nobody keeps one visible that only waits."""
        while not self._free:
            self._freed.clear()
            await self._freed.wait()
        try:
            return await self._queue.receive(
                limit=min(BATCH, self._free), wait=LONG_POLL, visibility=self._visibility
            )
        except RetryableError as error:
            log.warning("cannot receive", queue=self._queue.name, reason=str(error))
            await self._clock.sleep(RECEIVE_PAUSE_SECONDS)
            return []

    async def _settle(self, delivery: Delivery) -> None:
        """If it cannot be settled, its visibility ends and it comes again."""
        try:
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(self._heartbeat(delivery))
                try:
                    settle = await self._handled(delivery)
                finally:
                    beating.cancel()
            await settle()
        except asyncio.CancelledError:
            await self._give_back(delivery)
            raise
        except Exception as error:  # one message's trouble must not stop the others
            reason = innermost(error)
            is_known = isinstance(reason, RetryableError)
            log.warning(
                "cannot settle message",
                queue=self._queue.name,
                message_id=delivery.message_id,
                reason=str(reason),
                exc_info=None if is_known else reason,
            )
        finally:
            self._free += 1
            self._freed.set()

    async def _handled(self, delivery: Delivery) -> Settle:
        """Have it handled, in the trace it came with; what is then to be done with the message."""
        measure_queue_age(self._clock.now() - delivery.sent_at, queue=self._queue.name)
        with span(f"process {self._queue.name}", parent=delivery.trace, kind=Kind.CONSUMER):
            annotate(message_id=delivery.message_id, receive_count=delivery.receive_count)
            try:
                await self._handle(delivery)
            except Exception as failure:  # noqa: BLE001 - the message is settled by it
                error = innermost(failure)
                note_failure(error)
                return await self._after_failure(delivery, error)
        return lambda: self._queue.delete(delivery)

    async def _after_failure(self, delivery: Delivery, error: BaseException) -> Settle:
        is_known = isinstance(error, (RetryableError, PermanentError))
        log.warning(
            "message failed",
            queue=self._queue.name,
            message_id=delivery.message_id,
            receive_count=delivery.receive_count,
            reason=str(error),
            exc_info=None if is_known else error,
        )
        if isinstance(error, PermanentError) or delivery.receive_count >= MAX_RECEIVES:
            reason = str(error) if is_known else "an error in this program"
            await self._tell(delivery, reason)
            return lambda: self._queue.bury(delivery, reason)
        wait = self._wait(delivery, error)
        return lambda: self._queue.extend(delivery, wait)

    def _wait(self, delivery: Delivery, error: BaseException) -> timedelta:
        asked = error.retry_after if isinstance(error, RetryableError) else None
        return asked or RETRY_AFTER[min(delivery.receive_count, len(RETRY_AFTER)) - 1]

    async def _tell(self, delivery: Delivery, reason: str) -> None:
        try:
            await self._on_dead(delivery, reason)
        except Exception:  # it must reach the dead letters even if nobody can be told
            log.exception("cannot tell of a dead message", message_id=delivery.message_id)

    async def _give_back(self, delivery: Delivery) -> None:
        try:
            await self._queue.extend(delivery, AT_ONCE)
        except (ConflictError, RetryableError) as error:  # it comes again in any case
            log.warning("cannot give back", message_id=delivery.message_id, reason=str(error))

    async def _heartbeat(self, delivery: Delivery) -> None:
        while True:
            await self._clock.sleep(self._visibility.total_seconds() / 3)
            try:
                await self._queue.extend(delivery, self._visibility)
            except ConflictError:
                log.warning("message was delivered anew", message_id=delivery.message_id)
                return
            except RetryableError as error:
                log.warning("cannot extend", message_id=delivery.message_id, reason=str(error))
