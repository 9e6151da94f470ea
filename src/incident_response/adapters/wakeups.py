"""Tells those who wait for something new that it is there, and looks by itself now and then.

Not here: what is new. Within the process a waiter wakes at once; what another process stored in
the shared file is found by the slow look.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from incident_response.ports.clock import Clock

LOOK_EVERY_SECONDS = 1.0
"""The longest that something stored by another process stays unseen."""

T = TypeVar("T")


class Wakeups:
    """One signal per topic; waiters take it before they look, so that none is missed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signals: dict[str, asyncio.Event] = {}

    def signal(self, topic: str) -> asyncio.Event:
        """The event that the next ``notify`` of this topic sets."""
        return self._signals.setdefault(topic, asyncio.Event())

    def notify(self, topic: str) -> None:
        """Wake everyone who waits for this topic."""
        signal = self._signals.pop(topic, None)
        if signal is not None:
            signal.set()

    def notify_all(self) -> None:
        """Wake everyone."""
        for topic in list(self._signals):
            self.notify(topic)

    async def wait(self, signal: asyncio.Event, seconds: float) -> None:
        """Return when ``signal`` is set, but after ``seconds`` at the latest."""
        async with asyncio.TaskGroup() as tasks:
            waiters = {
                tasks.create_task(signal.wait()),
                tasks.create_task(self._clock.sleep(seconds)),
            }
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            for waiter in waiters:
                waiter.cancel()

    async def first(
        self, topic: str, take: Callable[[], Awaitable[list[T]]], *, wait: timedelta
    ) -> list[T]:
        """What ``take`` finds, tried until it is not empty or ``wait`` is over."""
        deadline = self._clock.monotonic() + wait.total_seconds()
        while True:
            signal = self.signal(topic)
            found = await take()
            remaining = deadline - self._clock.monotonic()
            if found or remaining <= 0:
                return found
            await self.wait(signal, min(remaining, LOOK_EVERY_SECONDS))
