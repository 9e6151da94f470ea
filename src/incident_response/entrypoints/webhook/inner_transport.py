"""A connection as aiohttp sees it from behind the guard.

Not here: what is let through (``guard``).
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What a sender that asks before it sends its body waits for: not an answer yet."""


class InnerTransport(asyncio.Transport):
    """Passes everything on to ``outer``, calls ``wrote`` at every write, and can be taken away."""

    def __init__(self, outer: asyncio.Transport, wrote: Callable[[], None]) -> None:
        super().__init__()
        self._outer = outer
        self._wrote = wrote
        self._is_detached = False

    def detach(self) -> None:
        """From now on nothing reaches the connection."""
        self._is_detached = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write, and say so unless it only invites the body."""
        if self._is_detached:
            return
        self._outer.write(data)
        if data != CONTINUE:
            self._wrote()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write, and say so."""
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self._is_detached or self._outer.is_closing()

    def close(self) -> None:
        if not self._is_detached:
            self._outer.close()

    def abort(self) -> None:
        if not self._is_detached:
            self._outer.abort()

    def pause_reading(self) -> None:
        if not self._is_detached:
            self._outer.pause_reading()

    def resume_reading(self) -> None:
        if not self._is_detached:
            self._outer.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._outer.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._outer.get_write_buffer_size()
