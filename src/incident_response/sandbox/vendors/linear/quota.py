"""How much one key may ask for in an hour, and the headers that say what is left."""

from incident_response.sandbox.clock import Clock

WINDOW = 3600.0
REQUESTS = 2_500  # one published figure of several; callers are meant to read the headers
COMPLEXITY = 250_000


class Quota:
    """Counts one key's requests and their complexity. Refuses only while `enabled`."""

    def __init__(self, clock: Clock, *, requests: int = REQUESTS) -> None:
        self.enabled = False
        self._clock = clock
        self._limit = requests
        self._ends = 0.0
        self._requests = 0
        self._complexity = 0

    def admits(self, complexity: int) -> bool:
        """Count a request and say whether it may be executed."""
        now = self._clock.now()
        if now >= self._ends:
            self._ends, self._requests, self._complexity = now + WINDOW, 0, 0
        fits = self._requests < self._limit and self._complexity + complexity <= COMPLEXITY
        if self.enabled and not fits:
            return False
        self._requests += 1
        self._complexity += complexity
        return True

    def headers(self, complexity: int) -> dict[str, str]:
        """Return the headers of an answer; resets are epoch milliseconds."""
        reset = str(int(self._ends * 1000))
        return {
            "X-Complexity": str(complexity),
            "X-RateLimit-Requests-Limit": str(self._limit),
            "X-RateLimit-Requests-Remaining": str(max(0, self._limit - self._requests)),
            "X-RateLimit-Requests-Reset": reset,
            "X-RateLimit-Complexity-Limit": str(COMPLEXITY),
            "X-RateLimit-Complexity-Remaining": str(max(0, COMPLEXITY - self._complexity)),
            "X-RateLimit-Complexity-Reset": reset,
        }
