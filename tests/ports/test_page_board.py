"""What reading a status page has to give, on the real one and on the fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from incident_response.domain.draft import ComponentStatus
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.ports.page_board import PageBoard
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import stand_ins
from tests.fakes.clock import FakeClock
from tests.fakes.status_page import COMPONENTS, FakeStatusPage


@dataclass(frozen=True)
class Subject:
    """A page whose parts are known, and the ways to break and mend it."""

    board: PageBoard
    parts: list[tuple[str, str]]
    break_down: Callable[[], None]
    mend: Callable[[], None]


def fake_subject() -> Subject:
    fake = FakeStatusPage(FakeClock())
    down = UnavailableError("the page is down")
    parts = [(part.component_id, part.name) for part in COMPONENTS]
    return Subject(fake, parts, lambda: fake.reading.fail_with(down), fake.reading.recover)


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake_subject()
        return
    parts = [(s.component_id, s.public_name) for s in TIDEWATER.services if s.public_name]
    async with stand_ins() as vendors:
        yield Subject(
            vendors.status_page(),
            parts,
            lambda: vendors.break_down("statuspage.*"),
            vendors.mend,
        )


async def test_the_parts_come_in_the_pages_order_as_they_are(subject: Subject) -> None:
    found = await subject.board.components()
    assert [(part.component_id, part.name) for part in found] == subject.parts
    assert {part.status for part in found} == {ComponentStatus.OPERATIONAL}


async def test_subscribers_of_every_kind_are_counted(subject: Subject) -> None:
    assert await subject.board.subscribers() == 1_367


async def test_the_page_has_a_name_and_an_address(subject: Subject) -> None:
    about = await subject.board.about()
    assert about.name.startswith("Tidewater")
    assert about.url.startswith("https://status.tidewater.")
    assert subject.board.page_id


async def test_a_page_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.board.components()
    subject.mend()
    assert await subject.board.components()
