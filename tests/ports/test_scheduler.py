import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from incident_response.domain.model import Json
from incident_response.ports.scheduler import SCHEDULED_AT, Schedule
from tests.ports.backends import Backend

PassTime = Callable[[float], Awaitable[None]]
Now = Callable[[], datetime]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def schedule(now: Now) -> Schedule:
    """Once, in a minute."""
    return Schedule(
        name="nudge.inc-1_A",
        queue="events",
        type="NUDGE_DUE",
        group="inc-1",
        body={"incident_id": "inc-1"},
        first_at=now() + MINUTE,
    )


async def fired(backend: Backend, queue: str = "events") -> list[Json]:
    """The events that lie in the queue, taken out."""
    found: list[Json] = []
    while deliveries := await backend.queue(queue).receive(
        limit=10, wait=timedelta(), visibility=MINUTE
    ):
        for delivery in deliveries:
            found.append(json.loads(delivery.raw))
            await backend.queue(queue).delete(delivery)
    return found


def slots(events: list[Json]) -> list[datetime]:
    bodies = [event["body"] for event in events]
    return [
        datetime.fromisoformat(str(body[SCHEDULED_AT]))
        for body in bodies
        if isinstance(body, dict)
    ]


async def test_a_schedule_is_read_back_as_it_was_put(backend: Backend, schedule: Schedule) -> None:
    repeating = replace(schedule, every=MINUTE, until=schedule.first_at + 5 * MINUTE)
    await backend.scheduler.put(repeating)
    assert await backend.scheduler.get(schedule.name) == repeating


async def test_an_unknown_schedule_is_none_and_can_be_deleted(backend: Backend) -> None:
    assert await backend.scheduler.get("none") is None
    await backend.scheduler.delete("none")


async def test_nothing_fires_before_its_time(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(schedule)
    await pass_time(55)
    assert await fired(backend) == []


async def test_the_event_says_what_was_asked_for_and_when_it_was_due(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(schedule)
    await pass_time(61)
    (event,) = await fired(backend)
    assert event["type"] == "NUDGE_DUE"
    assert event["body"] == {
        "incident_id": "inc-1",
        SCHEDULED_AT: schedule.first_at.isoformat(),
    }


async def test_the_event_lies_in_the_group_and_queue_asked_for(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(replace(schedule, queue="other"))
    await pass_time(61)
    assert await fired(backend) == []
    (delivery,) = await backend.queue("other").receive(
        limit=1, wait=timedelta(), visibility=MINUTE
    )
    assert delivery.group == "inc-1"


async def test_what_fires_once_is_gone_then(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(schedule)
    await pass_time(61)
    assert len(await fired(backend)) == 1
    assert await backend.scheduler.get(schedule.name) is None
    await pass_time(600)
    assert await fired(backend) == []


async def test_a_repeating_schedule_fires_at_every_slot(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(replace(schedule, every=MINUTE))
    for number in range(4):
        await pass_time(60)
        assert slots(await fired(backend)) == [schedule.first_at + number * MINUTE]
    assert await backend.scheduler.get(schedule.name) is not None


async def test_a_time_that_is_over_already_fires_at_once(
    backend: Backend, schedule: Schedule, pass_time: PassTime, now: Now
) -> None:
    late = replace(schedule, first_at=now() - MINUTE)
    await backend.scheduler.put(late)
    await pass_time(1)
    assert slots(await fired(backend)) == [late.first_at]


async def test_there_is_no_slot_after_until(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(
        replace(schedule, every=MINUTE, until=schedule.first_at + 1.5 * MINUTE)
    )
    seen = []
    for _ in range(5):
        await pass_time(60)
        seen += slots(await fired(backend))
    assert seen == [schedule.first_at, schedule.first_at + MINUTE]


async def test_a_disabled_schedule_is_kept_but_does_not_fire(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    disabled = replace(schedule, every=MINUTE, is_enabled=False)
    await backend.scheduler.put(disabled)
    await pass_time(150)
    assert await fired(backend) == []
    assert await backend.scheduler.get(schedule.name) == disabled


async def test_an_enabled_one_goes_on_with_its_next_slot(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    repeating = replace(schedule, every=MINUTE)
    await backend.scheduler.put(replace(repeating, is_enabled=False))
    await pass_time(150)
    await backend.scheduler.put(repeating)
    await pass_time(1)
    assert await fired(backend) == []  # what passed while it was disabled is no missed slot
    await pass_time(30)
    assert slots(await fired(backend)) == [schedule.first_at + 2 * MINUTE]


async def test_putting_it_again_changes_all_of_it(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(schedule)
    changed = replace(
        schedule, type="OTHER", group="inc-2", body={}, first_at=schedule.first_at + MINUTE
    )
    await backend.scheduler.put(changed)
    assert await backend.scheduler.get(schedule.name) == changed
    await pass_time(61)
    assert await fired(backend) == []
    await pass_time(61)
    (event,) = await fired(backend)
    assert event["type"] == "OTHER"
    assert event["body"] == {SCHEDULED_AT: changed.first_at.isoformat()}


async def test_putting_the_same_again_does_not_fire_a_slot_again(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    repeating = replace(schedule, every=10 * MINUTE)
    await backend.scheduler.put(repeating)
    await pass_time(61)
    assert slots(await fired(backend)) == [schedule.first_at]
    await pass_time(400)  # longer than the queue remembers the slot's id
    await backend.scheduler.put(repeating)
    await pass_time(1)
    assert await fired(backend) == []
    await pass_time(200)
    assert slots(await fired(backend)) == [schedule.first_at + 10 * MINUTE]


async def test_a_deleted_schedule_does_not_fire(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    await backend.scheduler.put(schedule)
    await backend.scheduler.delete(schedule.name)
    assert await backend.scheduler.get(schedule.name) is None
    await pass_time(61)
    assert await fired(backend) == []


async def test_schedules_do_not_stand_in_each_others_way(
    backend: Backend, schedule: Schedule, pass_time: PassTime
) -> None:
    for number in range(20):
        await backend.scheduler.put(
            replace(schedule, name=f"s-{number}", group=f"g-{number}", body={"n": number})
        )
    await pass_time(61)
    assert len(await fired(backend)) == 20


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 65])
async def test_a_name_that_not_every_backend_takes_is_a_mistake(
    backend: Backend, schedule: Schedule, name: str
) -> None:
    with pytest.raises(ValueError, match="schedule name"):
        await backend.scheduler.put(replace(schedule, name=name))


async def test_a_schedule_cannot_repeat_without_time_between(
    backend: Backend, schedule: Schedule
) -> None:
    with pytest.raises(ValueError, match="must repeat after some time"):
        await backend.scheduler.put(replace(schedule, every=timedelta()))
