"""Who is told when the workspace changes: bounded subscriptions that never slow a writer down."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from incident_response.sandbox.slack.model import Json

ChangeKind = Literal[
    "message_posted",
    "message_changed",
    "message_deleted",
    "ephemeral",
    "channel_changed",
    "member_changed",
    "pin_changed",
    "bookmark_changed",
    "view_changed",
    "user_changed",
    "resync",
]

QUEUE_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened. `cause` says it more narrowly (`edited`, `reaction_added` ...).

    `user` is who it concerns: the author, the member, the one who sees an ephemeral or a view.
    `data` carries what cannot be read back afterwards, such as the message before an edit.
    """

    kind: ChangeKind
    channel: str | None = None
    ts: str | None = None
    user: str | None = None
    view_id: str | None = None
    cause: str = ""
    data: Json = field(default_factory=dict)


class Subscription:
    """An async iterator of changes, from the moment it is made until it is closed.

    When its queue is full, all that waits is replaced by one `resync`: read everything again.
    """

    def __init__(self, forget: Callable[["Subscription"], None], limit: int = QUEUE_LIMIT) -> None:
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue(maxsize=limit)
        self._forget = forget

    def offer(self, change: Change) -> None:
        """Queue a change without waiting."""
        if self._queue.full():
            self._drain()
            change = Change("resync")
        self._queue.put_nowait(change)

    def close(self) -> None:
        """End the iteration, after nothing more is delivered."""
        self._forget(self)
        self._drain()
        self._queue.put_nowait(None)

    def _drain(self) -> None:
        with suppress(asyncio.QueueEmpty):
            while True:
                self._queue.get_nowait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        change = await self._queue.get()
        if change is None:
            raise StopAsyncIteration
        return change

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class ChangeFeed:
    """Tells observers (at once, in the call) and subscriptions (later, from a queue)."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._observers: list[Callable[[Change], None]] = []

    def subscribe(self, limit: int = QUEUE_LIMIT) -> Subscription:
        subscription = Subscription(self._subscriptions.discard, limit)
        self._subscriptions.add(subscription)
        return subscription

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Call `observer` with every change, synchronously; it must not raise nor wait."""
        self._observers.append(observer)

    def publish(self, change: Change) -> None:
        for observer in self._observers:
            observer(change)
        for subscription in tuple(self._subscriptions):
            subscription.offer(change)
