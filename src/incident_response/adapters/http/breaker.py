"""A circuit breaker: a vendor that keeps failing is left alone, then tried by one call only.

Counted are timeouts, connection errors and 5xx, which arrive here as ``UnavailableError`` and
``UnknownOutcomeError``. A refusal (4xx, 429) is an answer: the vendor lives. Not here: retries,
deadlines, rate limits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum

import structlog

from incident_response.domain.errors import (
    IncidentResponseError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.ports.clock import Clock

_log = structlog.get_logger(__name__)


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    """Every call passes."""
    OPEN = "open"
    """None does."""
    HALF_OPEN = "half_open"
    """One does, to find out; the others are refused."""


class CircuitOpenError(UnavailableError):
    """The vendor has failed too often just now; nothing was sent."""


class Breaker:
    """Watches the calls to one vendor. Belongs to one event loop; needs no lock."""

    def __init__(self, name: str, *, clock: Clock, failures: int, open_for: timedelta) -> None:
        self.name = name
        self._clock = clock
        self._limit = failures
        self._open_for = open_for.total_seconds()
        self._failures = 0
        self._opened_at: float | None = None
        self._is_probing = False

    @property
    def state(self) -> BreakerState:
        """How it stands now."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self._seconds_left() <= 0 else BreakerState.OPEN

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call: raises ``CircuitOpenError`` instead of beginning it, or learns from its
        end.
        """
        is_probe = self._admit()
        try:
            yield
        except (UnavailableError, UnknownOutcomeError):
            self._failed(is_probe)
            raise
        except IncidentResponseError:
            self._answered(is_probe)
            raise
        else:
            self._answered(is_probe)
        finally:
            # A probe that was cancelled has no verdict: the next call may probe.
            self._is_probing = self._is_probing and not is_probe

    def _admit(self) -> bool:
        """Whether the call that is let through is the probe."""
        state = self.state
        if state is BreakerState.CLOSED:
            return False
        if state is BreakerState.OPEN or self._is_probing:
            left = timedelta(seconds=max(1.0, self._seconds_left()))
            raise CircuitOpenError(
                f"{self.name} has failed {self._limit} times in a row and is left alone for now;"
                f" it is tried again in {left.total_seconds():.0f} s",
                retry_after=left,
            )
        self._is_probing = True
        return True

    def _answered(self, is_probe: bool) -> None:
        if is_probe:
            self._opened_at = None
            _log.info("breaker closed", vendor=self.name)
        # A call from before the opening says nothing about now: only the probe closes it.
        if self._opened_at is None:
            self._failures = 0

    def _failed(self, is_probe: bool) -> None:
        self._failures += 1
        if is_probe or (self._opened_at is None and self._failures >= self._limit):
            self._opened_at = self._clock.monotonic()
            _log.warning("breaker opened", vendor=self.name, failures=self._failures)

    def _seconds_left(self) -> float:
        opened_at = self._opened_at if self._opened_at is not None else self._clock.monotonic()
        return opened_at + self._open_for - self._clock.monotonic()
