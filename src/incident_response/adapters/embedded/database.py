"""One SQLite database: a writer thread that commits many jobs in one transaction, and a reader.

Not here: how it is opened (connections), its tables (schema), what is done to them (a file a
port).
"""

import sqlite3
from collections.abc import Sequence
from typing import TypeVar

import structlog

from incident_response.adapters.embedded.connections import primary_code
from incident_response.adapters.embedded.jobs import Job, JobThread, Outcome, Work
from incident_response.domain.errors import UnavailableError, UnknownOutcomeError

logger = structlog.get_logger(__name__)

T = TypeVar("T")

_TROUBLES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""Primary result codes that speak of the disk or of other processes, not of a mistake in a job."""
_NOT_STORED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY})
"""Codes of a failed COMMIT after which its last page cannot be in the file. After any other, such
as a failed sync, the commit may come back when the file is next recovered.
"""


class Database:
    """Runs jobs on the file; each awaits the COMMIT that made it durable."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection | None) -> None:
        """Take the connections over; without a ``reader`` the writer reads as well."""
        self._writer = JobThread("database writer", writer, run=commit_together)
        self._reader = (
            self._writer if reader is None else JobThread("database reader", reader, run=run_each)
        )

    @property
    def transactions(self) -> int:
        """Transactions tried so far."""
        return self._writer.batches

    async def write(self, work: Work[T]) -> T:
        """Do ``work`` in a transaction that it may share with others; durable when this returns.

        ``work`` runs in the writer thread; an exception of its own undoes only what it did.
        Raises ``UnavailableError`` when nothing was stored, ``UnknownOutcomeError`` when that is
        not known.
        """
        return await self._writer.submit(work)

    async def read(self, work: Work[T]) -> T:
        """Do ``work``, which must not write; it sees every write that has returned.

        Raises ``UnavailableError``.
        """
        return await self._reader.submit(work)

    async def close(self) -> None:
        """Finish what was asked for, then close the file. Again: nothing happens."""
        await self._reader.close()  # first: the last connection to close must be able to write
        await self._writer.close()


def commit_together(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run every job in one synced transaction; a job that fails does not spoil the others."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_run_in_savepoint(connection, job) for job in jobs]
    except sqlite3.Error as error:
        _roll_back(connection)
        _log(error, jobs=len(jobs))
        return [Outcome(error=_unavailable(error)) for _ in jobs]
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        _log(error, jobs=len(jobs))
        return [Outcome(error=_after_commit(error)) for _ in jobs]
    return outcomes


def run_each(connection: sqlite3.Connection, jobs: Sequence[Job]) -> list[Outcome]:
    """Run every job by itself: the reading thread's way."""
    return [_run(connection, job) for job in jobs]


def _run_in_savepoint(connection: sqlite3.Connection, job: Job) -> Outcome:
    connection.execute("SAVEPOINT job")
    try:
        value = job.work(connection)
    except Exception as error:
        if not connection.in_transaction:  # SQLite gave all of it up, as it does on a full disk
            raise
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return Outcome(error=_for_caller(error))
    connection.execute("RELEASE job")
    return Outcome(value=value)


def _run(connection: sqlite3.Connection, job: Job) -> Outcome:
    try:
        return Outcome(value=job.work(connection))
    except Exception as error:  # noqa: BLE001 - it is the caller's, who awaits it
        return Outcome(error=_for_caller(error))


def _for_caller(error: Exception) -> Exception:
    """The job's own error, or ours where the disk or another process is to blame."""
    if isinstance(error, sqlite3.Error) and primary_code(error) in _TROUBLES:
        _log(error, jobs=1)
        return _unavailable(error)
    return error


def _after_commit(error: sqlite3.Error) -> UnavailableError | UnknownOutcomeError:
    if primary_code(error) in _NOT_STORED:
        return _unavailable(error)
    return UnknownOutcomeError(f"the database may or may not have stored it: {error}")


def _unavailable(error: sqlite3.Error) -> UnavailableError:
    return UnavailableError(f"the database could not be used: {error}")


def _log(error: sqlite3.Error, *, jobs: int) -> None:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    logger.error("database failed", error=str(error), code=name, jobs=jobs)


def _roll_back(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        return
    try:
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        logger.error("database rollback failed", error=str(error))  # noqa: TRY400 - no new insight in a traceback
