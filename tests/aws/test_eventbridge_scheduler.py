"""What the scheduler asks of EventBridge, and what it does where AWS would lose a slot."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incident_response.adapters.aws import schedule_form as form
from incident_response.domain.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.domain.model import Json
from incident_response.ports.scheduler import SCHEDULED_AT, Schedule
from tests.aws.between import Between, Refusal
from tests.aws.harness import ROLE_ARN, AwsPorts
from tests.aws.ministack import Ministack

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def schedule(ministack: Ministack) -> Schedule:
    """Every ten minutes for a week, first in a minute."""
    first_at = ministack.clock.now().replace(microsecond=0) + MINUTE
    return Schedule(
        name="nudge-inc-1",
        queue="events",
        type="NUDGE_DUE",
        group="inc-1",
        body={"incident_id": "inc-1"},
        first_at=first_at,
        every=10 * MINUTE,
        until=first_at + timedelta(days=7),
    )


async def fired(ports: AwsPorts) -> list[Json]:
    """The bodies of the events that lie in the queue, taken out."""
    found: list[Json] = []
    queue = ports.queue("events")
    while deliveries := await queue.receive(limit=10, wait=0 * SECOND, visibility=MINUTE):
        for delivery in deliveries:
            found.append(json.loads(delivery.raw)["body"])
            await queue.delete(delivery)
    return found


def slot_of(body: Json) -> datetime:
    return datetime.fromisoformat(str(body[SCHEDULED_AT]))


async def test_aws_is_told_the_whole_of_it_when_it_is_made_and_when_it_is_changed(
    ports: AwsPorts, wire: Between, schedule: Schedule
) -> None:
    await ports.scheduler.put(schedule)
    await ports.scheduler.put(replace(schedule, is_enabled=False))
    (made,), (changed,) = wire.of("POST"), wire.of("PUT")
    for request, state in ((made, "ENABLED"), (changed, "DISABLED")):
        description = request.pop("Description")
        assert len(description) < 512
        token = request.pop("ClientToken")
        assert token
        assert request == {
            "GroupName": ports.own,
            "State": state,
            "ScheduleExpression": "rate(10 minutes)",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "StartDate": schedule.first_at.timestamp(),
            "EndDate": schedule.first_at.timestamp() + 7 * 24 * 3600 + 1,
            "Target": {
                "Arn": await ports.queue("events").address.arn(),
                "RoleArn": ROLE_ARN,
                "Input": '{"body":{"incident_id":"inc-1",'
                '"scheduled_at":"<aws.scheduler.scheduled-time>"},'
                '"schedule":"nudge-inc-1","trace":"","type":"NUDGE_DUE"}',
                "SqsParameters": {"MessageGroupId": "inc-1"},
                "RetryPolicy": {"MaximumEventAgeInSeconds": 3600},
            },
        }


async def test_a_schedule_that_began_long_ago_can_be_put_again_and_keeps_its_slots(
    ports: AwsPorts, ministack: Ministack, schedule: Schedule
) -> None:
    await ports.scheduler.put(schedule)
    await ministack.pass_time(61)
    await fired(ports)
    await ministack.pass_time(2 * 3600 + 120)
    await fired(ports)
    changed = replace(schedule, body={"incident_id": "inc-1", "n": 2})
    await ports.scheduler.put(changed)  # AWS takes no start of more than five minutes ago
    assert await ports.scheduler.get(schedule.name) == changed
    await ministack.pass_time(600)
    (body,) = await fired(ports)
    assert (slot_of(body) - schedule.first_at) % (10 * MINUTE) == timedelta()


async def test_a_new_schedule_fires_the_slot_that_is_over_already(
    ports: AwsPorts, ministack: Ministack, schedule: Schedule
) -> None:
    late = replace(schedule, first_at=schedule.first_at - 13 * MINUTE)
    await ports.scheduler.put(late)
    (body,) = await fired(ports)
    assert slot_of(body) == late.first_at + 10 * MINUTE


async def test_a_slot_that_aws_has_not_fired_yet_is_not_lost_to_an_update(
    ports: AwsPorts, ministack: Ministack, schedule: Schedule, wire: Between
) -> None:
    await ports.scheduler.put(schedule)
    await ministack.pass_time(61)
    (event,) = await fired(ports)
    # This AWS fired it in time; had it not, the one from here would be the first.
    await ports.scheduler.put(replace(schedule, until=schedule.first_at + timedelta(days=1)))
    (sent,) = [body for body in wire.of("SendMessage") if "NUDGE_DUE" in body["MessageBody"]]
    assert json.loads(sent["MessageBody"])["body"] == event
    assert await fired(ports) == []  # the same text: the queue knows it


async def test_a_schedule_without_any_slot_left_is_gone(
    ports: AwsPorts, schedule: Schedule
) -> None:
    await ports.scheduler.put(schedule)
    over = replace(
        schedule,
        first_at=schedule.first_at - timedelta(days=8),
        until=schedule.first_at - timedelta(days=2),
    )
    await ports.scheduler.put(over)
    assert await ports.scheduler.get(schedule.name) is None


async def test_what_is_due_in_a_moment_is_put_to_aws_a_moment_later(
    ports: AwsPorts, ministack: Ministack, schedule: Schedule
) -> None:
    soon = replace(schedule, first_at=ministack.clock.now() + SECOND, every=None, until=None)
    await ports.scheduler.put(soon)
    assert await ports.scheduler.get(soon.name) == soon
    await ministack.pass_time(7)
    (body,) = await fired(ports)
    assert slot_of(body) == soon.first_at


async def test_two_who_put_the_same_new_schedule_both_succeed(
    ports: AwsPorts, schedule: Schedule
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(ports.scheduler.put(schedule))
    assert await ports.scheduler.get(schedule.name) == schedule


async def test_a_schedule_that_others_make_and_delete_all_the_time_is_a_conflict(
    ports: AwsPorts, wire: Between, schedule: Schedule
) -> None:
    wire.answer("POST", *[Refusal("ConflictException", status=409)] * 3)
    with pytest.raises(ConflictError):
        await ports.scheduler.put(schedule)


async def test_a_lost_answer_leaves_the_outcome_unknown_and_putting_again_is_safe(
    ports: AwsPorts, wire: Between, schedule: Schedule
) -> None:
    await ports.queue("events").address.arn()
    wire.answer("GET", Refusal("ResourceNotFoundException", status=404))
    wire.loses_answers = True
    with pytest.raises(UnknownOutcomeError):
        await ports.scheduler.put(schedule)
    wire.loses_answers = False
    await ports.scheduler.put(schedule)
    assert await ports.scheduler.get(schedule.name) == schedule


async def test_without_the_schedule_group_nothing_is_put(
    ports: AwsPorts, schedule: Schedule
) -> None:
    await ports.clients.scheduler.delete_schedule_group(Name=ports.own)
    with pytest.raises(NotFoundError, match="group"):
        await ports.scheduler.put(schedule)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
async def test_a_refusal_is_told(
    ports: AwsPorts, wire: Between, schedule: Schedule, code: str
) -> None:
    wire.answer("POST", Refusal(code, status=403))
    wire.answer("GET", Refusal("ResourceNotFoundException", status=404), Refusal(code, status=403))
    wire.answer("DELETE", Refusal(code, status=403))
    with pytest.raises(RefusedError, match=f"putting the schedule nudge-inc-1: {code}"):
        await ports.scheduler.put(schedule)
    with pytest.raises(RefusedError):
        await ports.scheduler.get(schedule.name)
    with pytest.raises(RefusedError):
        await ports.scheduler.delete(schedule.name)


async def test_a_schedule_for_a_queue_that_is_not_there_is_not_put(
    ports: AwsPorts, schedule: Schedule
) -> None:
    gone = ports.queue("two")
    await ports.clients.sqs.delete_queue(QueueUrl=gone.address.url)
    with pytest.raises(NotFoundError):
        await ports.scheduler.put(replace(schedule, queue="two"))


def single(first_at: datetime) -> Schedule:
    return Schedule(name="s", queue="q", type="T", group="g", body={}, first_at=first_at)


@pytest.mark.parametrize(
    ("every", "expression"),
    [
        (MINUTE, "rate(1 minute)"),
        (90 * SECOND, "rate(2 minutes)"),
        (SECOND, "rate(1 minute)"),
        (timedelta(hours=2), "rate(120 minutes)"),
        (timedelta(days=366), "rate(527040 minutes)"),
    ],
)
def test_it_repeats_in_whole_minutes_and_never_faster_than_asked(
    every: timedelta, expression: str
) -> None:
    schedule = replace(single(AT), every=every)
    request = form.request(schedule, slot=AT, group="g", queue_arn="a", role_arn="r")
    assert request["ScheduleExpression"] == expression
    assert form.read({**request, "Name": "s"}) == schedule


def test_parts_of_a_second_fire_late_rather_than_early() -> None:
    at = AT.replace(microsecond=1)
    schedule = replace(single(at), every=MINUTE, until=at + MINUTE)
    assert form.latest_slot(schedule, at=AT) is None
    assert form.next_slot(schedule, after=AT) == AT + SECOND
    assert form.latest_slot(schedule, at=AT + MINUTE) == AT + SECOND
    request = form.request(schedule, slot=AT + SECOND, group="g", queue_arn="a", role_arn="r")
    assert request["EndDate"] == AT + MINUTE + SECOND  # before it: no slot after ``until``
    assert form.read({**request, "Name": "s"}) == schedule


def test_two_schedules_of_one_event_never_put_the_same_text() -> None:
    texts = {form.text_of(replace(single(AT), name=name), AT) for name in ("a.b", "a-b")}
    assert len(texts) == 2
