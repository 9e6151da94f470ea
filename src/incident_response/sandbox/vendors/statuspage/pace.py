"""How fast one token may call: one request a second, counted over a rolling minute."""

from collections import deque

WINDOW = 60.0
CALLS = 60  # in any `WINDOW` seconds


class Pace:
    """Counts one token's calls. Off until `enabled`; refused calls are not counted."""

    def __init__(self) -> None:
        self.enabled = False
        self._calls: deque[float] = deque()

    def admits(self, at: float) -> bool:
        """Count a call at epoch `at` and say whether it may be answered."""
        if not self.enabled:
            return True
        while self._calls and self._calls[0] <= at - WINDOW:
            self._calls.popleft()
        if len(self._calls) >= CALLS:
            return False
        self._calls.append(at)
        return True
