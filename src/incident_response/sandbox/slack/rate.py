"""Slack's rate tiers: how often a method may be called, and a channel posted to."""

import math
from collections.abc import Callable

# Calls a minute by tier (docs.slack.dev/apis/web-api/rate-limits); t5 is "special".
TIERS = {"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": 600}
POSTS_A_SECOND = 1.0  # chat.postMessage, per channel, "with short bursts"
POST_BURST = 5


class RateTiers:
    """A token bucket per key, kept as one time each (GCRA). A minute's worth may come at once."""

    def __init__(self, now: Callable[[], float], *, enabled: bool = False) -> None:
        self._now = now
        self._free_at: dict[str, float] = {}
        self.enabled = enabled

    def retry_after(self, method: str, tier: str, channel: str | None) -> int | None:
        """None when the call may pass (and is counted), else whole seconds to wait."""
        if not self.enabled:
            return None
        limits = [(method, TIERS[tier] / 60, TIERS[tier])]
        if method == "chat.postMessage" and channel:
            limits.append((f"{method}/{channel}", POSTS_A_SECOND, POST_BURST))
        waits = [self._wait(*limit) for limit in limits]
        if max(waits) > 0:
            return math.ceil(max(waits))
        for key, per_second, _ in limits:
            self._free_at[key] = max(self._free_at.get(key, 0.0), self._now()) + 1 / per_second
        return None

    def _wait(self, key: str, per_second: float, burst: int) -> float:
        backlog = self._free_at.get(key, 0.0) - self._now()
        return backlog - (burst - 1) / per_second
