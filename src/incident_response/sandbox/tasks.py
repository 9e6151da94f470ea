"""Background work with an owner: every task is held, watched and ended with whoever started it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """Runs coroutines beside the caller, from `start` to `stop`.

    A task that fails is logged, and the others go on: a local stand-in must not fall over
    because one delivery did. `stop` cancels what still runs and waits for its end.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run `work` on the current loop; after `stop` has begun it is dropped."""
        if self._is_stopping:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel everything and wait until it has ended."""
        self._is_stopping = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background_task_failed", task=task.get_name(), exc_info=error)
