"""A spool in memory that can hang and fail. Not here: durability."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from incident_response.domain.alert import IntakeRecord
from incident_response.domain.errors import UnavailableError


class FakeSpool:
    """``ports.spool.Spool``."""

    def __init__(self) -> None:
        self.records: deque[IntakeRecord] = deque()
        self.is_down = False
        self.gate = asyncio.Event()
        """An append waits for this."""
        self.gate.set()
        self._one_drain = asyncio.Lock()

    async def append(self, record: IntakeRecord) -> None:
        """Waits, fails or keeps."""
        await self.gate.wait()
        self._check()
        self.records.append(record)

    async def drain(self, put: Callable[[IntakeRecord], Awaitable[None]]) -> int:
        """One after the other."""
        self._check()
        count = 0
        async with self._one_drain:
            while self.records:
                await put(self.records[0])
                self.records.popleft()
                count += 1
        return count

    def _check(self) -> None:
        if self.is_down:
            raise UnavailableError
