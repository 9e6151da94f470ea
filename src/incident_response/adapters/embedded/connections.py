"""Opens SQLite connections as this backend needs them. Not here: what runs on them (database).

Every connection is made for one thread that takes it over: ``check_same_thread`` is off only so
that the opening one can hand it on.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from incident_response.adapters.embedded import schema
from incident_response.domain.errors import InvalidConfigurationError, UnavailableError

BUSY_TIMEOUT = timedelta(seconds=2)
"""How long to wait for another process's transaction: the webhook has to answer within three
seconds, so it must hear of trouble before.
"""


def open_writer(
    path: Path | None, *, busy_timeout: timedelta = BUSY_TIMEOUT
) -> sqlite3.Connection:
    """A connection that may write, its tables made and checked; None is a database in memory.

    Makes the file (readable by its owner alone) and its folder. Raises
    ``InvalidConfigurationError`` if there can be no usable file of ours at ``path``,
    ``UnavailableError`` if it cannot be used now.
    """
    with _told_apart(path):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # keys lie in it; SQLite gives its side files the same mode
        connection = sqlite3.connect(
            path or ":memory:",
            timeout=busy_timeout.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            schema.prepare(connection)
            if path is not None:
                schema.make_durable(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def open_reader(path: Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> sqlite3.Connection:
    """A connection that cannot write, to a file that a writer has open. Raises as above."""
    with _told_apart(path):
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=busy_timeout.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )


def primary_code(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code; None for an error that Python's module made up itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextmanager
def _told_apart(path: Path | None) -> Iterator[None]:
    """Turn failures of opening into ours: a wrong place is told from a passing trouble."""
    try:
        yield
    except OSError as error:
        raise InvalidConfigurationError(f"cannot open {path}: {error.strerror}") from error
    except sqlite3.Error as error:
        if primary_code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN):
            raise InvalidConfigurationError(f"cannot open {path}: {error}") from error
        raise UnavailableError(f"cannot open {path}: {error}") from error
