"""What a vendor is called by people, and how much of our time and its patience a call may use.

Not here: the calls (client).
"""

from dataclasses import dataclass
from datetime import timedelta

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Words for messages that tell a person what to mend."""

    name: str
    """Such as ``Grafana OnCall``."""
    url_setting: str
    """The setting that holds the address."""
    credential_setting: str
    """The setting that holds the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of every call to one vendor."""

    total_seconds: float = 5.0
    """From the asking to the answer, retries and waiting for a turn included."""
    attempt_seconds: float = 2.5
    """For one request and the whole of its answer; less than half of the total, or as much as a
    slow vendor needs.
    """
    concurrency: int = 8
    """Requests under way at once."""
    per_second: float | None = None
    """Requests begun per second, evenly spaced; None: as they come."""
    max_answer_bytes: int = 4 * MEBIBYTE
    """An answer longer than this, decompressed, is refused unread."""
    failures_to_open: int = 20
    """Consecutive failed requests that open the breaker: one room asks a vendor up to twelve (four
    reads, each sent three times), so it takes two rooms in a row that get nothing at all.
    """
    open_for: timedelta = timedelta(seconds=20)
    """How long an open breaker refuses before it lets one probe through."""
