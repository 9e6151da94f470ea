"""What every company directory has to do, on the real one and on the fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.domain.people import Origin, Person, Roster
from incident_response.ports.directory import Directory
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import stand_ins
from tests.fakes.directory import FakeDirectory

ACTIVE = {
    f"{handle}@tidewater.example" for handle in ("maya", "jonas", "priya", "tomas", "viktor")
}


@dataclass(frozen=True)
class Subject:
    """A directory that knows Tidewater's payments team, and the ways to break and mend it."""

    directory: Directory
    break_down: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        people = tuple(
            Person(name=p.real_name, email=p.email, origin=Origin.DIRECTORY)
            for p in TIDEWATER.members("payments")
            if not p.deleted
        )
        fake = FakeDirectory({"Payments": Roster(people=people, total=len(people))})
        down = UnavailableError("The directory is down")
        behaviour = fake.behaviour
        yield Subject(fake, lambda: behaviour.fail_with(down), behaviour.recover)
        return
    async with stand_ins() as vendors:
        yield Subject(vendors.directory(), lambda: vendors.break_down("workos.*"), vendors.mend)


@pytest.mark.parametrize("team", ["Payments", "payments"])
async def test_a_team_is_its_active_members(subject: Subject, team: str) -> None:
    roster = await subject.directory.members(team=team, service="checkout-api")
    assert {p.email for p in roster.people} == ACTIVE
    assert {p.origin for p in roster.people} == {Origin.DIRECTORY}
    assert roster.total == len(ACTIVE)
    assert not roster.is_partial
    assert not roster.is_stale


@pytest.mark.parametrize("team", ["Mars", ""])
async def test_a_team_nobody_mapped_names_nobody_and_says_so(subject: Subject, team: str) -> None:
    roster = await subject.directory.members(team=team, service="mars-rover")
    assert roster.people == ()
    assert len(roster.unresolved) == 1


async def test_a_directory_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.directory.members(team="Payments", service="")
    subject.mend()
    assert (await subject.directory.members(team="Payments", service="")).people
