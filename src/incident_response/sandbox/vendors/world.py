"""What every vendor's stand-in looks at: one company, one time, one set of alerts.

What belongs here: the facts shared by several vendors, above all which service is in trouble when,
so that metrics, logs and traces agree. What does not: anything about one vendor's wire.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from incident_response.sandbox.alert_groups import AlertGroups
from incident_response.sandbox.clock import Clock
from incident_response.sandbox.company import Company
from incident_response.sandbox.faults import FaultBoard

_TROUBLE_BEFORE_ALERT = 300.0  # a rule has to be true for some minutes before it fires
_TROUBLE_AFTER_RESOLVE = 60.0
_TROUBLE_WITHOUT_ALERT = 25 * 60.0  # alerts may be fired by somebody else than this sandbox
_TROUBLE_AT_MOST = 90 * 60.0  # two hours ago all was well, so that a comparison shows something


@dataclass(frozen=True)
class World:
    """The company, the clock, the alerts fired and the fault board, for every stand-in."""

    company: Company
    clock: Clock
    board: FaultBoard
    groups: AlertGroups

    def trouble(self, service: str) -> tuple[float, float]:
        """Return from when to when (epoch seconds) the service is, or was last, in trouble."""
        now = self.clock.now()
        group = self.groups.latest_of(service)
        resolved_at = group.resolved_at if group else None
        long_over = resolved_at is not None and resolved_at < now - _TROUBLE_WITHOUT_ALERT
        if group is None or long_over:
            return now - _TROUBLE_WITHOUT_ALERT, float("inf")
        start = max(group.started_at - _TROUBLE_BEFORE_ALERT, now - _TROUBLE_AT_MOST)
        if resolved_at is None:
            return start, float("inf")
        return start, resolved_at + _TROUBLE_AFTER_RESOLVE


def wobble(*key: object) -> float:
    """Return a number in [0, 1) that depends on `key` alone: noise that stays the same."""
    return crc32("|".join(map(str, key)).encode()) / 2**32


def iso(epoch: float, *, digits: int = 0) -> str:
    """Return epoch seconds as RFC 3339 in UTC with `Z`; `digits` 3 adds milliseconds."""
    timespec = "milliseconds" if digits else "seconds"
    moment = datetime.fromtimestamp(epoch, UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def epoch_of(text: str) -> float:
    """Return epoch seconds of an RFC 3339 time (UTC where it names no zone).

    Raises `ValueError` for anything else.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
