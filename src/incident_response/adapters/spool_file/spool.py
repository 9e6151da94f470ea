"""``ports.spool``: appends under a lock and a bound, and drains what was appended.

Not here: the form of a line, reading one (claim).
"""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from incident_response.adapters.spool_file.claim import Claim, as_line
from incident_response.adapters.spool_file.files import (
    FLAGS,
    cut,
    locked,
    size_of,
    sync_folder,
    write_all,
)
from incident_response.domain.alert import IntakeRecord
from incident_response.domain.errors import UnavailableError

MAX_BYTES = 64 * 1024 * 1024
"""Bytes that may wait: tens of thousands of usual alerts."""

T = TypeVar("T")

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Append:
    """A line on its way into the file."""

    line: bytes
    error: str = ""
    """Why it is not there; empty if it is."""
    is_wanted: bool = True


class FileSpool:
    """``ports.spool.Spool``; ``path`` is the file that is appended to, in a folder that exists.

    All work is done by one thread, so that a disk that hangs stops nothing else; appends that wait
    for it share one sync. The thread ends with the spool.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._draining = path.with_name(path.name + ".draining")
        self._max_bytes = max_bytes
        self._appends: deque[_Append] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alert spool")
        self._one_drain = asyncio.Lock()
        self._claim: Claim | None = None
        """Only touched in the thread."""

    async def append(self, record: IntakeRecord) -> None:
        append = _Append(as_line(record))
        self._appends.append(append)
        try:
            await self._in_thread(self._write_appends)
        finally:
            append.is_wanted = False  # if this was cancelled and the thread has not come to it
        if append.error:
            raise UnavailableError(f"the spool did not take it: {append.error}")

    async def drain(self, put: Callable[[IntakeRecord], Awaitable[None]]) -> int:
        count = 0
        async with self._one_drain:
            try:
                while (claim := await self._in_thread(self._next_claim)) is not None:
                    while (record := await self._in_thread(claim.next)) is not None:
                        await put(record)
                        await self._in_thread(claim.forget)
                        count += 1
                    await self._in_thread(claim.remove)
            finally:
                # Shielded: a second cancellation must not leave the file to nobody.
                await asyncio.shield(asyncio.wrap_future(self._thread.submit(self._let_go)))
        return count

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            raise UnavailableError(f"the spool cannot be used: {error.strerror}") from error

    def _write_appends(self) -> None:
        """Write all that wait, whoever asked first; the others find it done."""
        batch: list[_Append] = []
        while self._appends:
            batch.append(self._appends.popleft())
        batch = [append for append in batch if append.is_wanted]
        if not batch:
            return
        try:
            self._write(batch)
        except OSError as error:
            _log.warning("spool not written", error=error.strerror, lines=len(batch))
            for append in batch:
                append.error = error.strerror or type(error).__name__

    def _write(self, batch: list[_Append]) -> None:
        with locked(self._path, FLAGS | os.O_CREAT) as file:
            size = os.fstat(file).st_size
            # A crash may have left half a line; what follows must not become part of it.
            seal = b"\n" if size and os.pread(file, 1, size - 1) != b"\n" else b""
            room = self._max_bytes - size - len(seal) - size_of(self._draining)
            lines = seal + b"".join(_fitting(batch, room))
            if not lines:
                return
            try:
                write_all(file, lines, at=size)
                os.fsync(file)
                if size == 0:
                    sync_folder(self._path)
            except OSError:
                cut(file, size)
                raise

    def _next_claim(self) -> Claim | None:
        """What is to be handed over next, ours alone; what a crash left comes before the rest."""
        self._let_go()
        if self._draining.exists() or self._moved_away():
            self._claim = Claim.on(self._draining, self._path.with_name(self._path.name + ".bad"))
        return self._claim

    def _moved_away(self) -> bool:
        """Move what was appended so far out of the way of new appends; whether there was any."""
        try:
            with locked(self._path, FLAGS) as file:
                # Under this lock nobody else can move a file there in the meantime.
                if os.fstat(file).st_size and not self._draining.exists():
                    self._path.rename(self._draining)
                    sync_folder(self._path)
        except FileNotFoundError:
            return False
        return self._draining.exists()

    def _let_go(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None


def _fitting(batch: list[_Append], room: int) -> Iterator[bytes]:
    for append in batch:
        if len(append.line) > room:
            append.error = "it is full"
            continue
        room -= len(append.line)
        yield append.line
