"""``ports.event_queue`` on the embedded database.

Not here: what is done to the rows (queue_rows); scheduled messages (scheduler).
"""

import re
from collections.abc import Sequence
from datetime import timedelta

import structlog

from incident_response.adapters.embedded import queue_rows
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.times import micros, moment
from incident_response.adapters.wakeups import Wakeups
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import DeadLetter, Delivery, QueueMessage

logger = structlog.get_logger(__name__)

_DEDUP_ID = re.compile(r"[A-Za-z0-9_.#-]{1,128}")


class EmbeddedEventQueue:
    """``ports.event_queue.EventQueue``."""

    def __init__(self, name: str, database: Database, *, clock: Clock, wakeups: Wakeups) -> None:
        self.name = name
        self._database = database
        self._clock = clock
        self._wakeups = wakeups
        self._topic = topic(name)

    async def send(self, messages: Sequence[QueueMessage]) -> None:
        for message in messages:
            if not _DEDUP_ID.fullmatch(message.dedup_id):
                raise ValueError(f"no deduplication id: {message.dedup_id!r}")
        now = self._clock.now()
        await self._database.write(
            lambda connection: queue_rows.enqueue(connection, self.name, messages, now=now)
        )
        self._wakeups.notify(self._topic)

    async def receive(
        self, *, limit: int, wait: timedelta, visibility: timedelta
    ) -> list[Delivery]:
        async def take() -> list[Delivery]:
            now = self._clock.now()
            return await self._database.write(
                lambda connection: queue_rows.deliver(
                    connection, self.name, limit=limit, now=now, until=now + visibility
                )
            )

        return await self._wakeups.first(self._topic, take, wait=wait)

    async def delete(self, delivery: Delivery) -> None:
        await self._database.write(lambda connection: queue_rows.delete(connection, delivery))
        self._wakeups.notify(self._topic)

    async def extend(self, delivery: Delivery, visibility: timedelta) -> None:
        until = micros(self._clock.now() + visibility)
        await self._database.write(
            lambda connection: queue_rows.extend(connection, delivery, until)
        )
        if not visibility:
            self._wakeups.notify(self._topic)

    async def bury(self, delivery: Delivery, reason: str) -> None:
        now = self._clock.now()
        await self._database.write(
            lambda connection: queue_rows.bury(connection, delivery, reason, at=now)
        )
        logger.warning("message buried", queue=self.name, message_id=delivery.message_id)
        self._wakeups.notify(self._topic)

    async def dead_letters(self, *, limit: int) -> list[DeadLetter]:
        rows: list[tuple[str, str, str, int, str, int]] = await self._database.read(
            lambda connection: connection.execute(
                "SELECT message_id, raw, group_name, receive_count, reason, died_at"
                " FROM queue_dead WHERE queue = ? ORDER BY ordinal DESC LIMIT ?",
                (self.name, limit),
            ).fetchall()
        )
        return [_dead_letter(row) for row in rows]

    async def redrive(self, *, limit: int) -> int:
        now = self._clock.now()
        count = await self._database.write(
            lambda connection: queue_rows.redrive(connection, self.name, limit=limit, now=now)
        )
        self._wakeups.notify(self._topic)
        return count

    async def depth(self) -> int:
        return await self._database.read(
            lambda connection: queue_rows.depth(connection, self.name)
        )


def topic(queue: str) -> str:
    """What receivers of this queue wait for."""
    return f"queue {queue}"


def _dead_letter(row: tuple[str, str, str, int, str, int]) -> DeadLetter:
    message_id, raw, group, receive_count, reason, died_at = row
    return DeadLetter(
        message_id=message_id,
        raw=raw,
        group=group,
        receive_count=receive_count,
        reason=reason,
        died_at=moment(died_at),
    )
