"""Whose turn it is: how many requests at once, how many a second, and silence when asked for it.

Not here: what is sent, and whether the vendor is well (breaker).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta

from incident_response.domain.errors import RateLimitedError, UnavailableError
from incident_response.ports.clock import Clock


class Limiter:
    """Gives turns to the calls to one vendor, in the order they asked."""

    def __init__(
        self, name: str, *, clock: Clock, concurrency: int, per_second: float | None
    ) -> None:
        self._name = name
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._spacing = 0.0 if per_second is None else 1 / per_second
        self._next_start = clock.monotonic()
        self._quiet_until = clock.monotonic()

    @asynccontextmanager
    async def turn(self, *, deadline: float) -> AsyncIterator[None]:
        """Hold a slot. ``deadline`` is on the event loop's clock.

        Raises ``UnavailableError`` if no turn came in time, ``RateLimitedError`` while the vendor
        has asked for silence; either way nothing was sent.
        """
        await self._in_time(self._slots.acquire(), deadline)
        try:
            self._keep_quiet()
            await self._in_time(self._paced(), deadline)
            yield
        finally:
            self._slots.release()

    def hush(self, pause: timedelta) -> None:
        """The vendor asked for silence: give no turn for so long."""
        until = self._clock.monotonic() + pause.total_seconds()
        self._quiet_until = max(self._quiet_until, until)

    def _keep_quiet(self) -> None:
        left = self._quiet_until - self._clock.monotonic()
        if left > 0:
            raise RateLimitedError(
                f"{self._name} asked us to slow down; it may be asked again in {left:.0f} s",
                retry_after=timedelta(seconds=left),
            )

    async def _paced(self) -> None:
        now = self._clock.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + self._spacing
        if start > now:
            await self._clock.sleep(start - now)

    async def _in_time(self, waiting: Awaitable[object], deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await waiting
        except TimeoutError:
            raise UnavailableError(
                f"Too many requests to {self._name} are under way; nothing was asked"
            ) from None
