"""Nanoseconds since the epoch, as Loki and Tempo write them (as text, for JSON's numbers are too
short). Not here: any other way to write a time.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

_YEAR_9999 = 253_402_300_799 * 10**9
Nanoseconds = Annotated[int, Field(ge=0, le=_YEAR_9999)]
"""Text or number on the wire; at most what a ``datetime`` can hold."""


def nanoseconds_of(moment: datetime) -> int:
    """``moment`` to the microsecond."""
    # Whole microseconds first: a float of nanoseconds would be off by hundreds of them.
    return round(moment.timestamp() * 1_000_000) * 1_000


def moment_of(nanoseconds: int) -> datetime:
    """The UTC time, cut to the microsecond."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1_000)
