"""When a socket may connect: never all of them at once, and never in a hot loop.

Slack closes every socket about once an hour, and the SDK drops the old one before it opens the
new one; whoever clicks meanwhile sees an error. So a socket that still works is not given up while
no other one does. Not here: the sockets themselves (``sockets``).
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

PATIENCE_SECONDS = 3.0
"""How long a socket that is to be renewed waits for another one to work. The SDK begins a second
renewal beside the first when that takes more than five seconds.
"""
CONNECTING_SECONDS = 5.0
"""How long a socket may take from asking for an address to Slack's greeting."""
BACKOFF_SECONDS = 0.25
"""Pause after the first failed attempt while no socket works; doubles up to the longest."""
LONGEST_BACKOFF_SECONDS = 10.0
_POLL_SECONDS = 0.05


class Seat(Protocol):
    """One of the sockets that take turns."""

    @property
    def is_live(self) -> bool:
        """Whether it works now."""
        ...


class Turns:
    """Shared by the sockets of one receiver. ``spacing`` seconds lie between two sockets'
    connecting while one works, so that they also grow old apart.
    """

    def __init__(self, *, spacing: float) -> None:
        self._spacing = spacing
        self._loop = asyncio.get_running_loop()
        self._last = float("-inf")
        self._last_asker: Seat | None = None
        self._attempts = 0
        self._not_before = float("-inf")

    async def take(self, asker: Seat, *, others: Sequence[Seat]) -> None:
        """Return when ``asker`` may connect."""
        asked = self._loop.time()
        while self._must_wait(asker, asked, others):  # noqa: ASYNC110 - liveness has no event
            await asyncio.sleep(_POLL_SECONDS)
        self._last = self._loop.time()
        self._last_asker = asker
        self._attempts += 1

    def works(self) -> None:
        """A socket has worked for a while: the next failure is a first one."""
        self._attempts = 0

    def hold(self, seconds: float) -> None:
        """Let nobody connect for a while, because Slack would not have it."""
        self._not_before = self._loop.time() + seconds

    def _must_wait(self, asker: Seat, asked: float, others: Sequence[Seat]) -> bool:
        now = self._loop.time()
        another_works = any(other.is_live for other in others)
        if now < self._not_before:
            return True
        if asker.is_live:
            return bool(others) and not another_works and now < asked + PATIENCE_SECONDS
        if another_works or self._another_connects(asker, now):
            return now < self._last + self._spacing
        return now < self._last + self._backoff()

    def _another_connects(self, asker: Seat, now: float) -> bool:
        is_another = self._last_asker is not None and self._last_asker is not asker
        return is_another and now < self._last + CONNECTING_SECONDS

    def _backoff(self) -> float:
        if self._attempts == 0:
            return 0.0
        doubled = BACKOFF_SECONDS * 2.0 ** min(self._attempts - 1, 10)
        return min(doubled, LONGEST_BACKOFF_SECONDS)
