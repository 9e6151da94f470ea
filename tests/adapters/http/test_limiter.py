import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.http.limiter import Limiter
from incident_response.domain.errors import RateLimitedError, UnavailableError
from tests.adapters.scripted import HurriedClock
from tests.fakes.clock import FakeClock


def soon() -> float:
    return asyncio.get_running_loop().time() + 5


async def test_requests_begin_evenly_spaced() -> None:
    clock = HurriedClock()
    limiter = Limiter("Acme", clock=clock, concurrency=1, per_second=4)
    begun = []
    for _ in range(5):
        async with limiter.turn(deadline=soon()):
            begun.append(clock.monotonic())
    assert begun == [0, 0.25, 0.5, 0.75, 1.0]


async def test_time_that_passes_by_itself_counts_for_the_spacing() -> None:
    clock = HurriedClock()
    limiter = Limiter("Acme", clock=clock, concurrency=1, per_second=4)
    for _ in range(3):
        async with limiter.turn(deadline=soon()):
            clock.advance(1)
    assert clock.slept == []


async def test_a_turn_that_waits_past_its_deadline_ends_and_frees_its_slot() -> None:
    clock = FakeClock()
    limiter = Limiter("Acme", clock=clock, concurrency=1, per_second=0.01)
    async with limiter.turn(deadline=soon()):
        pass
    with pytest.raises(UnavailableError, match="Too many requests to Acme"):
        async with limiter.turn(deadline=asyncio.get_running_loop().time() + 0.01):
            raise AssertionError
    clock.advance(1_000)
    async with limiter.turn(deadline=soon()):
        pass


async def test_silence_lasts_as_long_as_the_longest_wish() -> None:
    clock = FakeClock()
    limiter = Limiter("Acme", clock=clock, concurrency=1, per_second=None)
    limiter.hush(timedelta(seconds=20))
    limiter.hush(timedelta(seconds=5))
    clock.advance(19)
    with pytest.raises(RateLimitedError) as raised:
        async with limiter.turn(deadline=soon()):
            raise AssertionError
    assert raised.value.retry_after == timedelta(seconds=1)
    clock.advance(1)
    async with limiter.turn(deadline=soon()):
        pass


async def test_an_error_within_a_turn_passes_through_and_frees_the_slot() -> None:
    limiter = Limiter("Acme", clock=FakeClock(), concurrency=1, per_second=None)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with limiter.turn(deadline=soon()):
                raise TimeoutError
