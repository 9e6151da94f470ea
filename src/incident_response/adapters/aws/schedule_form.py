"""A schedule as EventBridge Scheduler keeps it, there and back; and when its slots are.

The target's input is the text of the event, with the name of the schedule, so that no two
schedules put the same text into a queue. The exact times stand in the description: AWS keeps whole
seconds and moves the start of a schedule that is put again. Not here: talking to AWS (scheduler).
"""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from incident_response.domain.model import Json
from incident_response.ports.scheduler import SCHEDULED_AT, Schedule

SLOT = "<aws.scheduler.scheduled-time>"
"""AWS puts the slot's time here: the same at every try, unlike the id of the try."""
RETRY_SECONDS = 3600
"""How long AWS tries to deliver a slot; later it would surprise."""
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def request(
    schedule: Schedule, *, slot: datetime, group: str, queue_arn: str, role_arn: str
) -> dict[str, object]:
    """The whole of it, for CreateSchedule and UpdateSchedule alike; ``slot`` is its first.

    Whatever an update leaves out, AWS resets.
    """
    wanted: dict[str, object] = {
        "Name": schedule.name,
        "GroupName": group,
        "Description": _description(schedule),
        "State": "ENABLED" if schedule.is_enabled else "DISABLED",
        "ScheduleExpression": _expression(schedule, slot),
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": queue_arn,
            "RoleArn": role_arn,
            "Input": _text(schedule, _shown(schedule)),
            "SqsParameters": {"MessageGroupId": schedule.group},
            "RetryPolicy": {"MaximumEventAgeInSeconds": RETRY_SECONDS},
        },
    }
    if schedule.every is not None:
        wanted["StartDate"] = slot
        if schedule.until is not None:
            wanted["EndDate"] = schedule.until.replace(microsecond=0) + SECOND  # before it
    return wanted


def read(answer: dict[str, Any]) -> Schedule:
    """The schedule that GetSchedule answered with."""
    event: dict[str, Any] = json.loads(answer["Target"]["Input"])
    times: dict[str, Any] = json.loads(answer["Description"])
    every, until = times["every_seconds"], times["until"]
    body: Json = {key: value for key, value in event["body"].items() if key != SCHEDULED_AT}
    return Schedule(
        name=answer["Name"],
        queue=times["queue"],
        type=event["type"],
        group=answer["Target"]["SqsParameters"]["MessageGroupId"],
        body=body,
        first_at=datetime.fromisoformat(times["first_at"]),
        every=None if every is None else timedelta(seconds=every),
        until=None if until is None else datetime.fromisoformat(until),
        is_enabled=answer["State"] == "ENABLED",
    )


def text_of(schedule: Schedule, slot: datetime) -> str:
    """The text that AWS puts into the queue for ``slot``, byte for byte."""
    shown = _shown(schedule)
    return _text(schedule, f"{slot:%Y-%m-%dT%H:%M:%SZ}" if shown == SLOT else shown)


def whole_seconds(at: datetime) -> datetime:
    """``at``, or the next whole second after it."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + SECOND


def latest_slot(schedule: Schedule, *, at: datetime) -> datetime | None:
    """The latest slot not after ``at``; None: the first is still to come, or there is none."""
    last = at if schedule.until is None else min(at, schedule.until)
    if schedule.every is None:
        return schedule.first_at if schedule.first_at <= last else None
    first = whole_seconds(schedule.first_at)
    if first > last:
        return None
    return first + (last - first) // _every(schedule.every) * _every(schedule.every)


def next_slot(schedule: Schedule, *, after: datetime) -> datetime:
    """The first slot of a repeating schedule that is later than ``after``."""
    assert schedule.every is not None
    first, every = whole_seconds(schedule.first_at), _every(schedule.every)
    if first > after:
        return first
    return first + ((after - first) // every + 1) * every


def is_in_time(schedule: Schedule, slot: datetime) -> bool:
    """Whether the schedule still lasts then."""
    return schedule.until is None or slot <= schedule.until


def _expression(schedule: Schedule, slot: datetime) -> str:
    if schedule.every is None:
        return f"at({slot.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"
    minutes = _every(schedule.every) // MINUTE
    return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"


def _every(every: timedelta) -> timedelta:
    return math.ceil(every / MINUTE) * MINUTE


def _shown(schedule: Schedule) -> str:
    """What the event says of its slot: of a single one the exact time that was asked for."""
    return SLOT if schedule.every is not None else schedule.first_at.isoformat()


def _text(schedule: Schedule, slot: str) -> str:
    content = {
        "type": schedule.type,
        "body": {**schedule.body, SCHEDULED_AT: slot},
        "trace": "",
        "schedule": schedule.name,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _description(schedule: Schedule) -> str:
    times = {
        "queue": schedule.queue,
        "first_at": schedule.first_at.isoformat(),
        "every_seconds": None if schedule.every is None else schedule.every.total_seconds(),
        "until": None if schedule.until is None else schedule.until.isoformat(),
    }
    return json.dumps(times)
