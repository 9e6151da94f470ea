"""A durable queue: FIFO within a group, each deduplication id once, redelivered until deleted.

Not here: what an event means (events) or who works it off (durable).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from incident_response.domain.model import Json

DEDUPLICATION_WINDOW = timedelta(minutes=5)
"""How long a deduplication id is remembered, also after its message is gone (the window of SQS
FIFO).
"""
MAX_RECEIVES = 3
"""Deliveries before a message that is not deleted goes to the dead letters (the specification's
redrive policy).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message to send."""

    type: str
    """Wire name of the event, such as ``ALERT_RECEIVED``."""
    group: str
    """Messages of one group are delivered in order, the next only when the one before is deleted
    or dead.
    """
    dedup_id: str
    """At most 128 of ``[A-Za-z0-9_.#-]``."""
    body: Json = field(default_factory=dict)
    trace: str = ""
    """W3C ``traceparent`` of what it is sent for; empty if that was not traced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A received message, invisible to others until its visibility ends."""

    message_id: str
    receipt: str
    """Changes with each delivery; an old one can no longer delete or extend."""
    raw: str
    """The text as it lies in the queue: may be unparseable if a stranger sent it."""
    group: str
    receive_count: int
    sent_at: datetime
    trace: str = ""
    """What it was sent with; empty also where a stranger's text has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up."""

    message_id: str
    raw: str
    group: str
    receive_count: int
    reason: str
    died_at: datetime


def encode(message: QueueMessage) -> str:
    """The text that lies in the queue: ASCII JSON of type, body and trace."""
    content = {"type": message.type, "body": message.body, "trace": message.trace}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def trace_of(raw: str) -> str:
    """The ``trace`` inside a text that ``encode`` made; empty for any other text."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    trace = content.get("trace") if isinstance(content, dict) else None
    return trace if isinstance(trace, str) else ""


class EventQueue(Protocol):
    """One named queue."""

    name: str

    async def send(self, messages: Sequence[QueueMessage]) -> None:
        """Durably enqueue in order; one whose id was seen within the window is passed over.
        ``encode`` gives the text.

        Raises ``UnavailableError`` or ``UnknownOutcomeError``: sending again under the same ids is
        safe.
        """
        ...

    async def receive(
        self, *, limit: int, wait: timedelta, visibility: timedelta
    ) -> list[Delivery]:
        """Up to ``limit`` messages, waiting up to ``wait`` for the first; wakes at once when one
        is sent.
        """
        ...

    async def delete(self, delivery: Delivery) -> None:
        """Done. Raises ``ConflictError`` if it was delivered anew meanwhile."""
        ...

    async def extend(self, delivery: Delivery, visibility: timedelta) -> None:
        """Keep it invisible for ``visibility`` from now; zero gives it back at once.
        ``ConflictError`` as above.
        """
        ...

    async def bury(self, delivery: Delivery, reason: str) -> None:
        """Move it to the dead letters now."""
        ...

    async def dead_letters(self, *, limit: int) -> list[DeadLetter]:
        """Newest first."""
        ...

    async def redrive(self, *, limit: int) -> int:
        """Put dead letters back, oldest first, with a fresh receive count; how many."""
        ...

    async def depth(self) -> int:
        """Messages waiting or in flight."""
        ...
