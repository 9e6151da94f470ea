"""A clock that stands still until a test moves it. Not here: anything that needs real time."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

from incident_response.adapters.system_clock import SystemClock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning: the time every test begins unless it says otherwise."""


class FakeClock:
    """``ports.clock.Clock`` whose time passes only through ``advance``."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed = timedelta()
        self._sleepers: list[tuple[timedelta, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._arrived = asyncio.Event()

    def now(self) -> datetime:
        """The start plus everything advanced so far."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until ``advance`` has passed that many seconds; zero only yields."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        sleeper = (self._elapsed + timedelta(seconds=seconds), next(self._order), wake)
        heapq.heappush(self._sleepers, sleeper)
        self._arrived.set()
        try:
            await wake
        except asyncio.CancelledError:
            self._forget(sleeper)
            raise

    def advance(self, seconds: float) -> None:
        """Let time pass: every sleeper that is due by then wakes, the earliest first.

        All of them then see the new time; one that sleeps again counts from there.
        """
        self._elapsed += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)

    async def sleeping(self, count: int = 1) -> None:
        """Return once at least ``count`` tasks sleep on this clock: what to await before
        ``advance``.
        """
        while len(self._sleepers) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def _forget(self, sleeper: tuple[timedelta, int, asyncio.Future[None]]) -> None:
        if sleeper in self._sleepers:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)


class LeapClock(SystemClock):
    """The machine's clock, that can be put forward: what waits goes on waiting, what is due is."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def leap(self, length: timedelta) -> None:
        self._ahead += length
