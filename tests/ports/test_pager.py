"""What every pager has to do, on the real one and on the fake."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.ports.pager import Page, Pager
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.standins import StandIns, stand_ins
from tests.fakes.pager import FakePager

MAYA, JONAS = "maya@tidewater.example", "jonas@tidewater.example"


@dataclass(frozen=True)
class Subject:
    """A pager that knows the people of Tidewater, and what it was asked for."""

    pager: Pager
    calls: Callable[[], list[list[str]]]
    """The addresses of each call it took, in order."""
    break_down: Callable[[], None]
    mend: Callable[[], None]


def page(**changes: object) -> Page:
    values: dict[str, object] = {
        "key": "k1",
        "title": "P1 Payments fail (L2)",
        "text": "Nobody has acknowledged in time.",
        "emails": (MAYA,),
    }
    return Page(**(values | changes))  # type: ignore[arg-type]


def fake() -> Subject:
    pager = FakePager(frozenset(p.email for p in TIDEWATER.people))
    down = UnavailableError("the pager is down")
    return Subject(
        pager,
        lambda: [list(page.emails) for page in pager.pages],
        lambda: pager.behaviour.fail_with(down),
        pager.behaviour.recover,
    )


def real(vendors: StandIns) -> Subject:
    emails = {person.oncall_id: person.email for person in TIDEWATER.people}

    def calls() -> list[list[str]]:
        received = vendors.board.received.matching("oncall.escalation")
        taken = [call for call in received if call.status == 200]
        bodies = [json.loads(call.body) for call in taken]
        return [[emails[user["id"]] for user in body.get("users", [])] for body in bodies]

    return Subject(vendors.on_call(), calls, lambda: vendors.break_down("oncall.*"), vendors.mend)


@pytest.fixture(params=["sandbox", "fake"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield fake()
        return
    async with stand_ins() as vendors:
        yield real(vendors)


async def test_everybody_named_is_called_in_one_call(subject: Subject) -> None:
    assert await subject.pager.page(page(emails=(MAYA, JONAS))) == ()
    assert subject.calls() == [[MAYA, JONAS]]


async def test_whom_it_does_not_know_is_said_and_does_not_keep_the_others_from_being_called(
    subject: Subject,
) -> None:
    assert await subject.pager.page(page(emails=("no@x.test", MAYA))) == ("no@x.test",)
    assert [MAYA in call for call in subject.calls()] == [True]


async def test_nobody_known_is_nobody_called(subject: Subject) -> None:
    assert await subject.pager.page(page(emails=("no@x.test",))) == ("no@x.test",)
    assert subject.calls() == []


async def test_without_names_the_team_is_called(subject: Subject) -> None:
    assert await subject.pager.page(page(emails=(), team="Payments")) == ()
    assert subject.calls() == [[]]


async def test_letter_case_of_an_address_does_not_matter(subject: Subject) -> None:
    assert await subject.pager.page(page(emails=("Maya@Tidewater.Example",))) == ()
    assert len(subject.calls()) == 1


async def test_an_unknown_alert_group_does_not_keep_anybody_from_being_called(
    subject: Subject,
) -> None:
    route = OnCallRoute(alert_group_id="IGONE")
    assert await subject.pager.page(page(route=route)) == ()
    assert subject.calls() == [[MAYA]]


async def test_a_pager_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.pager.page(page())
    subject.mend()
    assert await subject.pager.page(page()) == ()
    assert subject.calls()[-1] == [MAYA]
