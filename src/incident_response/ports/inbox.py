"""Where what people did in the chat becomes durable before it is acknowledged.

Not here: what it means.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from incident_response.domain.model import Json, Value


class EnvelopeKind(StrEnum):
    """What a person did."""

    COMMAND = "command"
    ACTION = "action"
    VIEW = "view"
    SHORTCUT = "shortcut"
    EVENT = "event"


class Envelope(Value):
    """One thing a person did, as the chat told it."""

    key: str
    """The same for every redelivery of the same thing."""
    kind: EnvelopeKind
    payload: Json
    received_at: datetime
    attempts: int = 0
    """How often it has been claimed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is decided about an envelope before it is acknowledged."""

    keep: bool = True
    """Whether it goes to the inbox;

    False when all of its work was done at once (a modal opened, input refused).
    """
    answer: Json | None = None
    """What goes back with the acknowledgement, such as a modal's field errors."""


Prepare = Callable[[Envelope], Awaitable[Prepared]]
"""Does only what cannot wait: opens a modal while its trigger lives, checks a modal's input."""


class Inbox(Protocol):
    """Keeps envelopes until they are worked off; remembers their keys after."""

    async def put(self, envelope: Envelope) -> bool:
        """Store it unless its key is known; durable when this returns. False: it was known."""
        ...

    async def claim(self, *, limit: int, visibility: timedelta, wait: timedelta) -> list[Envelope]:
        """Oldest open envelopes nobody has claimed (or whose claim ended), waiting up to ``wait``
        for the first.
        """
        ...

    async def extend(self, envelope: Envelope, visibility: timedelta) -> None:
        """Keep a claimed envelope for ``visibility`` from now; zero gives it back at once.

        Nothing happens if it was worked off meanwhile, or claimed again.
        """
        ...

    async def done(self, key: str) -> None:
        """Worked off."""
        ...

    async def bury(self, key: str, reason: str) -> None:
        """Given up; kept and shown to an operator."""
        ...

    async def buried(self, *, limit: int) -> list[tuple[Envelope, str]]:
        """What was given up and why, newest first."""
        ...

    async def open_count(self) -> int:
        """Envelopes neither done nor buried."""
        ...
