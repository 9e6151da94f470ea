import asyncio
from contextlib import ExitStack
from datetime import timedelta

import pytest

from incident_response.adapters.http import Breaker, BreakerState, CircuitOpenError
from incident_response.domain.errors import (
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from tests.fakes.clock import FakeClock


def breaker(clock: FakeClock) -> Breaker:
    return Breaker("Acme", clock=clock, failures=3, open_for=timedelta(seconds=30))


def state_of(watched: Breaker) -> BreakerState:
    """A function, because mypy thinks a property stays what it was."""
    return watched.state


def fail(watched: Breaker, error: BaseException) -> None:
    with pytest.raises(type(error)), watched.guard():
        raise error


def opened(clock: FakeClock) -> Breaker:
    watched = breaker(clock)
    for _ in range(3):
        fail(watched, UnavailableError())
    return watched


def test_consecutive_failures_open_it() -> None:
    watched = breaker(FakeClock())
    fail(watched, UnavailableError())
    fail(watched, UnknownOutcomeError())
    assert state_of(watched) is BreakerState.CLOSED
    fail(watched, UnavailableError())
    assert state_of(watched) is BreakerState.OPEN


def test_an_answer_in_between_starts_the_count_anew() -> None:
    watched = breaker(FakeClock())
    for _ in range(4):
        fail(watched, UnavailableError())
        fail(watched, UnavailableError())
        with watched.guard():
            pass
    assert state_of(watched) is BreakerState.CLOSED


@pytest.mark.parametrize("error", [RefusedError(), NotFoundError(), RateLimitedError()])
def test_a_refusal_is_an_answer(error: IncidentResponseError) -> None:
    watched = breaker(FakeClock())
    for _ in range(5):
        fail(watched, UnavailableError())
        fail(watched, error)
    assert state_of(watched) is BreakerState.CLOSED


def test_an_open_one_refuses_and_says_for_how_long() -> None:
    clock = FakeClock()
    watched = opened(clock)
    clock.advance(10)
    with pytest.raises(CircuitOpenError, match="Acme has failed 3 times") as raised:
        watched.guard().__enter__()
    assert raised.value.retry_after == timedelta(seconds=20)


def test_after_its_time_one_call_may_probe() -> None:
    clock = FakeClock()
    watched = opened(clock)
    clock.advance(30)
    assert state_of(watched) is BreakerState.HALF_OPEN
    with watched.guard(), pytest.raises(CircuitOpenError):
        watched.guard().__enter__()
    assert state_of(watched) is BreakerState.CLOSED
    with watched.guard():
        pass


def test_a_probe_that_fails_opens_it_for_the_whole_time_again() -> None:
    clock = FakeClock()
    watched = opened(clock)
    clock.advance(30)
    fail(watched, UnavailableError())
    assert state_of(watched) is BreakerState.OPEN
    clock.advance(29)
    assert state_of(watched) is BreakerState.OPEN
    clock.advance(1)
    assert state_of(watched) is BreakerState.HALF_OPEN


def test_a_cancelled_probe_leaves_the_question_to_the_next() -> None:
    clock = FakeClock()
    watched = opened(clock)
    clock.advance(30)
    fail(watched, asyncio.CancelledError())
    assert state_of(watched) is BreakerState.HALF_OPEN
    with watched.guard():
        pass
    assert state_of(watched) is BreakerState.CLOSED


def test_a_late_success_of_a_call_from_before_does_not_close_it() -> None:
    clock = FakeClock()
    watched = breaker(clock)
    with watched.guard():
        for _ in range(3):
            fail(watched, UnavailableError())
    assert state_of(watched) is BreakerState.OPEN


def test_a_late_failure_of_a_call_from_before_does_not_prolong_it() -> None:
    clock = FakeClock()
    watched = breaker(clock)
    late = ExitStack()
    late.enter_context(pytest.raises(UnavailableError))
    late.enter_context(watched.guard())
    for _ in range(3):
        fail(watched, UnavailableError())
    clock.advance(29)
    with late:
        raise UnavailableError
    clock.advance(1)
    assert state_of(watched) is BreakerState.HALF_OPEN
