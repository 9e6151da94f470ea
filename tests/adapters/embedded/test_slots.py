from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from incident_response.adapters.embedded.slots import latest_slot, next_slot
from incident_response.ports.scheduler import Schedule
from tests.fakes.clock import START

ONCE = Schedule(name="s", queue="q", type="T", group="g", body={}, first_at=START)
SECOND = timedelta(seconds=1)
seconds = st.floats(min_value=-1e6, max_value=1e8, allow_nan=False)
periods = st.floats(min_value=0.001, max_value=1e6, allow_nan=False)


def every(period: float, until: float | None = None) -> Schedule:
    return Schedule(
        name="s",
        queue="q",
        type="T",
        group="g",
        body={},
        first_at=START,
        every=timedelta(seconds=period),
        until=None if until is None else START + until * SECOND,
    )


def test_what_happens_once_has_one_slot() -> None:
    assert next_slot(ONCE, after=None) == START
    assert next_slot(ONCE, after=START - SECOND) == START
    assert next_slot(ONCE, after=START) is None
    assert latest_slot(ONCE, at=START + 5 * SECOND) == START


def test_the_slot_at_until_is_the_last() -> None:
    assert next_slot(every(10, until=20), after=START + 10 * SECOND) == START + 20 * SECOND
    assert next_slot(every(10, until=20), after=START + 20 * SECOND) is None
    assert latest_slot(every(10, until=25), at=START + 99 * SECOND) == START + 20 * SECOND


@given(period=periods, after=seconds)
def test_the_next_slot_is_the_first_on_the_grid_after_the_given_time(
    period: float, after: float
) -> None:
    schedule, moment = every(period), START + after * SECOND
    slot = next_slot(schedule, after=moment)
    assert slot is not None
    assert schedule.every is not None
    assert slot > moment
    assert (slot - START) % schedule.every == timedelta()
    assert slot == START or slot - schedule.every <= moment


@given(period=periods, at=st.floats(min_value=0, max_value=1e8))
def test_the_latest_slot_is_followed_by_one_that_is_not_due(period: float, at: float) -> None:
    schedule, moment = every(period), START + at * SECOND
    slot = latest_slot(schedule, at=moment)
    following = next_slot(schedule, after=slot)
    assert following is not None
    assert slot <= moment < following
