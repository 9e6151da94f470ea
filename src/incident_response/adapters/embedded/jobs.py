"""A thread that works off jobs on one SQLite connection, everything that is waiting at a time.

Not here: what makes a batch one transaction (database).
"""

import asyncio
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog

from incident_response.domain.errors import UnavailableError

logger = structlog.get_logger(__name__)

MAX_BATCH = 256
"""Jobs taken at a time: at 128 rows a synced transaction costs no more per row than an unsynced
one, and a storm must not make the first caller wait for the last.
"""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do, and the future of who waits for it."""

    work: Work[object]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: a value, or the error to raise at its caller."""

    value: object = None
    error: Exception | None = None


RunBatch = Callable[[sqlite3.Connection, Sequence[Job]], list[Outcome]]
"""Runs jobs on a connection; one outcome for each, in order."""


class JobThread:
    """Owns a connection: after the thread has started, nobody else may touch it."""

    def __init__(self, name: str, connection: sqlite3.Connection, *, run: RunBatch) -> None:
        self._connection = connection
        self._run = run
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        self._is_closed = False
        self.batches = 0
        """Batches worked off so far."""
        # A daemon thread does not keep a dying process alive; an unfinished transaction is void.
        self._thread = threading.Thread(target=self._work_off, name=name, daemon=True)
        self._thread.start()

    async def submit(self, work: Work[T]) -> T:
        """Have ``work`` done; its value or its own exception.

        Raises ``UnavailableError`` once the thread is closed, and whatever ``run`` made of a
        failure of the database.
        """
        if self._is_closed:
            raise UnavailableError("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.put(Job(work, loop, future))
        return await future

    async def close(self) -> None:
        """Work off what is waiting, then end the thread and close the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work_off(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._next_batch()
            if batch:
                self.batches += 1
                _deliver(batch, self._outcomes(batch))
        self._connection.close()

    def _next_batch(self) -> tuple[list[Job], bool]:
        batch: list[Job] = []
        job = self._waiting.get()
        while job is not None:
            batch.append(job)
            if len(batch) == MAX_BATCH:
                return batch, False
            try:
                job = self._waiting.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _outcomes(self, batch: list[Job]) -> list[Outcome]:
        try:
            return self._run(self._connection, batch)
        except Exception as error:  # the thread lives on, and every caller hears it
            logger.exception("database batch failed", jobs=len(batch))
            return [Outcome(error=error) for _ in batch]


def _deliver(batch: list[Job], outcomes: list[Outcome]) -> None:
    """Hand the outcomes to the callers' loops, waking each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = defaultdict(list)
    for job, outcome in zip(batch, outcomes, strict=True):
        by_loop[job.loop].append((job, outcome))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            logger.warning("nobody waits for the database any more", jobs=len(settled))


def _settle(settled: list[tuple[Job, Outcome]]) -> None:
    for job, outcome in settled:
        if job.future.done():  # its caller was cancelled
            continue
        if outcome.error is not None:
            job.future.set_exception(outcome.error)
        else:
            job.future.set_result(outcome.value)
