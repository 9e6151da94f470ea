import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.http import Recollection, Remembered
from incident_response.domain.errors import NotFoundError, UnavailableError
from tests.fakes.clock import FakeClock


class Source:
    """Counts its answers; fails or waits when told to."""

    def __init__(self) -> None:
        self.loads = 0
        self.error: Exception | None = None
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def load(self) -> int:
        self.loads += 1
        self.begun.set()
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return self.loads


def memory(clock: FakeClock, *, capacity: int = 10) -> Remembered[str, int]:
    return Remembered(
        clock=clock,
        fresh_for=timedelta(minutes=5),
        usable_for=timedelta(hours=1),
        capacity=capacity,
    )


async def test_a_fresh_value_spares_the_call() -> None:
    clock, source = FakeClock(), Source()
    remembered = memory(clock)
    await remembered.get("a", source.load)
    clock.advance(299)
    assert await remembered.get("a", source.load) == Recollection(1)
    clock.advance(1)
    assert await remembered.get("a", source.load) == Recollection(2)


async def test_an_old_value_stands_in_while_the_source_is_down() -> None:
    clock, source = FakeClock(), Source()
    remembered = memory(clock)
    await remembered.get("a", source.load)
    source.error = UnavailableError()
    clock.advance(3_599)
    assert await remembered.get("a", source.load) == Recollection(1, is_stale=True)
    clock.advance(1)
    with pytest.raises(UnavailableError):
        await remembered.get("a", source.load)


async def test_a_definite_answer_is_never_covered_by_an_old_value() -> None:
    clock, source = FakeClock(), Source()
    remembered = memory(clock)
    await remembered.get("a", source.load)
    clock.advance(600)
    source.error = NotFoundError()
    with pytest.raises(NotFoundError):
        await remembered.get("a", source.load)


async def test_what_is_not_worth_keeping_is_asked_for_again() -> None:
    source = Source()
    remembered = memory(FakeClock())
    for expected in (1, 2):
        found = await remembered.get("a", source.load, keep=lambda _: False)
        assert found == Recollection(expected)


async def test_many_who_ask_at_once_cause_one_call() -> None:
    source = Source()
    source.may_end.clear()
    remembered = memory(FakeClock())
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(remembered.get("a", source.load)) for _ in range(10)]
        await source.begun.wait()
        source.may_end.set()
    assert {call.result() for call in calls} == {Recollection(1)}
    assert source.loads == 1


async def test_many_who_ask_at_once_share_its_failure() -> None:
    source = Source()
    source.may_end.clear()
    source.error = UnavailableError()
    remembered = memory(FakeClock())
    calls = [asyncio.gather(remembered.get("a", source.load)) for _ in range(10)]
    await source.begun.wait()
    source.may_end.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {UnavailableError}
    assert source.loads == 1
    source.error = None
    assert await remembered.get("a", source.load) == Recollection(2)


async def test_a_cancelled_caller_leaves_the_loading_to_the_next() -> None:
    source = Source()
    source.may_end.clear()
    remembered = memory(FakeClock())
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(remembered.get("a", source.load))
        await source.begun.wait()
        second = tasks.create_task(remembered.get("a", source.load))
        await asyncio.sleep(0)
        first.cancel()
        source.may_end.set()
    assert second.result() == Recollection(2)


async def test_the_least_used_key_makes_room() -> None:
    source = Source()
    remembered = memory(FakeClock(), capacity=2)
    for key in ("a", "b", "a", "c"):
        await remembered.get(key, source.load)
    assert source.loads == 3
    await remembered.get("a", source.load)
    assert source.loads == 3
    await remembered.get("b", source.load)
    assert source.loads == 4
