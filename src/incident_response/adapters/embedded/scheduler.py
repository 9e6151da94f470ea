"""``ports.scheduler`` on the embedded database, and the loop that fires it.

Not here: when the slots are (slots); what an event does. A slot goes into its queue in the same
transaction that moves the schedule on, so it can be neither lost nor fired twice. Slots that were
missed while nobody ran the loop collapse into the latest; those of a disabled schedule pass by.
"""

import re
import sqlite3
from datetime import datetime, timedelta
from functools import cache
from typing import NoReturn

import structlog
from pydantic import TypeAdapter

from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.event_queue import topic
from incident_response.adapters.embedded.queue_rows import enqueue
from incident_response.adapters.embedded.slots import latest_slot, next_slot
from incident_response.adapters.times import micros, moment
from incident_response.adapters.wakeups import LOOK_EVERY_SECONDS, Wakeups
from incident_response.domain.errors import RetryableError
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import QueueMessage
from incident_response.ports.scheduler import SCHEDULED_AT, Schedule

logger = structlog.get_logger(__name__)

_TOPIC = "schedules"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@cache
def _schedules() -> TypeAdapter[Schedule]:
    """Built when it is first used: the webhook has no schedules and starts sooner."""
    return TypeAdapter(Schedule)


class EmbeddedScheduler:
    """``ports.scheduler.Scheduler``, with ``fire_due`` and ``run`` beside it."""

    def __init__(self, database: Database, clock: Clock, wakeups: Wakeups) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups

    async def put(self, schedule: Schedule) -> None:
        _check(schedule)
        now = self._clock.now()
        await self._database.write(lambda connection: _put(connection, schedule, now=now))
        self._wakeups.notify(_TOPIC)

    async def get(self, name: str) -> Schedule | None:
        row: tuple[str] | None = await self._database.read(
            lambda connection: connection.execute(
                "SELECT schedule FROM schedule WHERE name = ?", (name,)
            ).fetchone()
        )
        return None if row is None else _schedules().validate_json(row[0])

    async def delete(self, name: str) -> None:
        await self._database.write(
            lambda connection: (
                connection.execute("DELETE FROM schedule WHERE name = ?", (name,)).rowcount
            )
        )

    async def fire_due(self) -> int:
        """Put an event for every schedule that is due into its queue; how many.

        Raises ``UnavailableError`` or ``UnknownOutcomeError``: calling again is safe.
        """
        now = self._clock.now()
        queues = await self._database.write(lambda connection: _fire_due(connection, now=now))
        for queue in set(queues):
            self._wakeups.notify(topic(queue))
        return len(queues)

    async def run(self) -> NoReturn:
        """Fire on time until cancelled; trouble with the database is logged and tried again."""
        while True:
            changed = self._wakeups.signal(_TOPIC)
            try:
                pause = await self._fire_and_look_ahead()
            except RetryableError as error:
                logger.warning("schedules could not be fired", error=str(error))
                pause = LOOK_EVERY_SECONDS
            await self._wakeups.wait(changed, pause)

    async def _fire_and_look_ahead(self) -> float:
        """Fire what is due; seconds until the next look."""
        due_at = await self._database.read(_next_due)
        if due_at is not None and due_at <= self._clock.now():
            fired = await self.fire_due()
            logger.debug("schedules fired", count=fired)
            due_at = await self._database.read(_next_due)
        if due_at is None:
            return LOOK_EVERY_SECONDS
        return min((due_at - self._clock.now()).total_seconds(), LOOK_EVERY_SECONDS)


def _check(schedule: Schedule) -> None:
    if not _NAME.fullmatch(schedule.name):
        raise ValueError(f"no schedule name: {schedule.name!r}")
    if schedule.every is not None and schedule.every <= timedelta():
        raise ValueError(f"schedule {schedule.name} must repeat after some time")


def _put(connection: sqlite3.Connection, schedule: Schedule, *, now: datetime) -> None:
    passed = _passed(connection, schedule.name, now=now)
    slot = next_slot(schedule, after=passed)
    connection.execute(
        "INSERT INTO schedule (name, is_enabled, next_at, last_at, schedule)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " is_enabled = excluded.is_enabled, next_at = excluded.next_at,"
        " last_at = excluded.last_at, schedule = excluded.schedule",
        (
            schedule.name,
            schedule.is_enabled,
            None if slot is None else micros(slot),
            None if passed is None else micros(passed),
            _schedules().dump_json(schedule).decode(),
        ),
    )


def _passed(connection: sqlite3.Connection, name: str, *, now: datetime) -> datetime | None:
    """Up to when the slots of the schedule that is there were fired or passed by."""
    row: tuple[int, int | None] | None = connection.execute(
        "SELECT is_enabled, last_at FROM schedule WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    is_enabled, last_at = row
    if not is_enabled:
        return now
    return None if last_at is None else moment(last_at)


def _fire_due(connection: sqlite3.Connection, *, now: datetime) -> list[str]:
    """Fire everything due; the queues that got an event."""
    rows: list[tuple[str]] = connection.execute(
        "SELECT schedule FROM schedule WHERE is_enabled = 1 AND next_at <= ? ORDER BY next_at",
        (micros(now),),
    ).fetchall()
    schedules = [_schedules().validate_json(text) for (text,) in rows]
    for schedule in schedules:
        slot = latest_slot(schedule, at=now)
        enqueue(connection, schedule.queue, [_event(schedule, slot)], now=now)
        _move_on(connection, schedule, slot)
    return [schedule.queue for schedule in schedules]


def _event(schedule: Schedule, slot: datetime) -> QueueMessage:
    return QueueMessage(
        type=schedule.type,
        group=schedule.group,
        dedup_id=f"{schedule.name}#{slot:%Y%m%dT%H%M%S.%f}",
        body={**schedule.body, SCHEDULED_AT: slot.isoformat()},
    )


def _move_on(connection: sqlite3.Connection, schedule: Schedule, fired: datetime) -> None:
    slot = next_slot(schedule, after=fired)
    if slot is None:
        connection.execute("DELETE FROM schedule WHERE name = ?", (schedule.name,))
    else:
        connection.execute(
            "UPDATE schedule SET next_at = ?, last_at = ? WHERE name = ?",
            (micros(slot), micros(fired), schedule.name),
        )


def _next_due(connection: sqlite3.Connection) -> datetime | None:
    value: int | None = connection.execute(
        "SELECT min(next_at) FROM schedule WHERE is_enabled = 1"
    ).fetchone()[0]
    return None if value is None else moment(value)
