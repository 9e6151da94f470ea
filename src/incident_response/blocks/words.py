"""Plain words for domain values: severities, states, lengths of time, measured figures.

Plain text, still to be escaped or drawn by whoever uses it. Not here: mrkdwn (text).
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from incident_response.domain.alert import AlertState
from incident_response.domain.context import Reading
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.severity import Severity
from incident_response.domain.spans import duration as duration

NO_DATA: Final = "no data"
UNTITLED: Final = "(no title)"

MARKS: Final = {
    Severity.P0: "🔴",
    Severity.P1: "🟠",
    Severity.P2: "🟡",
    Severity.P3: "🔵",
    Severity.P4: "⚪",
}
"""One colour a severity; the letter always stands beside it for who cannot see colours."""

STATUS: Final = {
    IncidentStatus.OPEN: "Open",
    IncidentStatus.ASSEMBLED: "In progress",
    IncidentStatus.MITIGATED: "Mitigated",
    IncidentStatus.RESOLVED: "Resolved",
    IncidentStatus.CANCELLED: "Cancelled",
}

RESOLVING: Final = "Resolving"
MERGED: Final = "Merged into another incident"

ALERT: Final = {
    AlertState.FIRING: "the alert is firing",
    AlertState.RESOLVED: "the alert has stopped firing",
    AlertState.ACKNOWLEDGED: "the alert is acknowledged",
    AlertState.SILENCED: "the alert is silenced",
    AlertState.UNKNOWN: "the alert's state is unknown",
}

_SAME_POINTS = 0.05
"""Percentage points that count as no change."""
_SAME_RATIO = 0.05
"""Share by which a latency may differ and count as the same."""


def status(incident: Incident) -> str:
    """Where it stands; an open incident that has a room is in progress, assembled or not."""
    if incident.is_ending and not incident.is_closed:
        return RESOLVING
    if incident.merged_into is not None:
        return MERGED
    if incident.status is IncidentStatus.OPEN and incident.room is not None:
        return STATUS[IncidentStatus.ASSEMBLED]
    return STATUS[incident.status]


def badge(incident: Incident) -> str:
    """Severity with its mark: ``🟠 P1``."""
    return f"{MARKS[incident.severity]} {incident.severity}"


def title(incident: Incident) -> str:
    """The incident's title, or words that say there is none."""
    return incident.title.strip() or UNTITLED


def plural(number: int, noun: str) -> str:
    """``1 alert``, ``2 alerts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ago(at: datetime, now: datetime) -> str:
    """How long before ``now`` it was: ``just now``, ``4 min ago``."""
    if now - at < timedelta(minutes=1):
        return "just now"
    return f"{duration(now - at)} ago"


def error_rate(reading: Reading) -> str:
    """A share of errors now and how many percentage points it moved in two hours."""
    now, before = _finite(reading.now), _finite(reading.before)
    if now is None or before is None:
        return _one_sided(now, before, percent)
    moved = (now - before) * 100
    if abs(moved) < _SAME_POINTS:
        return f"{percent(now)} → as two hours ago"
    arrow = "↑" if moved > 0 else "↓"
    return f"{percent(now)} {arrow} {_figure(abs(moved))} points ({percent(before)} two hours ago)"


def latency(reading: Reading) -> str:
    """Seconds now, and their ratio to two hours ago."""
    now, before = _finite(reading.now), _finite(reading.before)
    if now is None or before is None:
        return _one_sided(now, before, seconds)
    if abs(now - before) <= abs(before) * _SAME_RATIO:
        return f"{seconds(now)} → as two hours ago"
    then = f"({seconds(before)} two hours ago)"
    if min(now, before) <= 0:
        return f"{seconds(now)} {'↑' if now > before else '↓'} {then}"
    if now > before:
        return f"{seconds(now)} ↑ {now / before:.1f} times as slow {then}"
    return f"{seconds(now)} ↓ {before / now:.1f} times as fast {then}"


def percent(share: float) -> str:
    """A share (0..1) as per cent; what is more than nothing is never shown as zero."""
    if 0 < share < 0.0001:
        return "<0.01 %"
    return f"{_figure(share * 100)} %"


def seconds(length: float) -> str:
    """``310 ms``, ``1.84 s``, ``2 min 5 s``."""
    if 0 < length < 0.0005:
        return "<1 ms"
    if length < 0.9995:
        return f"{length * 1000:.0f} ms"
    if length < 119.5:
        return f"{_figure(length)} s"
    return f"{round(length) // 60} min {round(length) % 60} s"


def _one_sided(now: float | None, before: float | None, show: Callable[[float], str]) -> str:
    if now is not None:
        return f"{show(now)} (no data two hours ago)"
    if before is not None:
        return f"no data now ({show(before)} two hours ago)"
    return NO_DATA


def _finite(value: float | None) -> float | None:
    """None also for NaN and infinity, which sources give for a division by zero."""
    return value if value is not None and math.isfinite(value) else None


def _figure(value: float) -> str:
    """Three figures at most: ``0.04``, ``4.2``, ``58``."""
    if abs(value) >= 9.995:
        return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}".rstrip("0").rstrip(".")
