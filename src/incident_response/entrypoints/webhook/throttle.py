"""Counts requests that could not prove who they are from, per sender and path.

Not here: authentic alerts, which are never held back: a sender does not try again.
"""

from collections import OrderedDict
from dataclasses import dataclass

from incident_response.ports.clock import Clock

RATE = 50.0
"""Unauthenticated requests a second from one peer on one path that are answered as such."""
MAX_BUCKETS = 10_000
"""Peers that are remembered; the one not seen for longest is forgotten first."""

Key = tuple[str, str]
"""Path and peer address."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    suppressed: int = 0


class Throttle:
    """A bucket of a second's worth of refusals for each key."""

    def __init__(self, clock: Clock, *, rate: float = RATE) -> None:
        self._clock = clock
        self._rate = rate
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def take(self, key: Key) -> int | None:
        """None if ``key`` is over its rate; else how many were over it since the last time."""
        now = self._clock.monotonic()
        bucket = self._bucket(key, now)
        bucket.tokens = min(self._rate, bucket.tokens + (now - bucket.filled_at) * self._rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            bucket.suppressed += 1
            return None
        bucket.tokens -= 1
        suppressed, bucket.suppressed = bucket.suppressed, 0
        return suppressed

    def _bucket(self, key: Key, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(self._rate, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return bucket
