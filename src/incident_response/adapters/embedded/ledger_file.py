"""The ledgers of a file, for reading only: nothing is made, written or locked, so that a processor
at work on the file is not disturbed.

Not here: the ledger itself (ledger).
"""

import sqlite3
from pathlib import Path

from incident_response.adapters.embedded import schema, secret_store
from incident_response.adapters.embedded.connections import open_reader, primary_code
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.ledger import EmbeddedLedger
from incident_response.domain.errors import (
    InvalidConfigurationError,
    NotFoundError,
    UnavailableError,
)
from incident_response.domain.ledger import Seal

LEDGER_KEY = "ledger-key"
"""Name of the secret that seals the ledger."""


class LedgerFile:
    """The ledgers of one file, and what checks them."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self.ledger = EmbeddedLedger(database)
        self.seal = seal

    @classmethod
    def open(cls, path: Path, *, seal_key: bytes | None = None) -> "LedgerFile":
        """Open the file at ``path``; without ``seal_key`` its own key checks it.

        Raises ``InvalidConfigurationError`` if it is not there, not ours or holds no key,
        ``UnavailableError`` if it cannot be read now.
        """
        reader = open_reader(path)
        try:
            seal = Seal(seal_key or _own_key(reader, path))
            database = Database(open_reader(path), reader)
        except BaseException:
            reader.close()
            raise
        return cls(database, seal)

    async def close(self) -> None:
        """Let go of the file."""
        await self._database.close()


def _own_key(connection: sqlite3.Connection, path: Path) -> bytes:
    try:
        schema.check(connection)
        return secret_store.require(connection, LEDGER_KEY).current
    except NotFoundError as error:
        raise InvalidConfigurationError(
            f"{path} holds no ledger key: set LEDGER_KEY to the one it was sealed with"
        ) from error
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_NOTADB:
            raise InvalidConfigurationError(f"cannot open {path}: {error}") from error
        raise UnavailableError(f"{path} cannot be read: {error}") from error
