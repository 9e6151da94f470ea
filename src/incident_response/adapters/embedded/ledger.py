"""``ports.ledger`` on the embedded database, and how a commit appends to it.

Not here: the seal itself (domain.ledger); what guards the rows from change (triggers in schema).
"""

import sqlite3
from collections.abc import Sequence

from incident_response.adapters.embedded.database import Database
from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.ledger import GENESIS, LedgerEntry, NewEntry, Seal
from incident_response.domain.model import IncidentId


class EmbeddedLedger:
    """``ports.ledger.Ledger``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(
        self, incident_id: IncidentId, *, after: int = 0, limit: int | None = None
    ) -> list[LedgerEntry]:
        values = (incident_id, after, -1 if limit is None else limit)
        rows: list[tuple[str]] = await self._database.read(
            lambda connection: connection.execute(
                "SELECT entry FROM ledger WHERE incident_id = ? AND seq > ? ORDER BY seq LIMIT ?",
                values,
            ).fetchall()
        )
        return [LedgerEntry.model_validate_json(text) for (text,) in rows]

    async def head(self, incident_id: IncidentId) -> tuple[int, str]:
        return await self._database.read(lambda connection: read_head(connection, incident_id))

    async def heads(self) -> dict[IncidentId, tuple[int, str]]:
        return await self._database.read(_read_heads)


def _read_heads(connection: sqlite3.Connection) -> dict[IncidentId, tuple[int, str]]:
    """Of those with a ledger as they began, then of those that lost theirs."""
    heads = "SELECT incident_id, seq, hash FROM ledger_head ORDER BY rowid"
    lost = (
        "SELECT incident_id FROM incident"
        " WHERE incident_id NOT IN (SELECT incident_id FROM ledger_head) ORDER BY rowid"
    )
    found = {IncidentId(name): (seq, hash_) for name, seq, hash_ in connection.execute(heads)}
    return found | {IncidentId(name): (0, GENESIS) for (name,) in connection.execute(lost)}


def read_head(connection: sqlite3.Connection, incident_id: IncidentId) -> tuple[int, str]:
    """Number and hash of the last entry."""
    row: tuple[int, str] | None = connection.execute(
        "SELECT seq, hash FROM ledger_head WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return row or (0, GENESIS)


def append(
    connection: sqlite3.Connection,
    seal: Seal,
    *,
    incident_id: IncidentId,
    entries: Sequence[NewEntry],
) -> None:
    """Seal ``entries`` onto the head, within the caller's transaction.

    Raises ``LedgerBrokenError`` if the entries that are there do not reach up to the head.
    """
    if not entries:
        return
    seq, previous = read_head(connection, incident_id)
    for entry in entries:
        seq += 1
        sealed = seal.append(entry, incident_id=incident_id, seq=seq, previous=previous)
        _insert(connection, sealed)
        previous = sealed.hash
    connection.execute(
        "INSERT INTO ledger_head (incident_id, seq, hash) VALUES (?, ?, ?)"
        " ON CONFLICT (incident_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        (incident_id, seq, previous),
    )


def _insert(connection: sqlite3.Connection, entry: LedgerEntry) -> None:
    try:
        connection.execute(
            "INSERT INTO ledger (incident_id, seq, entry) VALUES (?, ?, ?)",
            (entry.incident_id, entry.seq, entry.model_dump_json()),
        )
    except sqlite3.IntegrityError as error:
        raise LedgerBrokenError(
            f"entry {entry.seq} cannot follow what is stored: {error}",
            incident_id=entry.incident_id,
            seq=entry.seq,
        ) from error
