"""For whom a page is drawn: who they are, what ids are called, which clock they read.

Only the questions a renderer asks belong here; the answers come from the workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Names(Protocol):
    """What ids are called, for the person who looks. ``None`` means: they may not know."""

    def person(self, user_id: str) -> str | None: ...

    def channel(self, channel_id: str) -> str | None: ...

    def group(self, group_id: str) -> str | None: ...

    def everyone(self) -> Sequence[tuple[str, str]]:
        """Give ``(id, name)`` of everyone who can be picked in a people select."""
        ...

    def channels(self) -> Sequence[tuple[str, str]]:
        """Give ``(id, name)`` of every channel the viewer can pick in a channel select."""
        ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person at one browser. ``now`` is epoch seconds at the moment of drawing."""

    me: str
    names: Names
    zone: tzinfo
    now: float

    def at(self, epoch_seconds: float) -> datetime:
        """Read an epoch on this person's clock."""
        return datetime.fromtimestamp(epoch_seconds, self.zone)

    def clock_time(self, epoch_seconds: float) -> str:
        """Give the time of day the way Slack writes it: ``9:04 AM``."""
        moment = self.at(epoch_seconds)
        return f"{moment:%I:%M %p}".lstrip("0")

    def day(self, epoch_seconds: float) -> str:
        """Give the day as a separator shows it: Today, Yesterday, or ``Friday, November 20th``."""
        moment = self.at(epoch_seconds)
        today = self.at(self.now).date()
        if moment.date() == today:
            return "Today"
        if moment.date() == today - timedelta(days=1):
            return "Yesterday"
        written = f"{moment:%A, %B} {ordinal(moment.day)}"
        return written if moment.year == today.year else f"{written}, {moment.year}"

    def full(self, epoch_seconds: float) -> str:
        """Give the moment in full, for a tooltip: ``Friday, November 20th at 9:04:31 AM``."""
        moment = self.at(epoch_seconds)
        return f"{moment:%A, %B} {ordinal(moment.day)} at {f'{moment:%I:%M:%S %p}'.lstrip('0')}"


def ordinal(number: int) -> str:
    """Write ``1`` as ``1st``, ``12`` as ``12th``."""
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def ago(seconds: float) -> str:
    """Say how long ago something was, coarsely: ``5 minutes ago``."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "just now"
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def zone_named(name: str) -> tzinfo:
    """Find a time zone by its IANA name; an odd name or a machine without data gives UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
