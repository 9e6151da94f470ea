"""``ports.lease`` on the embedded database. Not here: who asks for one (durable).

A lease that was let go keeps its row, so that fences never start over.
"""

import sqlite3
from datetime import timedelta

from incident_response.adapters.embedded.database import Database
from incident_response.adapters.times import micros
from incident_response.domain.errors import LeaseLostError
from incident_response.ports.clock import Clock
from incident_response.ports.lease import Lease


class EmbeddedLeaseStore:
    """``ports.lease.LeaseStore``; every process that shares the file has the same clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lease | None:
        now = self._clock.now()
        times = micros(now), micros(now + ttl)
        fence = await self._database.write(
            lambda connection: _take(connection, name, owner, times)
        )
        return None if fence is None else Lease(name=name, owner=owner, fence=fence)

    async def renew(self, lease: Lease, *, ttl: timedelta) -> None:
        until = micros(self._clock.now() + ttl)
        if not await self._set(lease, owner=lease.owner, until=until):
            raise LeaseLostError(f"the lease {lease.name} was taken over")

    async def release(self, lease: Lease) -> None:
        await self._set(lease, owner="", until=0)

    async def _set(self, lease: Lease, *, owner: str, until: int) -> int:
        values = (owner, until, lease.name, lease.owner, lease.fence)
        return await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE lease SET owner = ?, expires_at = ?"
                    " WHERE name = ? AND owner = ? AND fence = ?",
                    values,
                ).rowcount
            )
        )


def check(connection: sqlite3.Connection, lease: Lease) -> None:
    """Raise ``LeaseLostError`` unless this is the newest taking of the lease."""
    row = connection.execute("SELECT fence FROM lease WHERE name = ?", (lease.name,)).fetchone()
    if row is None or row[0] != lease.fence:
        raise LeaseLostError(f"the lease {lease.name} was taken over")


def release_all(connection: sqlite3.Connection) -> int:
    """Take every lease from its owner and fence it off; how many there were."""
    return connection.execute(
        "UPDATE lease SET owner = '', expires_at = 0, fence = fence + 1 WHERE owner <> ''"
    ).rowcount


def _take(
    connection: sqlite3.Connection, name: str, owner: str, times: tuple[int, int]
) -> int | None:
    now, until = times
    is_taken = connection.execute(
        "INSERT INTO lease (name, owner, fence, expires_at) VALUES (?, ?, 1, ?)"
        " ON CONFLICT (name) DO UPDATE"
        " SET owner = excluded.owner, fence = fence + 1, expires_at = excluded.expires_at"
        " WHERE lease.owner = excluded.owner OR lease.expires_at <= ?",
        (name, owner, until, now),
    ).rowcount
    if not is_taken:
        return None
    row = connection.execute("SELECT fence FROM lease WHERE name = ?", (name,)).fetchone()
    fence: int = row[0]
    return fence
