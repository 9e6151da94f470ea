"""What every code host has to do, on the real one and on the fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.context import ChangeExcerpt, Commit
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.ports.code_host import CodeHost
from tests.adapters.standins import stand_ins
from tests.fakes.code_host import FakeCodeHost


@dataclass(frozen=True)
class Subject:
    """A code host that holds checkout-api's repository, and the ways to break and mend it."""

    code_host: CodeHost
    now: datetime
    break_down: Callable[[], None]
    mend: Callable[[], None]


def fake_subject() -> Subject:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    commits = tuple(
        Commit(
            sha=f"{n:040x}", title="A change", author="Maya Okafor", at=now - timedelta(hours=n)
        )
        for n in range(7)
    )
    known = ChangeExcerpt(
        repository="tidewater/checkout-api", commits=commits, owners=("@tidewater/payments",)
    )
    fake = FakeCodeHost({"checkout-api": known})
    down = UnavailableError("The code host is down")
    return Subject(fake, now, lambda: fake.behaviour.fail_with(down), fake.behaviour.recover)


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    async with stand_ins() as vendors:
        yield Subject(
            vendors.code_host(),
            SystemClock().now(),
            lambda: vendors.break_down("github.*"),
            vendors.mend,
        )


async def test_commits_are_the_newest_of_four_hours_newest_first(subject: Subject) -> None:
    changes = await subject.code_host.recent_changes("checkout-api", until=subject.now, limit=100)
    assert changes.repository == "tidewater/checkout-api"
    times = [commit.at for commit in changes.commits]
    assert times
    assert times == sorted(times, reverse=True)
    # Hosts write times in whole seconds.
    oldest = subject.now - timedelta(hours=4, seconds=1)
    assert all(oldest <= at <= subject.now for at in times)
    assert all(c.title and c.author and len(c.sha) == 40 for c in changes.commits)
    one = await subject.code_host.recent_changes("checkout-api", until=subject.now, limit=1)
    assert one.commits == changes.commits[:1]


async def test_a_service_nobody_mapped_has_no_repository(subject: Subject) -> None:
    changes = await subject.code_host.recent_changes("mars-rover", until=subject.now, limit=5)
    assert changes == ChangeExcerpt()


async def test_a_code_host_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.code_host.recent_changes("checkout-api", until=subject.now, limit=5)
    subject.mend()
    changes = await subject.code_host.recent_changes("checkout-api", until=subject.now, limit=5)
    assert changes.commits
