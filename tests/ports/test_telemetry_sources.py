"""What every source of metrics, logs and traces has to do, on the real ones and on the fake."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.context import LogLine, Reading, ServiceHealth, TraceSummary
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.ports.telemetry_source import LogSource, MetricsSource, TraceSource
from tests.adapters.standins import stand_ins
from tests.fakes.telemetry import FakeTelemetry

IN_TROUBLE = "checkout-api"
WITHOUT_TELEMETRY = "billing-worker"


@dataclass(frozen=True)
class Subject:
    """Sources that know a service in trouble, and the ways to break and mend them."""

    metrics: MetricsSource
    logs: LogSource
    traces: TraceSource
    now: datetime
    break_down: Callable[[], None]
    mend: Callable[[], None]


def fake_subject() -> Subject:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    ages = [timedelta(minutes=minutes) for minutes in (30, 1, 59, 10, 119, 121, -1)]
    fake = FakeTelemetry(
        healths={
            IN_TROUBLE: ServiceHealth(
                error_rate=Reading(now=0.1, before=0.002),
                p99_seconds=Reading(now=2.8, before=0.3),
            )
        },
        lines={IN_TROUBLE: [LogLine(at=now - age, text="error: no") for age in ages]},
        summaries={
            IN_TROUBLE: [
                TraceSummary(trace_id=f"{n:032x}", root="GET /", duration_seconds=2, at=now - age)
                for n, age in enumerate(ages)
            ]
        },
    )
    parts = (fake.metrics, fake.logs, fake.traces)

    def break_down() -> None:
        for part in parts:
            part.fail_with(UnavailableError("Monitoring is down"))

    def mend() -> None:
        for part in parts:
            part.recover()

    return Subject(fake, fake, fake, now, break_down, mend)


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    async with stand_ins() as vendors:
        yield Subject(
            vendors.metrics(),
            vendors.logs(),
            vendors.traces(),
            SystemClock().now(),
            lambda: vendors.break_down("[mlt]*.*"),
            vendors.mend,
        )


async def test_a_service_in_trouble_shows_it_against_two_hours_before(subject: Subject) -> None:
    health = await subject.metrics.health(IN_TROUBLE, at=subject.now)
    for reading in (health.error_rate, health.p99_seconds):
        assert reading.now is not None
        assert reading.before is not None
        assert reading.now > 2 * reading.before
    assert health.error_rate.now is not None
    assert health.error_rate.now <= 1


async def test_no_data_is_none_and_never_zero(subject: Subject) -> None:
    health = await subject.metrics.health(WITHOUT_TELEMETRY, at=subject.now)
    assert health.error_rate == Reading(now=None, before=None)
    assert health.p99_seconds == Reading(now=None, before=None)


async def test_error_lines_are_the_newest_of_two_hours_newest_first(subject: Subject) -> None:
    excerpt = await subject.logs.errors(IN_TROUBLE, until=subject.now, limit=100)
    times = [line.at for line in excerpt.lines]
    assert times == sorted(times, reverse=True)
    assert times
    assert all(subject.now - timedelta(hours=2) <= at <= subject.now for at in times)
    assert all("error" in line.text for line in excerpt.lines)
    few = await subject.logs.errors(IN_TROUBLE, until=subject.now, limit=2)
    assert few.lines == excerpt.lines[:2]


async def test_suspicious_traces_are_of_the_last_hour_and_unlike(subject: Subject) -> None:
    excerpt = await subject.traces.suspicious(IN_TROUBLE, until=subject.now, limit=4)
    assert len({trace.trace_id for trace in excerpt.traces}) == 4
    hour = timedelta(hours=1)
    assert all(subject.now - hour <= trace.at <= subject.now for trace in excerpt.traces)
    assert all(trace.duration_seconds > 0 and trace.root for trace in excerpt.traces)


async def test_a_service_without_logs_and_traces_has_none(subject: Subject) -> None:
    logs = await subject.logs.errors(WITHOUT_TELEMETRY, until=subject.now, limit=5)
    traces = await subject.traces.suspicious(WITHOUT_TELEMETRY, until=subject.now, limit=5)
    assert (logs.lines, traces.traces) == ((), ())


async def test_sources_that_are_down_raise_and_recover(subject: Subject) -> None:
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: subject.metrics.health(IN_TROUBLE, at=subject.now),
        lambda: subject.logs.errors(IN_TROUBLE, until=subject.now, limit=5),
        lambda: subject.traces.suspicious(IN_TROUBLE, until=subject.now, limit=5),
    )
    for call in calls:
        subject.break_down()
        with pytest.raises(RetryableError):
            await call()
        subject.mend()
