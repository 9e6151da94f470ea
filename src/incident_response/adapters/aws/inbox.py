"""``ports.inbox`` on DynamoDB. Not here: what an envelope means.

Claiming is a conditional update of one item. What this process stored itself it claims at once;
what another left behind, the index of work shows at the next look. The content of an envelope that
was worked off is wiped; its key stays long enough that a redelivery is still known.
"""

import asyncio
from datetime import datetime, timedelta
from operator import itemgetter

import structlog

from incident_response.adapters.aws.forms import IS_NEW, Computed, Condition, Item, at, key_of
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.tables import (
    ENVELOPES_BURIED,
    ENVELOPES_OPEN,
    WORK_INDEX,
    Key,
    envelope_key,
)
from incident_response.adapters.aws.times import expiring, sortable
from incident_response.adapters.times import micros
from incident_response.adapters.wakeups import Wakeups
from incident_response.domain.errors import RetryableError
from incident_response.ports.clock import Clock
from incident_response.ports.inbox import Envelope

log = structlog.get_logger(__name__)

KNOWN_FOR = timedelta(days=30)
"""Slack delivers again for hours at most."""
LOOK_EVERY = timedelta(seconds=2)
"""For what others left behind; each look is a request."""
LOOKED_AT = 100
"""Claimed ones are found too: they must not hide the others."""
_TOPIC = "inbox"
_IS_OPEN = Condition("#state = :open", {"open": "open"})
_ONE_MORE = Computed("#attempts + :one", {"one": 1})


class DynamoInbox:
    """``ports.inbox.Inbox``."""

    def __init__(self, items: Items, clock: Clock) -> None:
        self._items = items
        self._clock = clock
        self._wakeups = Wakeups(clock)
        self._claimable: dict[Key, str] = {}
        """Open envelopes as far as we know, with the time they were received at."""
        self._next_look: datetime | None = None

    async def put(self, envelope: Envelope) -> bool:
        item = at(
            envelope_key(envelope.key),
            state="open",
            envelope=envelope.model_dump_json(),
            attempts=0,
            claimed_until=0,
            work=ENVELOPES_OPEN.name,
            work_at=sortable(envelope.received_at),
        )
        if await self._items.put(item, IS_NEW) is not None:
            return False
        self._claimable[envelope_key(envelope.key)] = item["work_at"]
        self._wakeups.notify(_TOPIC)
        return True

    async def claim(self, *, limit: int, visibility: timedelta, wait: timedelta) -> list[Envelope]:
        async def take() -> list[Envelope]:
            return await self._take(limit, visibility)

        return await self._wakeups.first(_TOPIC, take, wait=wait)

    async def extend(self, envelope: Envelope, visibility: timedelta) -> None:
        ours = Condition(
            "#state = :open AND #attempts = :attempts",
            {"open": "open", "attempts": envelope.attempts},
        )
        key, until = envelope_key(envelope.key), micros(self._clock.now() + visibility)
        item = await self._items.update(key, {"claimed_until": until}, ours)
        if item is not None and not visibility:
            self._claimable[key] = item["work_at"]
            self._wakeups.notify(_TOPIC)

    async def done(self, key: str) -> None:
        known = expiring(self._clock.now() + KNOWN_FOR)
        wiped = {"state": "done", "envelope": None, "work": None, "work_at": None, **known}
        await self._items.update(envelope_key(key), wiped, _IS_OPEN)

    async def bury(self, key: str, reason: str) -> None:
        work = {"work": ENVELOPES_BURIED.name, "work_at": sortable(self._clock.now())}
        given_up = {"state": "buried", "reason": reason, **work}
        await self._items.update(envelope_key(key), given_up, _IS_OPEN)

    async def buried(self, *, limit: int) -> list[tuple[Envelope, str]]:
        found = await self._items.find(
            WORK_INDEX, ENVELOPES_BURIED, limit=limit, newest_first=True
        )
        items = await self._items.get_many([one.key for one in found])
        return [(_envelope(item), item["reason"]) for item in items if item["state"] == "buried"]

    async def open_count(self) -> int:
        found = await self._items.find(WORK_INDEX, ENVELOPES_OPEN)
        items = await self._items.get_many([one.key for one in found])
        return sum(item["state"] == "open" for item in items)

    async def _take(self, limit: int, visibility: timedelta) -> list[Envelope]:
        now = self._clock.now()
        if self._next_look is None or now >= self._next_look:
            await self._look(now, limit)
        mine = sorted(self._claimable.items(), key=itemgetter(1))[:limit]
        for key, _ in mine:  # before the first await: others claim at the same time
            del self._claimable[key]
        claims = (self._claim(key, now, visibility) for key, _ in mine)
        outcomes = await asyncio.gather(*claims, return_exceptions=True)
        failed = [
            (one, outcome)
            for one, outcome in zip(mine, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        ]
        self._claimable.update(one for one, _ in failed)
        taken = [item for item in outcomes if isinstance(item, dict)]
        for _, error in failed:
            if not taken or not isinstance(error, RetryableError):
                raise error
            log.warning("claimed less than there may be", reason=str(error))
        return [_envelope(item) for item in taken]

    async def _look(self, now: datetime, limit: int) -> None:
        """Find what others left behind."""
        self._next_look = now + LOOK_EVERY
        found = await self._items.find(WORK_INDEX, ENVELOPES_OPEN, limit=limit + LOOKED_AT)
        for item in await self._items.get_many([one.key for one in found]):
            if item["state"] == "open" and item["claimed_until"] <= micros(now):
                self._claimable[key_of(item)] = item["work_at"]

    async def _claim(self, key: Key, now: datetime, visibility: timedelta) -> Item | None:
        free = Condition(
            "#state = :open AND #claimed_until <= :now", {"open": "open", "now": micros(now)}
        )
        changes = {"claimed_until": micros(now + visibility), "attempts": _ONE_MORE}
        return await self._items.update(key, changes, free)


def _envelope(item: Item) -> Envelope:
    envelope = Envelope.model_validate_json(item["envelope"])
    return envelope.model_copy(update={"attempts": item["attempts"]})
