import asyncio
from datetime import timedelta

import pytest

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.durable.consumer import VISIBILITY
from incident_response.telemetry import metrics
from tests.durable.bench import until
from tests.durable.desk import Desk, working
from tests.telemetry_reading import measured


async def test_groups_go_side_by_side_and_each_in_order() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1", "a2", "b1", "b2")
    async with working(desk.consumer()):
        await until(desk.has_handled("b1", "b2"))
        assert "a2" not in desk.handled
        desk.gates["a1"].set()
        await until(desk.is_empty)
    assert desk.handled == ["b1", "b2", "a1", "a2"]


async def test_how_long_a_message_waited_is_measured() -> None:
    desk, before = Desk(), measured(metrics.QUEUE_AGE, queue="incident-events")
    await desk.send("a1")
    desk.clock.advance(7)
    async with working(desk.consumer()):
        await until(desk.is_empty)
    waited = measured(metrics.QUEUE_AGE, queue="incident-events").since(before)
    assert (waited.count, waited.total) == (1, 7.0)


async def test_a_slow_message_stays_ours_by_its_heartbeat() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1")
    async with working(desk.consumer()):
        for _ in range(9):
            await desk.clock.sleeping()
            desk.clock.advance(VISIBILITY.total_seconds() / 3)
            await asyncio.sleep(0.01)
        desk.gates["a1"].set()
        await until(desk.is_empty)
    assert desk.handled == ["a1"]


async def test_what_cannot_succeed_is_told_and_buried_at_once() -> None:
    desk = Desk()
    desk.failures["a1"] = [RefusedError("no handler for it")]
    await desk.send("a1", "a2")
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert desk.told == [("a1", "no handler for it")]
    assert desk.handled == ["a2"], "the group goes on"
    letters = await desk.queue.dead_letters(limit=5)
    assert [letter.reason for letter in letters] == ["no handler for it"]


async def test_what_may_succeed_comes_again_and_the_third_failure_is_the_last() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy")] * 3
    await desk.send("a1")

    async def is_dead() -> bool:
        desk.clock.advance(20)
        await asyncio.sleep(0.01)
        return bool(desk.told)

    async with working(desk.consumer()):
        await until(is_dead)
        await until(desk.is_empty)
    assert desk.told == [("a1", "busy")]
    assert desk.handled == []


async def test_a_message_that_failed_once_and_then_works_is_gone() -> None:
    desk = Desk()
    desk.failures["a1"] = [ZeroDivisionError()]
    await desk.send("a1")

    async def is_begun_again() -> bool:
        desk.clock.advance(1)
        await asyncio.sleep(0.01)
        return desk.begun.count("a1") == 2

    async with working(desk.consumer()):
        await until(desk.has_begun("a1"))
        await until(is_begun_again)
        await until(desk.is_empty)
    assert desk.handled == ["a1"]
    assert desk.told == []


async def test_it_reaches_the_dead_letters_even_if_nobody_can_be_told() -> None:
    desk = Desk()
    desk.telling_fails = True
    desk.failures["a1"] = [RefusedError("no")]
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert len(await desk.queue.dead_letters(limit=5)) == 1


@pytest.mark.parametrize("kind", ["consumer", "worker"])
async def test_draining_settles_what_is_in_hand_and_takes_nothing_more(kind: str) -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1")
    await desk.put("a1")
    loop = desk.consumer() if kind == "consumer" else desk.worker()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(loop.run())
        await asyncio.sleep(0.05)
        loop.drain()
        await desk.send("b1")
        await desk.put("b1")
        await asyncio.sleep(0.02)
        assert not task.done()
        desk.gates["a1"].set()
        async with asyncio.timeout(5):
            await task
    assert desk.handled == ["a1"]


async def test_what_is_cut_off_is_given_back() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1")
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(desk.consumer().run())
        await until(desk.has_begun("a1"))
        task.cancel()
    desk.gates["a1"].set()
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert desk.handled == ["a1"]


async def test_what_there_is_no_room_for_is_left_for_others() -> None:
    desk = Desk()
    for name in ("a1", "b1"):
        desk.gates[name] = asyncio.Event()
    await desk.send("a1", "b1", "c1", "d1")
    async with working(desk.consumer(concurrency=2)):
        await asyncio.sleep(0.05)
        others = await desk.queue.receive(limit=10, wait=timedelta(0), visibility=VISIBILITY)
        assert [delivery.group for delivery in others] == ["c", "d"]
        for delivery in others:
            await desk.queue.extend(delivery, timedelta(0))
        desk.gates["a1"].set()
        await until(desk.has_handled("a1", "c1", "d1"))
        desk.gates["b1"].set()
        await until(desk.is_empty)


async def test_people_are_told_before_a_message_is_dead_and_it_is_ours_until_they_are() -> None:
    desk = Desk()
    desk.gates["telling"] = asyncio.Event()
    desk.failures["a1"] = [RefusedError("no")]
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.has_told("a1"))
        for _ in range(9):
            desk.clock.advance(VISIBILITY.total_seconds() / 3)
            await asyncio.sleep(0.01)
        desk.gates["telling"].set()
        await until(desk.is_empty)
    assert desk.told == [("a1", "no")]
    assert desk.dead_when_told == [0]


async def test_a_message_waits_as_long_as_its_failure_asks() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy", retry_after=timedelta(seconds=40))]
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.has_begun("a1"))
        await asyncio.sleep(0.02)
        for _ in range(3):
            desk.clock.advance(13)
            await asyncio.sleep(0.02)
        assert desk.handled == []
        desk.clock.advance(2)
        await until(desk.is_empty)
    assert desk.handled == ["a1"]


async def test_a_group_of_failures_is_settled_by_the_gravest() -> None:
    desk = Desk()
    desk.failures["a1"] = [ExceptionGroup("two", [UnavailableError("busy"), RefusedError("no")])]
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert desk.told == [("a1", "no")]


async def test_a_handled_message_is_not_called_dead_because_it_cannot_be_deleted() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy")] * 2
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.has_begun("a1"))
        await asyncio.sleep(0.02)
        desk.clock.advance(3)
        await until(desk.has_begun("a1", times=2))
        await asyncio.sleep(0.02)
        desk.gates["a1"] = asyncio.Event()
        desk.clock.advance(16)
        await until(desk.has_begun("a1", times=3))
        await desk.backend.claim_processor()  # as if another had taken over: our receipt is void
        desk.gates["a1"].set()
        await until(desk.has_handled("a1"))
    assert desk.told == []
