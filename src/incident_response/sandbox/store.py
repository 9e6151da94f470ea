"""Where a stand-in keeps its state: one SQLite table of JSON records, written inside the call.

A record is on its way to the disk before the caller gets its reply, so a killed process loses
nothing it has answered for. Reading happens once, at start; after that memory is the truth that
is read, and this the truth that survives. Nothing here knows what a record means. Every stand-in
has a table of its own in the sandbox's one file.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

Record = TypeVar("Record")

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # building one costs a millisecond

Table = Literal["records", "statuspage", "linear"]  # `records` is the Slack workspace's


class Store:
    """Records by kind and key. With `path=None` they live as long as the process.

    WAL with `synchronous=NORMAL`: safe against the death of the process, which is what a sandbox
    meets; a power cut may cost the last moments. Calls are short and run on the event loop.
    """

    def __init__(self, path: Path | None = None, table: Table = "records") -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5.0)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (kind TEXT NOT NULL, key TEXT NOT NULL, "
            "body BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self._put = f"REPLACE INTO {table} VALUES (?, ?, ?)"  # noqa: S608 - one of three literals
        keyed = f"FROM {table} WHERE kind = ?"
        self._all = f"SELECT key, body {keyed} ORDER BY key"
        self._one = f"SELECT body {keyed} AND key = ?"
        self._delete = f"DELETE {keyed} AND key = ?"

    def put(self, key: str, record: object) -> None:
        """Write one record, a dataclass, under its class's name."""
        kind = type(record)
        self._db.execute(self._put, (kind.__name__, key, _adapter(kind).dump_json(record)))

    def delete(self, kind: type, key: str) -> None:
        self._db.execute(self._delete, (kind.__name__, key))

    def load(self, kind: type[Record]) -> Iterator[tuple[str, Record]]:
        """Every record of a kind, by key."""
        adapter: TypeAdapter[Record] = _adapter(kind)
        rows = self._db.execute(self._all, (kind.__name__,))
        for key, body in rows.fetchall():
            yield key, adapter.validate_json(body)

    def put_content(self, key: str, content: bytes) -> None:
        """Write raw bytes, such as an uploaded file's."""
        self._db.execute(self._put, ("content", key, content))

    def content(self, key: str) -> bytes | None:
        """The raw bytes under `key`, or None."""
        row = self._db.execute(self._one, ("content", key)).fetchone()
        return None if row is None else bytes(row[0])

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit the writes inside as one; a block already open is joined.

        A block that raises is committed too: what it did until then is in memory already, and the
        two must not part. A process killed inside leaves none of it.
        """
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
