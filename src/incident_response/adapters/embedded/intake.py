"""``ports.intake`` on the embedded database.

Not here: folding, which ``incident_store`` commits.
"""

import sqlite3
from datetime import datetime

from incident_response.adapters.embedded.database import Database
from incident_response.adapters.times import micros
from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.model import EventId, IncidentId
from incident_response.ports.intake import Accepted

_Row = tuple[str, str, str | None]
_COLUMNS = "record, status, incident_id"


class EmbeddedIntake:
    """``ports.intake.Intake``; a put costs one row and one entry in a partial index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, record: IntakeRecord) -> Accepted:
        row = (
            record.event_id,
            record.status.value,
            micros(record.received_at),
            record.incident_id,
            record.model_dump_json(),
        )
        known = await self._database.write(lambda connection: _insert(connection, row))
        if known is None:
            return Accepted(record=record, is_new=True)
        return Accepted(record=_record(known), is_new=False)

    async def get(self, event_id: EventId) -> IntakeRecord | None:
        row = await self._database.read(lambda connection: _select(connection, event_id))
        return None if row is None else _record(row)

    async def pending(self, *, received_before: datetime, limit: int) -> list[IntakeRecord]:
        return await self._list(
            "status = 'pending' AND received_at < ? ORDER BY received_at, rowid",
            (micros(received_before), limit),
        )

    async def mark(self, event_id: EventId, status: IntakeStatus) -> None:
        await self._database.write(
            lambda connection: (
                connection.execute(
                    "UPDATE intake SET status = ?"
                    " WHERE event_id = ? AND status IN ('pending', 'quarantined')",
                    (status.value, event_id),
                ).rowcount
            )
        )

    async def troubled(self, *, limit: int) -> list[IntakeRecord]:
        return await self._list(
            "status IN ('quarantined', 'dead') ORDER BY received_at DESC, rowid DESC", (limit,)
        )

    async def _list(self, which: str, values: tuple[int, ...]) -> list[IntakeRecord]:
        sql = f"SELECT {_COLUMNS} FROM intake WHERE {which} LIMIT ?"  # noqa: S608 - own literals
        rows: list[_Row] = await self._database.read(
            lambda connection: connection.execute(sql, values).fetchall()
        )
        return [_record(row) for row in rows]


def _insert(
    connection: sqlite3.Connection, row: tuple[str, str, int, str | None, str]
) -> _Row | None:
    """Store the row; the one that is stored already if there is one."""
    is_new = connection.execute(
        "INSERT INTO intake (event_id, status, received_at, incident_id, record)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        row,
    ).rowcount
    return None if is_new else _select(connection, row[0])


def _select(connection: sqlite3.Connection, event_id: str) -> _Row | None:
    sql = f"SELECT {_COLUMNS} FROM intake WHERE event_id = ?"  # noqa: S608 - own literals
    row: _Row | None = connection.execute(sql, (event_id,)).fetchone()
    return row


def _record(row: _Row) -> IntakeRecord:
    text, status, incident_id = row
    return IntakeRecord.model_validate_json(text).model_copy(
        update={
            "status": IntakeStatus(status),
            "incident_id": None if incident_id is None else IncidentId(incident_id),
        }
    )
