"""Answers remembered for a while: fresh ones spare a call, stale ones stand in for a dead vendor.

Not here: what is asked, and any decision on how stale is too stale for a purpose.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from incident_response.domain.errors import RetryableError
from incident_response.ports.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Recollection(Generic[V]):
    """A value and whether it is an old one standing in for an answer that did not come."""

    value: V
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    at: float


class _Flight(Generic[V]):
    """One loading under way: how it ended, once it has."""

    def __init__(self) -> None:
        self.landed = asyncio.Event()
        self.recollection: Recollection[V] | None = None
        self.error: Exception | None = None

    def outcome(self) -> Recollection[V] | None:
        """What was brought; None if the one who loaded was cancelled; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.recollection


class Remembered(Generic[K, V]):
    """A value per key, loaded by one caller at a time whoever else asks meanwhile.

    A value younger than ``fresh_for`` is given as it is. An older one is loaded anew; if that
    fails in a way that another try may mend, one younger than ``usable_for`` is given, marked
    stale. At most ``capacity`` keys are kept, the latest used. Belongs to one event loop.
    """

    def __init__(
        self, *, clock: Clock, fresh_for: timedelta, usable_for: timedelta, capacity: int = 512
    ) -> None:
        self._clock = clock
        self._fresh_for = fresh_for.total_seconds()
        self._usable_for = usable_for.total_seconds()
        self._capacity = capacity
        self._kept: OrderedDict[K, _Kept[V]] = OrderedDict()
        self._flights: dict[K, _Flight[V]] = {}

    async def get(
        self,
        key: K,
        load: Callable[[], Awaitable[V]],
        *,
        keep: Callable[[V], bool] = lambda _: True,
    ) -> Recollection[V]:
        """The value of ``key``; what ``keep`` turns down is handed out but not remembered.

        Raises what ``load`` raises when there is nothing to fall back on.
        """
        while True:
            known = self._younger_than(self._fresh_for, key)
            if known is not None:
                return Recollection(known.value)
            flight = self._flights.get(key)
            if flight is None:
                return await self._lead(key, load, keep)
            await flight.landed.wait()
            outcome = flight.outcome()
            if outcome is not None:
                return outcome

    def remember(self, key: K, value: V) -> None:
        """Keep a value that was come by otherwise."""
        self._keep(key, value)

    async def _lead(
        self, key: K, load: Callable[[], Awaitable[V]], keep: Callable[[V], bool]
    ) -> Recollection[V]:
        flight = self._flights[key] = _Flight[V]()
        try:
            flight.recollection = await self._load(key, load, keep)
            return flight.recollection
        except Exception as error:
            flight.error = error
            raise
        finally:
            del self._flights[key]
            flight.landed.set()

    async def _load(
        self, key: K, load: Callable[[], Awaitable[V]], keep: Callable[[V], bool]
    ) -> Recollection[V]:
        try:
            value = await load()
        except RetryableError:
            old = self._younger_than(self._usable_for, key)
            if old is None:
                raise
            return Recollection(old.value, is_stale=True)
        if keep(value):
            self._keep(key, value)
        return Recollection(value)

    def _younger_than(self, seconds: float, key: K) -> _Kept[V] | None:
        kept = self._kept.get(key)
        if kept is None or self._clock.monotonic() - kept.at >= seconds:
            return None
        self._kept.move_to_end(key)
        return kept

    def _keep(self, key: K, value: V) -> None:
        self._kept[key] = _Kept(value, self._clock.monotonic())
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
