"""When a schedule's slots are: pure arithmetic. Not here: firing them (scheduler)."""

from datetime import datetime

from incident_response.ports.scheduler import Schedule


def next_slot(schedule: Schedule, *, after: datetime | None) -> datetime | None:
    """The first slot later than ``after``, None when none is left."""
    slot = schedule.first_at
    if after is not None and slot <= after:
        if schedule.every is None:
            return None
        slot += schedule.every * ((after - slot) // schedule.every + 1)
    return None if schedule.until is not None and slot > schedule.until else slot


def latest_slot(schedule: Schedule, *, at: datetime) -> datetime:
    """The last slot that is not later than ``at``, which must not be before the first one."""
    if schedule.every is None:
        return schedule.first_at
    end = at if schedule.until is None else min(at, schedule.until)
    return schedule.first_at + schedule.every * ((end - schedule.first_at) // schedule.every)
