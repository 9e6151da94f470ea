"""What every source of on-call people has to do, on the real one and on the fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.domain.model import UserId
from incident_response.domain.people import Origin, Person, Roster
from incident_response.ports.on_call import OnCall
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import stand_ins
from tests.fakes.on_call import FakeOnCall

CHECKOUT = TIDEWATER.services[0]
KNOWN = OnCallRoute(
    integration_id=CHECKOUT.integration_id,
    route_id=CHECKOUT.route_id,
    team_id=TIDEWATER.team(CHECKOUT.team).oncall_id,
)


@dataclass(frozen=True)
class Subject:
    """A source that knows Tidewater's rota of checkout-api, and the ways to break and mend it."""

    on_call: OnCall
    break_down: Callable[[], None]
    mend: Callable[[], None]


def person(handle: str, *, level: int) -> Person:
    known = TIDEWATER.person(handle)
    origin = Origin.ON_CALL if level == 0 else Origin.ESCALATION
    return Person(
        name=known.real_name,
        email=known.email,
        user_id=UserId(known.slack_id),
        origin=origin,
        level=level,
    )


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        roster = Roster(people=(person("maya", level=0), person("jonas", level=1)))
        named = {KNOWN.route_id: roster, KNOWN.integration_id: roster, KNOWN.team_id: roster}
        fake = FakeOnCall({**named, "Payments": roster})
        down = UnavailableError("The on-call product is down")
        behaviour = fake.behaviour
        yield Subject(fake, lambda: behaviour.fail_with(down), behaviour.recover)
        return
    async with stand_ins() as vendors:
        yield Subject(vendors.on_call(), lambda: vendors.break_down("oncall.*"), vendors.mend)


async def test_who_is_on_call_now_comes_first(subject: Subject) -> None:
    roster = await subject.on_call.responders(KNOWN, team="Payments", service="checkout-api")
    first = roster.people[0]
    assert first.email == "maya@tidewater.example"
    assert first.user_id == TIDEWATER.person("maya").slack_id
    assert (first.level, first.origin) == (0, Origin.ON_CALL)
    assert not roster.is_partial
    assert not roster.is_stale


async def test_the_escalation_follows_in_its_order(subject: Subject) -> None:
    roster = await subject.on_call.responders(KNOWN, team="Payments", service="checkout-api")
    levels = [p.level for p in roster.people]
    assert levels == sorted(levels)
    second = next(p for p in roster.people if p.level == 1)
    assert second.email == "jonas@tidewater.example"
    assert second.origin is Origin.ESCALATION


async def test_everybody_is_named_once_and_can_be_reached(subject: Subject) -> None:
    roster = await subject.on_call.responders(KNOWN, team="Payments", service="checkout-api")
    assert len({p.user_id for p in roster.people}) == len(roster.people)
    assert all(p.user_id or p.email for p in roster.people)


@pytest.mark.parametrize(
    "route",
    [
        OnCallRoute(integration_id=KNOWN.integration_id),
        OnCallRoute(route_id="RGONE", integration_id=KNOWN.integration_id),
        OnCallRoute(team_id=KNOWN.team_id),
        OnCallRoute(),
    ],
)
async def test_less_than_a_known_route_still_leads_to_people(
    subject: Subject, route: OnCallRoute
) -> None:
    roster = await subject.on_call.responders(route, team="Payments", service="checkout-api")
    assert "maya@tidewater.example" in {p.email for p in roster.people}


async def test_an_alert_that_leads_nowhere_names_nobody_and_says_so(subject: Subject) -> None:
    nowhere = OnCallRoute(route_id="RGONE", integration_id="CGONE", team_id="TGONE")
    roster = await subject.on_call.responders(nowhere, team="", service="")
    assert roster.people == ()
    assert roster.unresolved


async def test_a_source_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.on_call.responders(KNOWN, team="Payments", service="checkout-api")
    subject.mend()
    roster = await subject.on_call.responders(KNOWN, team="Payments", service="checkout-api")
    assert roster.people
