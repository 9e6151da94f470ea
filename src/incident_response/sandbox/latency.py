"""How long a vendor takes to answer: reproducible draws from assumed production latencies.

What belongs here: the table of medians and 99th percentiles, and the draws. What does not: waiting
(`faults.py` does that before a call's effect) and faults, which are about calls that go wrong.
"""

import hashlib
import math
from collections import Counter, deque
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from statistics import NormalDist
from typing import Literal

from incident_response.sandbox.clock import Clock

Mode = Literal["off", "zero", "seeded"]

# (target pattern, p50, p99) in seconds, first match wins. Slack and the vendors publish no latency
# figures: these are assumptions set from the few production measurements that were published.
TABLE: tuple[tuple[str, float, float], ...] = (
    ("slack.conversations.create", 0.450, 2.000),
    ("slack.conversations.invite", 0.250, 1.000),
    ("slack.users.lookupByEmail", 0.120, 0.500),
    ("slack.chat.*", 0.220, 0.900),
    ("slack.*", 0.200, 0.800),
    ("oncall.*", 0.250, 1.200),
    ("workos.*", 0.200, 1.000),
    ("mimir.*", 0.300, 2.500),
    ("loki.*", 0.600, 4.500),
    ("tempo.*", 0.500, 4.000),
    ("github.*", 0.200, 1.000),
    ("statuspage.*", 0.400, 2.500),
    ("linear.*", 0.300, 1.500),
    ("anthropic.*", 1.200, 4.000),
)

_Z99 = NormalDist().inv_cdf(0.99)
_DRAWS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Draw:
    """The latency of the `n`-th call (from 0) of `target`, in seconds, drawn at epoch `at`."""

    target: str
    n: int
    seconds: float
    at: float


class LatencyTable:
    """Draws a latency per call; a draw depends on (seed, target, n) alone, never on call order.

    Modes: `off` draws nothing; `zero` records every call with 0 s; `seeded` draws from `TABLE`.
    """

    def __init__(self, clock: Clock, *, seed: int | None = None) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._draws: deque[Draw] = deque(maxlen=_DRAWS_KEPT)
        self.seed = seed or 0
        self.mode: Mode = "off" if seed is None else "seeded"

    def switch(self, mode: Mode, *, seed: int = 0) -> None:
        """Change the mode and begin counting, and recording, anew."""
        self.mode, self.seed = mode, seed
        self._counts.clear()
        self._draws.clear()

    def draw(self, target: str) -> float:
        """Return the seconds this call takes, and record them unless the mode is off."""
        if self.mode == "off":
            return 0.0
        n = self._counts[target]
        self._counts[target] += 1
        seconds = latency(self.seed, target, n) if self.mode == "seeded" else 0.0
        self._draws.append(Draw(target, n, seconds, self._clock.now()))
        return seconds

    def draws(self) -> list[dict[str, object]]:
        """Return the newest 20,000 draws as JSON objects, oldest first."""
        return [asdict(draw) for draw in self._draws]


def latency(seed: int, target: str, n: int) -> float:
    """Return the `n`-th latency of `target` in seconds; 0.0 for a target the table does not name.

    A lognormal through the table's p50 and p99, evaluated at a quantile hashed from the arguments.
    """
    row = next((row for row in TABLE if fnmatchcase(target, row[0])), None)
    if row is None:
        return 0.0
    digest = hashlib.sha256(f"{seed}|{target}|{n}".encode()).digest()
    quantile = (int.from_bytes(digest[:8], "big") + 0.5) / 2**64
    quantile = min(max(quantile, 1e-9), 1 - 1e-9)
    sigma = math.log(row[2] / row[1]) / _Z99
    return row[1] * math.exp(sigma * NormalDist().inv_cdf(quantile))
