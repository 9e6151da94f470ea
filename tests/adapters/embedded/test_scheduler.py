import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.embedded.connections import open_writer
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.event_queue import EmbeddedEventQueue
from incident_response.adapters.embedded.scheduler import EmbeddedScheduler
from incident_response.adapters.wakeups import Wakeups
from incident_response.ports.event_queue import Delivery
from incident_response.ports.scheduler import SCHEDULED_AT, Schedule
from tests.fakes.clock import START, FakeClock

MINUTE = timedelta(minutes=1)
REPEATING = Schedule(
    name="s",
    queue="q",
    type="NUDGE_DUE",
    group="g",
    body={},
    first_at=START + MINUTE,
    every=15 * MINUTE,
)
ONCE = replace(REPEATING, every=None)


@pytest.fixture
async def backend(clock: FakeClock) -> AsyncIterator[EmbeddedBackend]:
    backend = EmbeddedBackend.open(None, clock=clock)
    yield backend
    await backend.close()


async def wait_for_event(backend: EmbeddedBackend) -> Delivery:
    (delivery,) = await backend.queue("q").receive(
        limit=1, wait=timedelta(days=1), visibility=MINUTE
    )
    await backend.queue("q").delete(delivery)
    return delivery


def slot(delivery: Delivery) -> datetime:
    return datetime.fromisoformat(json.loads(delivery.raw)["body"][SCHEDULED_AT])


async def test_missed_slots_collapse_into_the_latest(
    backend: EmbeddedBackend, clock: FakeClock
) -> None:
    await backend.scheduler.put(REPEATING)
    clock.advance(timedelta(minutes=50).total_seconds())
    assert await backend.scheduler.fire_due() == 1
    assert slot(await wait_for_event(backend)) == START + 46 * MINUTE
    assert await backend.scheduler.fire_due() == 0
    clock.advance(timedelta(minutes=11).total_seconds())
    assert await backend.scheduler.fire_due() == 1
    assert slot(await wait_for_event(backend)) == START + 61 * MINUTE


async def test_a_missed_slot_after_until_is_none(
    backend: EmbeddedBackend, clock: FakeClock
) -> None:
    await backend.scheduler.put(replace(REPEATING, until=START + 40 * MINUTE))
    clock.advance(timedelta(hours=9).total_seconds())
    assert await backend.scheduler.fire_due() == 1
    assert slot(await wait_for_event(backend)) == START + 31 * MINUTE
    assert await backend.scheduler.get("s") is None


async def test_what_is_due_in_many_schedules_is_one_transaction(
    backend: EmbeddedBackend, clock: FakeClock
) -> None:
    for number in range(30):
        await backend.scheduler.put(replace(ONCE, name=f"s{number}", group=f"g{number}"))
    clock.advance(60)
    before = backend.transactions
    assert await backend.scheduler.fire_due() == 30
    assert backend.transactions == before + 1
    assert await backend.queue("q").depth() == 30


@pytest.mark.timeout(20)
async def test_the_loop_fires_on_time_and_wakes_the_receiver(
    backend: EmbeddedBackend, clock: FakeClock
) -> None:
    await backend.scheduler.put(REPEATING)
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(backend.scheduler.run())
        for number in range(3):
            waiting = tasks.create_task(wait_for_event(backend))
            await clock.sleeping(2)
            clock.advance(60 if number == 0 else 900)
            delivery = await waiting
            assert slot(delivery) == delivery.sent_at == START + MINUTE + number * 15 * MINUTE
        loop.cancel()


@pytest.mark.timeout(20)
async def test_the_loop_hears_of_a_schedule_that_comes_while_it_sleeps(
    backend: EmbeddedBackend, clock: FakeClock
) -> None:
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(backend.scheduler.run())
        await clock.sleeping()
        await backend.scheduler.put(replace(ONCE, first_at=START))
        await wait_for_event(backend)
        loop.cancel()


@pytest.mark.timeout(20)
async def test_the_loop_survives_trouble_with_the_file(tmp_path: Path, clock: FakeClock) -> None:
    path, wakeups = tmp_path / "incidents.db", Wakeups(clock)
    database = Database(open_writer(path, busy_timeout=timedelta(milliseconds=20)), None)
    scheduler = EmbeddedScheduler(database, clock, wakeups)
    queue = EmbeddedEventQueue("q", database, clock=clock, wakeups=wakeups)
    await scheduler.put(replace(ONCE, first_at=START))
    stranger = open_writer(path)
    stranger.execute("BEGIN IMMEDIATE")
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(scheduler.run())
        await clock.sleeping()  # it could not fire, and tries again in a second
        stranger.execute("ROLLBACK")
        assert await queue.depth() == 0
        clock.advance(1)
        assert await queue.receive(limit=1, wait=MINUTE, visibility=MINUTE) != []
        loop.cancel()
    stranger.close()
    await database.close()
