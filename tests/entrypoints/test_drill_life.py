"""How stages of a life are lived: timed, told, ended by the first that fails or by Ctrl-C."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.domain.incident import IncidentStatus
from incident_response.entrypoints.drill_life import (
    STAGES,
    Life,
    Stage,
    live_through,
    take_command,
)
from incident_response.entrypoints.drill_main import Verdict, live_on
from incident_response.entrypoints.drill_people import Person
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from tests.scenarios.hands import MAYA
from tests.scenarios.rooms import now_of, open_room

MEASURED = ("approved", "published", "resolved", "postmortem")


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    async with local_stack(tmp_path, Ports()) as running:
        yield running


async def life_of(stack: LocalStack, *, patience: float = 20.0) -> Life:
    incident = await open_room(stack)
    clock = stack.processor.workflows.clock
    me = Person(sandbox=stack.sandbox, clock=clock, user=MAYA, patience=patience)
    return Life(stack=stack, incident=incident, commander=me)


def pausing(seconds: float) -> Stage:
    async def live(life: Life) -> None:
        await asyncio.sleep(seconds)

    return Stage(title=f"Wait {seconds:g}", live=live, measured_as=f"waited{seconds:g}")


async def refuse(life: Life) -> None:
    raise RefusedError("it must not be", reason="no_way")


def test_the_whole_life_measures_what_is_promised() -> None:
    assert tuple(stage.measured_as for stage in STAGES if stage.measured_as) == MEASURED


async def test_stages_are_lived_in_order_each_told_with_its_time(stack: LocalStack) -> None:
    life, story = await life_of(stack), list[str]()
    from_first = Stage(
        title="Both", live=pausing(0.02).live, measured_as="both", measured_from="waited0.05"
    )
    problems = await live_through(
        life, (pausing(0.05), from_first), story.append, stop=asyncio.Event()
    )
    assert problems == ()
    assert life.seconds.keys() == {"waited0.05", "both"}
    assert 0.05 <= life.seconds["waited0.05"] < life.seconds["both"]
    assert ["Wait 0.05" in story[0], "Both" in story[1]] == [True, True]


async def test_the_first_stage_that_fails_ends_it_by_name(stack: LocalStack) -> None:
    life, story = await life_of(stack), list[str]()
    stages = (Stage(title="Dare", live=refuse), pausing(0.05))
    problems = await live_through(life, stages, story.append, stop=asyncio.Event())
    assert problems == ("Dare: it must not be (no_way)",)
    assert life.seconds == {}
    assert len(story) == 1
    assert "FAIL  Dare" in story[0]


async def test_a_stage_under_way_is_cut_short_when_the_drill_is_stopped(stack: LocalStack) -> None:
    life, stop = await life_of(stack), asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(5):
        problems = await live_through(life, (pausing(60),), lambda _: None, stop=stop)
    assert problems == ("the drill was stopped",)


async def test_a_stage_that_waits_in_vain_says_for_what(stack: LocalStack) -> None:
    life = await life_of(stack, patience=0.05)

    async def never() -> None:
        return None

    with pytest.raises(UnavailableError, match=r"the tide did not come within 0\.05 seconds"):
        await life.until("the tide", never)


async def test_taking_command_is_the_first_stage_and_has_its_effect(stack: LocalStack) -> None:
    life = await life_of(stack)
    assert STAGES[0].live is take_command
    await take_command(life)
    assert (await now_of(stack, life.incident)).commander == MAYA


async def test_the_line_of_json_tells_seconds_ids_and_the_ledger(stack: LocalStack) -> None:
    life = await life_of(stack)
    whole = Verdict(incident=life.incident, steps={}, problems=(), assembled_seconds=0.5)
    assert "seconds" not in whole.as_json()

    async def close(life: Life) -> None:
        life.ids["issue"] = "OPS-1"
        life.ledger = {"ok": True}

    closing = Stage(title="Close", live=close, measured_as="resolved")
    stop = asyncio.Event()
    lived = await live_on(stack, whole, lambda _: None, stop=stop, stages=(closing,))
    found = lived.as_json()
    assert found["ok"] is True
    assert found["seconds"] == {"assembled": 0.5, **lived.life.seconds}  # type: ignore[union-attr]  # it was lived
    assert (found["ids"], found["ledger"]) == ({"issue": "OPS-1"}, {"ok": True})
    assert lived.incident is not None
    assert lived.incident.status is not IncidentStatus.RESOLVED

    daring = (Stage(title="Dare", live=refuse),)
    failed = await live_on(stack, whole, lambda _: None, stop=stop, stages=daring)
    assert failed.as_json()["ok"] is False
    assert failed.as_json()["missing"] == ["Dare: it must not be (no_way)"]
