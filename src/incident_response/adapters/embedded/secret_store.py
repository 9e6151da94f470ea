"""``ports.secret_store`` on the embedded database, and how a secret gets in.

Not here: where the secrets come from. They lie in the file as they are: its mode (owner only)
protects them.
"""

import sqlite3

from incident_response.adapters.embedded.database import Database
from incident_response.domain.errors import NotFoundError
from incident_response.ports.secret_store import SecretVersions


class EmbeddedSecretStore:
    """``ports.secret_store.SecretStore``, with ``ensure``, ``put`` and ``rotate`` beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, name: str) -> SecretVersions:
        found = await self._database.read(lambda connection: _select(connection, name))
        if found is None:
            raise NotFoundError(f"there is no secret {name!r}")
        return found

    async def ensure(self, name: str, value: bytes) -> SecretVersions:
        """Store ``value`` unless the secret is there already; the secret as it is then."""
        return await self._database.write(lambda connection: ensure(connection, name, value))

    async def put(self, name: str, value: bytes) -> SecretVersions:
        """Make ``value`` the only valid key at once; what was there before is gone."""
        return await self._database.write(lambda connection: _put(connection, name, value))

    async def rotate(self, name: str, value: bytes) -> SecretVersions:
        """Make ``value`` the key in force and keep the one before it valid.

        Raises ``NotFoundError`` if there is nothing to rotate.
        """
        return await self._database.write(lambda connection: _rotate(connection, name, value))


def ensure(connection: sqlite3.Connection, name: str, value: bytes) -> SecretVersions:
    """Store ``value`` unless the secret is there already, within the caller's transaction."""
    connection.execute(
        "INSERT INTO secret (name, version, current) VALUES (?, 1, ?) ON CONFLICT DO NOTHING",
        (name, value),
    )
    return require(connection, name)


def _put(connection: sqlite3.Connection, name: str, value: bytes) -> SecretVersions:
    connection.execute(
        "INSERT INTO secret (name, version, current) VALUES (?, 1, ?)"
        " ON CONFLICT (name) DO UPDATE"
        " SET version = version + 1, current = excluded.current, previous = NULL",
        (name, value),
    )
    return require(connection, name)


def _rotate(connection: sqlite3.Connection, name: str, value: bytes) -> SecretVersions:
    connection.execute(
        "UPDATE secret SET version = version + 1, previous = current, current = ? WHERE name = ?",
        (value, name),
    )
    return require(connection, name)


def require(connection: sqlite3.Connection, name: str) -> SecretVersions:
    """The secret, on the caller's connection. Raises ``NotFoundError`` if it is not there."""
    found = _select(connection, name)
    if found is None:
        raise NotFoundError(f"there is no secret {name!r}")
    return found


def _select(connection: sqlite3.Connection, name: str) -> SecretVersions | None:
    row: tuple[int, bytes, bytes | None] | None = connection.execute(
        "SELECT version, current, previous FROM secret WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    return SecretVersions(version=str(row[0]), current=row[1], previous=row[2])
