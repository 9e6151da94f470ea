"""How a fake vendor behaves now: well, failing, hanging, or with nothing to say."""

import asyncio
from dataclasses import dataclass, field

from incident_response.domain.errors import IncidentResponseError


@dataclass
class Behaviour:
    """Every call of a fake passes through ``meet``; a test calls the verbs."""

    calls: int = 0
    error: IncidentResponseError | None = None
    failures_left: int | None = None
    """How many more calls fail; None: all of them."""
    is_empty: bool = False
    _may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    _is_called: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._may_answer.set()

    def fail_with(self, error: IncidentResponseError, *, times: int | None = None) -> None:
        """Raise ``error`` from the next calls."""
        self.error, self.failures_left = error, times

    def hang(self) -> None:
        """Answer nothing until ``recover``."""
        self._may_answer.clear()

    def return_nothing(self) -> None:
        """Answer that there is nothing."""
        self.is_empty = True

    def recover(self) -> None:
        """Behave well from now on; calls that hang are answered."""
        self.error, self.failures_left, self.is_empty = None, None, False
        self._may_answer.set()

    async def called(self) -> None:
        """Return once a call has arrived (also one that hangs)."""
        await self._is_called.wait()

    async def meet(self) -> bool:
        """Wait or raise as told; returns whether to answer that there is nothing."""
        self.calls += 1
        self._is_called.set()
        await self._may_answer.wait()
        if self.error is not None and self._has_failures_left():
            raise self.error
        return self.is_empty

    def _has_failures_left(self) -> bool:
        if self.failures_left is None:
            return True
        self.failures_left -= 1
        return self.failures_left >= 0
