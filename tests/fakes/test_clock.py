import asyncio
from datetime import timedelta

import pytest

from tests.fakes.clock import START, FakeClock


async def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    clock, woken = FakeClock(), list[float]()

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as tasks:
        for seconds in (3.0, 1.0, 2.0):
            tasks.create_task(sleeper(seconds))
        await clock.sleeping(3)
        clock.advance(5)
    assert woken == [1.0, 2.0, 3.0]


async def test_a_sleeper_that_is_not_due_goes_on_sleeping() -> None:
    clock = FakeClock()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(clock.sleep(2))
        await clock.sleeping()
        clock.advance(1.5)
        await asyncio.sleep(0)
        assert not task.done()
        clock.advance(0.5)


async def test_both_clocks_move_by_what_is_advanced() -> None:
    clock = FakeClock()
    clock.advance(90)
    assert clock.now() == START + timedelta(seconds=90)
    assert clock.monotonic() == 90.0


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await clock.sleep(1)
    clock.advance(2)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(clock.sleep(1))
        await clock.sleeping(1)
        clock.advance(1)
