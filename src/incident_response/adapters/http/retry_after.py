"""How long a vendor asks us to wait. Pure: headers and the time in, a duration out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=1)
"""A longer wish is cut to this: GitHub's window, the longest known, is one hour."""


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """The wait asked for by ``Retry-After`` (RFC 9110: seconds or a date) or GitHub's
    ``x-ratelimit-reset`` (epoch seconds); None if neither is there or makes sense.

    ``headers`` are looked up as written here: hand in a case-insensitive mapping.
    """
    wish = headers.get("Retry-After", "").strip()
    if wish:
        return _seconds(wish) if wish.isdecimal() else _until(wish, now)
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if reset.isdecimal() and headers.get("X-RateLimit-Remaining", "").strip() == "0":
        return _seconds(str(max(0, int(reset[:12]) - int(now.timestamp()))))
    return None


def _seconds(digits: str) -> timedelta:
    longest = int(LONGEST.total_seconds())
    return timedelta(seconds=min(longest, int(digits[:12])))


def _until(text: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(LONGEST, max(timedelta(), aware - now))
