"""``ports.inbox`` on the embedded database. Not here: what an envelope means.

The content of an envelope that was worked off is wiped; its key stays, so that a redelivery is
still known.
"""

import sqlite3
from datetime import timedelta

from incident_response.adapters.embedded.database import Database
from incident_response.adapters.times import micros
from incident_response.adapters.wakeups import Wakeups
from incident_response.ports.clock import Clock
from incident_response.ports.inbox import Envelope

_TOPIC = "inbox"


class EmbeddedInbox:
    """``ports.inbox.Inbox``."""

    def __init__(self, database: Database, clock: Clock, wakeups: Wakeups) -> None:
        self._database = database
        self._clock = clock
        self._wakeups = wakeups

    async def put(self, envelope: Envelope) -> bool:
        row = (envelope.key, micros(envelope.received_at), envelope.model_dump_json())
        is_new = await self._database.write(
            lambda connection: (
                connection.execute(
                    "INSERT INTO inbox (key, received_at, envelope) VALUES (?, ?, ?)"
                    " ON CONFLICT (key) DO NOTHING",
                    row,
                ).rowcount
            )
        )
        if is_new:
            self._wakeups.notify(_TOPIC)
        return bool(is_new)

    async def claim(self, *, limit: int, visibility: timedelta, wait: timedelta) -> list[Envelope]:
        async def take() -> list[Envelope]:
            now = self._clock.now()
            times = micros(now), micros(now + visibility)
            return await self._database.write(lambda connection: _claim(connection, limit, times))

        return await self._wakeups.first(_TOPIC, take, wait=wait)

    async def extend(self, envelope: Envelope, visibility: timedelta) -> None:
        until = micros(self._clock.now() + visibility)
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE inbox SET claimed_until = ?"
                    " WHERE key = ? AND state = 'open' AND attempts = ?",
                    (until, envelope.key, envelope.attempts),
                ).rowcount
            )
        )
        if not visibility:
            self._wakeups.notify(_TOPIC)

    async def done(self, key: str) -> None:
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE inbox SET state = 'done', envelope = ''"
                    " WHERE key = ? AND state = 'open'",
                    (key,),
                ).rowcount
            )
        )

    async def bury(self, key: str, reason: str) -> None:
        values = (reason, micros(self._clock.now()), key)
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE inbox SET state = 'buried', reason = ?, buried_at = ?"
                    " WHERE key = ? AND state = 'open'",
                    values,
                ).rowcount
            )
        )

    async def buried(self, *, limit: int) -> list[tuple[Envelope, str]]:
        rows: list[tuple[str, int, str]] = await self._database.read(
            lambda connection: connection.execute(
                "SELECT envelope, attempts, reason FROM inbox WHERE state = 'buried'"
                " ORDER BY buried_at DESC, ordinal DESC LIMIT ?",
                (limit,),
            ).fetchall()
        )
        return [(_envelope(text, attempts), reason) for text, attempts, reason in rows]

    async def open_count(self) -> int:
        return await self._database.read(_count_open)


def unclaim_all(connection: sqlite3.Connection) -> int:
    """Let every claimed envelope be claimed again at once; how many there were."""
    return connection.execute(
        "UPDATE inbox SET claimed_until = 0 WHERE state = 'open' AND claimed_until > 0"
    ).rowcount


def _claim(connection: sqlite3.Connection, limit: int, times: tuple[int, int]) -> list[Envelope]:
    now, until = times
    rows: list[tuple[int, str, int]] = connection.execute(
        "SELECT ordinal, envelope, attempts FROM inbox"
        " WHERE state = 'open' AND claimed_until <= ? ORDER BY received_at, ordinal LIMIT ?",
        (now, limit),
    ).fetchall()
    connection.executemany(
        "UPDATE inbox SET claimed_until = ?, attempts = attempts + 1 WHERE ordinal = ?",
        [(until, ordinal) for ordinal, _, _ in rows],
    )
    return [_envelope(text, attempts + 1) for _, text, attempts in rows]


def _count_open(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM inbox WHERE state = 'open'").fetchone()
    count: int = row[0]
    return count


def _envelope(text: str, attempts: int) -> Envelope:
    return Envelope.model_validate_json(text).model_copy(update={"attempts": attempts})
