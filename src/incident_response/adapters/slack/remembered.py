"""Answers that are remembered for a while, so that many rooms at once ask Slack once.

Not here: what is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from incident_response.ports.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    value: T | None
    expires_at: float


class Remembered(Generic[T]):
    """Keeps answers by key; None (there is no such thing) is kept for a shorter time.

    Of many who ask for the same key at once one goes and the others wait for its answer. Errors
    are not kept. The oldest answers make room beyond ``limit``.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        keep: timedelta = timedelta(hours=1),
        keep_none: timedelta = timedelta(minutes=1),
        limit: int = 5_000,
    ) -> None:
        self._clock = clock
        self._keep = keep.total_seconds()
        self._keep_none = keep_none.total_seconds()
        self._limit = limit
        self._answers: dict[str, _Answer[T]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """The remembered answer for ``key``, else that of ``ask``, whose errors pass through."""
        known = self._known(key)
        if known is None:
            known = await self._asked(key, ask)
        return known.value

    def keep(self, key: str, value: T) -> None:
        """Remember an answer that was come by otherwise."""
        self._put(key, value)

    async def _asked(self, key: str, ask: Callable[[], Awaitable[T | None]]) -> _Answer[T]:
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                return self._known(key) or self._put(key, await ask())
        finally:
            if not lock.locked():
                self._asking.pop(key, None)

    def _known(self, key: str) -> _Answer[T] | None:
        answer = self._answers.get(key)
        if answer is not None and answer.expires_at > self._clock.monotonic():
            return answer
        return None

    def _put(self, key: str, value: T | None) -> _Answer[T]:
        keep = self._keep_none if value is None else self._keep
        answer = _Answer(value, self._clock.monotonic() + keep)
        self._answers.pop(key, None)
        if len(self._answers) >= self._limit:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = answer
        return answer
