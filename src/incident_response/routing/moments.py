"""Points in time as people type them: ``15:04``, ``15:04 UTC``, ``10 min ago``, ISO 8601.

A time without a zone counts in the person's own. Not here: what is done with one (workflows).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incident_response.domain.errors import RefusedError
from incident_response.domain.model import UserId
from incident_response.ports.chat import Chat

EXAMPLES = "15:04, 15:04 UTC, yesterday 15:04, 10m ago or 2026-11-21T15:04Z"
AHEAD = timedelta(minutes=1)
"""How far ahead of our clock a person's may be; a time of day beyond it was yesterday's."""

_END = r"(?=\s|$)"
_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s*(?P<half>am|pm))?"
_HOURS = r"(?:(?P<hours>\d{1,3})\s*(?:h|hrs?|hours?))?"
_MINUTES = r"(?:(?P<minutes>\d{1,4})\s*(?:m|mins?|minutes?))?"
_AMOUNT = rf"{_HOURS}\s*{_MINUTES}"
_NOW = re.compile(rf"now{_END}", re.IGNORECASE)
_AGO = re.compile(
    rf"(?:-\s*(?=\d){_AMOUNT}|(?=\d){_AMOUNT.replace('<', '<ago_')}\s*ago){_END}", re.IGNORECASE
)
_DATED = re.compile(
    rf"(?P<day>\d{{4}}-\d{{2}}-\d{{2}})[T\s]\s*{_CLOCK}(?:\.\d+)?{_ZONE}{_END}", re.IGNORECASE
)
_TIMED = re.compile(rf"(?P<yesterday>yesterday\s+)?(?:at\s+)?{_CLOCK}{_ZONE}{_END}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a time without a zone counts, and what that is called."""

    tz: tzinfo
    name: str


UTC_ZONE = Zone(UTC, "UTC")


async def zone_of(chat: Chat, user_id: UserId) -> Zone:
    """The person's own zone, UTC if the chat does not know it."""
    user = await chat.user(user_id)
    try:
        return Zone(ZoneInfo(user.tz), user.tz) if user is not None and user.tz else UTC_ZONE
    except (ZoneInfoNotFoundError, ValueError):  # a name that is none, or no zone data here
        return UTC_ZONE


def leading_moment(text: str, *, now: datetime, zone: Zone) -> tuple[datetime | None, str]:
    """The time that ``text`` begins with, if it begins with one, and what follows it.

    Raises ``RefusedError`` for what looks like a time and is none, such as 25:99.
    """
    stripped = text.strip()
    found = _now(stripped, now) or _ago(stripped, now) or _dated(stripped, zone)
    found = found or _timed(stripped, now, zone)
    if found is None:
        return None, stripped
    at, end = found
    return at, stripped[end:].strip()


def read_moment(text: str, *, now: datetime, zone: Zone) -> datetime:
    """The time that ``text`` is. Raises ``RefusedError`` with examples if it is none."""
    at, rest = leading_moment(text, now=now, zone=zone)
    if at is None or rest:
        raise RefusedError(f"“{text.strip()[:40]}” is no time I understand; type {EXAMPLES}")
    return at


def is_moment(text: str) -> bool:
    """Whether ``text`` reads as a time, whatever the zone."""
    try:
        read_moment(text, now=datetime(2000, 1, 1, tzinfo=UTC), zone=UTC_ZONE)
    except RefusedError:
        return False
    return True


def shown_in(at: datetime, zone: Zone) -> str:
    """Day and time in the zone, with its name."""
    return f"{at.astimezone(zone.tz):%Y-%m-%d %H:%M} ({zone.name})"


def _now(text: str, now: datetime) -> tuple[datetime, int] | None:
    match = _NOW.match(text)
    return (now, match.end()) if match else None


def _ago(text: str, now: datetime) -> tuple[datetime, int] | None:
    match = _AGO.match(text)
    if match is None:
        return None
    hours = int(match["hours"] or match["ago_hours"] or 0)
    minutes = int(match["minutes"] or match["ago_minutes"] or 0)
    return now - timedelta(hours=hours, minutes=minutes), match.end()


def _dated(text: str, zone: Zone) -> tuple[datetime, int] | None:
    match = _DATED.match(text)
    if match is None:
        return None
    try:
        day = datetime.fromisoformat(match["day"])
    except ValueError:
        raise _no_time(match[0]) from None
    return _at(day, match, zone).astimezone(UTC), match.end()


def _timed(text: str, now: datetime, zone: Zone) -> tuple[datetime, int] | None:
    """The newest such time of day that is not ahead of us."""
    match = _TIMED.match(text)
    if match is None:
        return None
    today = now.astimezone(_zone(match["zone"]) or zone.tz).replace(tzinfo=None)
    at = _at(today, match, zone).astimezone(UTC)
    is_before = match["yesterday"] or at > now + AHEAD
    if is_before:
        at = _at(today - timedelta(days=1), match, zone).astimezone(UTC)
    return at, match.end()


def _at(day: datetime, match: re.Match[str], zone: Zone) -> datetime:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise _no_time(match[0])
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    try:
        return day.replace(
            hour=hour,
            minute=int(match["minute"]),
            second=int(match["second"] or 0),
            microsecond=0,
            tzinfo=_zone(match["zone"]) or zone.tz,
        )
    except ValueError:
        raise _no_time(match[0]) from None


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    return datetime.strptime(text, "%z").tzinfo


def _no_time(text: str) -> RefusedError:
    return RefusedError(f"{text.strip()[:40]} is no time of day; type {EXAMPLES}")
