"""Customers who have been told nothing: the room is reminded of them once, and in time."""

from datetime import timedelta

from incident_response.domain.errors import UnavailableError
from incident_response.domain.incident import Incident
from tests.fakes.clock import LeapClock
from tests.fakes.status_page import FakeStatusPage
from tests.routing.front import Front, open_front
from tests.workflows.ends import asked, ended
from tests.workflows.house import House, World, house
from tests.workflows.passing import passes

REMINDER = "customers have been told nothing yet"


def with_page() -> World:
    world = World(clock=LeapClock())
    world.page = FakeStatusPage(world.clock)
    return world


def reminders(h: House) -> list[str]:
    return [p.message.text for p in h.world.room.posted if REMINDER in p.message.text]


async def reminded(front: Front, minutes: float, *, is_redelivered: bool = False) -> int:
    """How often the room has been reminded after so many more minutes."""
    await passes(front.house, timedelta(minutes=minutes), is_redelivered=is_redelivered)
    return len(reminders(front.house))


async def test_after_fifteen_minutes_without_a_draft_the_commander_is_reminded_once() -> None:
    async with house(with_page()) as h:
        front = await open_front(h)
        await front.type("role ic")
        assert await reminded(front, 14) == 0
        assert await reminded(front, 2, is_redelivered=True) == 1
        assert "<@U0ADA>" in reminders(h)[0]
        assert await reminded(front, 60) == 1


async def test_who_has_begun_to_write_is_not_reminded() -> None:
    async with house(with_page()) as h:
        front = await open_front(h)
        await front.type("status draft We are on it.")
        assert await reminded(front, 16) == 0


async def test_without_a_status_page_nobody_is_reminded() -> None:
    async with house(World(clock=LeapClock())) as h:
        assert await reminded(await open_front(h), 16) == 0


async def test_a_severity_that_customers_do_not_feel_is_not_reminded_until_it_is_raised() -> None:
    async with house(with_page()) as h:
        front = await open_front(h)
        await front.type("severity P3 It is small")
        assert await reminded(front, 30) == 0
        await front.type("severity P1 It grew")
        assert await reminded(front, 0.1) == 1


async def test_after_the_end_nobody_is_reminded() -> None:
    async with house(with_page()) as h:
        front = await open_front(h)
        await front.type("role ic")
        incident: Incident = await h.workflows.resolver.resolve(
            front.incident.incident_id, summary="Done", asked=asked(h)
        )
        await ended(h, incident)
        assert await reminded(front, 16) == 0


async def test_the_page_is_asked_again_soon_after_it_did_not_answer() -> None:
    world = with_page()
    assert world.page is not None
    async with house(world) as h:
        world.page.reading.fail_with(UnavailableError("down"))
        soon = await h.workflows.page.learn()
        assert h.workflows.page.components == ()
        world.page.reading.recover()
        assert await h.workflows.page.learn() > soon
        assert h.workflows.page.subscribers == 1_367
