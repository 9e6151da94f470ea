"""Files that processes share: locked, written in whole, durable by name.

Not here: what is in them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

FLAGS = os.O_RDWR | os.O_CLOEXEC
OWNER_ONLY = 0o600
"""Alerts may tell what is nobody else's business."""

_log = structlog.get_logger(__name__)


@contextmanager
def locked(path: Path, flags: int) -> Iterator[int]:
    """The file at ``path``, for this process alone; also if it was moved away meanwhile."""
    while True:
        descriptor = os.open(path, flags, OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_at(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def is_at(descriptor: int, path: Path) -> bool:
    """Whether it is this file, and not another or none, that is at ``path`` now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def size_of(path: Path) -> int:
    """Bytes; 0 if there is no file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def write_all(descriptor: int, data: bytes, *, at: int) -> None:
    """Write ``data`` from the offset ``at`` on, in as many steps as it takes."""
    while data:
        written = os.pwrite(descriptor, data, at)
        data, at = data[written:], at + written


def cut(descriptor: int, size: int) -> None:
    """Take back what was written in part; were it left, it would be set aside as torn."""
    try:
        os.ftruncate(descriptor, size)
    except OSError as error:
        _log.warning("spool not cut back", error=error.strerror)


def sync_folder(path: Path) -> None:
    """Make names in the folder of ``path`` durable."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
