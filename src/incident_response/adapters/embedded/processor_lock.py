"""The claim that only one processor works on a file. Not here: what the claim allows (backend)."""

import fcntl
import os
from pathlib import Path

from incident_response.domain.errors import InvalidConfigurationError


class ProcessorLock:
    """An advisory lock on ``<file>.processor``; the kernel drops it when its process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".processor")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises ``InvalidConfigurationError`` if another holder is alive."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise InvalidConfigurationError(
                f"another processor is running on this file ({self._path})"
            ) from error
        self._descriptor = descriptor

    def drop(self) -> None:
        """Let another processor in; nothing happens if it was not taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
