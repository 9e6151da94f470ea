"""Waiting for whichever of two things comes first. Not here: what is done then."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from incident_response.ports.clock import Clock

T = TypeVar("T")


async def until_set(event: asyncio.Event, coroutine: Coroutine[object, object, T]) -> T | None:
    """What ``coroutine`` returns, or None if ``event`` is set first and it is cut short."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(coroutine)
        waiting = tasks.create_task(event.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if working.done():
            return working.result()
        working.cancel()
    return None


async def pause(clock: Clock, seconds: float | None, woken: asyncio.Event) -> None:
    """Wait for ``seconds`` (None: for ever) of ``clock``, or until ``woken`` is set."""
    if seconds is None:
        await woken.wait()
    else:
        await until_set(woken, clock.sleep(max(seconds, 0)))
