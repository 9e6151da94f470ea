"""Lengths of time in plain words. Not here: points in time."""

from datetime import timedelta


def duration(length: timedelta) -> str:
    """``under a minute``, ``4 min``, ``1 h 5 min``, ``2 d 3 h``; a negative one counts as none."""
    minutes = max(0, int(length.total_seconds())) // 60
    hours, days = minutes // 60, minutes // 1440
    if not minutes:
        return "under a minute"
    if not hours:
        return f"{minutes} min"
    if not days:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
