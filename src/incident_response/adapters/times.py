"""Times as the stores keep them: whole microseconds since 1970, so that they compare exactly.

Not here: what time it is.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """The column value of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The time of a column value, in UTC."""
    return _EPOCH + value * _MICROSECOND
