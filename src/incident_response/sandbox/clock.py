"""The sandbox's own time: the only place in this room that reads the machine's clock.

What belongs here: the shape of a clock and the real one. What does not: schedules, timeouts and
formatting, which belong to whoever needs them; they take a `Clock` so that a test can hand them
another.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where the sandbox gets time from."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep(self, seconds: float) -> None:
        """Return no sooner than `seconds` from now; zero or less yields to the loop once."""


class RealClock:
    """The machine's clock and the event loop's timers."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()  # noqa: TID251 - this is the sandbox's clock

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop for `seconds`."""
        await asyncio.sleep(max(0.0, seconds))
