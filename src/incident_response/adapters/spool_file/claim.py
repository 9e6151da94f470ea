"""One spool file that one process alone reads, record by record, until nothing waits in it.

A line is a mark, the CRC-32 of the JSON as eight hex digits, a space, the JSON of the record and
a line feed. A record is forgotten by changing its mark in place: one byte, so it is changed or it
is not. Not here: how lines come into the file (spool).
"""

import fcntl
import os
from pathlib import Path
from zlib import crc32

import structlog

from incident_response.adapters.spool_file.files import (
    FLAGS,
    OWNER_ONLY,
    is_at,
    sync_folder,
    write_all,
)
from incident_response.domain.alert import IntakeRecord

_WAITING, _TAKEN, _SET_ASIDE = b"+", b"-", b"!"
_HEAD = 10
"""Bytes before the JSON."""

_log = structlog.get_logger(__name__)


def as_line(record: IntakeRecord) -> bytes:
    """The line of a record that waits."""
    content = record.model_dump_json().encode()
    return _WAITING + _checksum(content) + content + b"\n"


class Claim:
    """A file that this process alone reads, from its first record that was not yet taken."""

    def __init__(self, descriptor: int, path: Path, bad: Path) -> None:
        self._file = os.fdopen(descriptor, "rb")
        self._path = path
        self._bad = bad
        self._at = 0
        """Where the line begins that was read last."""

    @classmethod
    def on(cls, path: Path, bad: Path) -> "Claim | None":
        """None if another process has it, or is just done with it."""
        try:
            descriptor = os.open(path, FLAGS)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = is_at(descriptor, path)
        except BlockingIOError:
            is_ours = False
        except OSError:
            os.close(descriptor)
            raise
        if not is_ours:
            os.close(descriptor)
            return None
        return cls(descriptor, path, bad)

    def next(self) -> IntakeRecord | None:
        """The next record that waits."""
        while True:
            self._at = self._file.tell()
            line = self._file.readline()
            if not line:
                return None
            if line.startswith(_SET_ASIDE):
                continue
            try:
                content = _content(line)
                if line.startswith(_WAITING):
                    return IntakeRecord.model_validate_json(content)
            except ValueError:
                self._set_aside(line)

    def forget(self) -> None:
        """The record that was read last was taken."""
        self._mark(_TAKEN)

    def remove(self) -> None:
        """Nothing waits in it any more."""
        self._path.unlink()
        sync_folder(self._path)

    def close(self) -> None:
        """Let another process have it."""
        self._file.close()

    def _set_aside(self, line: bytes) -> None:
        """Keep what cannot be read. A torn last line was never acknowledged; another may."""
        is_torn = not line.endswith(b"\n")
        descriptor = os.open(self._bad, FLAGS | os.O_CREAT, OWNER_ONLY)
        try:
            kept = line + b"\n" if is_torn else line
            write_all(descriptor, kept, at=os.fstat(descriptor).st_size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._mark(_SET_ASIDE)
        told = _log.warning if is_torn else _log.error
        event = "torn spool line set aside" if is_torn else "unreadable spool line set aside"
        told(event, file=str(self._bad), at=self._at, size=len(line))

    def _mark(self, mark: bytes) -> None:
        """Not synced: a mark that a power failure undoes hands the record over once more."""
        os.pwrite(self._file.fileno(), mark, self._at)


def _content(line: bytes) -> bytes:
    """Raises ``ValueError`` unless the line is as it was written, but for a mark of ours."""
    mark, checksum, content = line[:1], line[1:_HEAD], line[_HEAD:-1]
    is_whole = line.endswith(b"\n") and checksum == _checksum(content)
    if not is_whole or mark not in (_WAITING, _TAKEN):
        raise ValueError("not what was written")
    return content


def _checksum(content: bytes) -> bytes:
    return b"%08x " % crc32(content)
