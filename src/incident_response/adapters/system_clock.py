"""The machine's clock: the only place that asks the operating system for the time."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """``ports.clock.Clock`` on the real clock."""

    def now(self) -> datetime:
        """The wall-clock time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)
