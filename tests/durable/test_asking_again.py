import asyncio

import pytest

from incident_response.domain.errors import (
    NotFoundError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from incident_response.domain.ledger import EntryKind
from incident_response.durable.plan import Outcome, StepContext
from incident_response.ports.incident_store import PlanState, StepState
from tests.durable.bench import ID, PLAN, World, ended, running, taken, until
from tests.durable.watched import WatchedLeases


async def retried(world: World) -> int:
    """How often the ledger says that somebody asked again."""
    entries = await world.backend.ledger.entries(ID)
    return sum(entry.kind is EntryKind.STEP_RETRIED for entry in entries)


async def test_what_ran_on_a_failure_that_was_mended_meanwhile_runs_again() -> None:
    world = World()
    await world.open()
    world.failures["people"] = [RefusedError("no")]
    world.hold("invite")
    seen: list[list[str]] = []

    async def invite(context: StepContext) -> Outcome:
        seen.append(sorted(context.failures))
        await world.do(context)
        return Outcome(result=len(seen))

    steps = (
        world.step("people"),
        world.step("invite", settled=("people",), run=invite, reconcile=nothing_found),
    )
    async with running(world.runner(*steps)) as runner:
        await world.is_begun("invite")
        await runner.ask_again(ID, PLAN, step="people", actor="U0ADA")
        await until(world.state_is("people", StepState.DONE))
        world.release("invite")
        await ended(world, PlanState.DONE)
    assert seen == [["people"], []]
    assert (await world.journal())["invite"].result == 2


async def nothing_found(_: StepContext) -> None:
    return None


async def test_a_failure_of_what_is_to_run_again_anyway_gives_nothing_up() -> None:
    world = World()
    await world.open()
    world.failures["people"] = [RefusedError("no")]
    world.hold("invite")
    failing = [RefusedError("nobody to invite")]

    async def invite(context: StepContext) -> Outcome:
        await world.do(context)
        if failing:
            raise failing.pop()
        return Outcome()

    steps = (
        world.step("people"),
        world.step("invite", settled=("people",), run=invite, reconcile=nothing_found),
    )
    async with running(world.runner(*steps)) as runner:
        await world.is_begun("invite")
        await runner.ask_again(ID, PLAN, step="people", actor="U0ADA")
        world.release("invite")
        await ended(world, PlanState.DONE)
    assert (await world.journal())["invite"].state is StepState.DONE
    entries = await world.backend.ledger.entries(ID)
    failed = [e.details["step"] for e in entries if e.kind is EntryKind.STEP_FAILED]
    assert failed == ["people"]


async def test_two_clicks_on_one_retry_button_ask_once() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    async with running(world.runner(world.step("a"))) as runner:
        await ended(world, PlanState.DONE)
        async with asyncio.TaskGroup() as clicks:
            for actor in ("U0ADA", "U0BOB"):
                clicks.create_task(runner.ask_again(ID, PLAN, step="a", actor=actor))
        await until(world.state_is("a", StepState.DONE))
        await ended(world, PlanState.DONE)
        await runner.ask_again(ID, PLAN, step="a", actor="U0EVE")
    assert world.effects == ["a"]
    assert await retried(world) == 1
    assert (await world.head()).state is PlanState.DONE


async def test_a_step_asked_for_again_has_tries_left_and_still_looks_first() -> None:
    world = World()
    await world.open()
    down = UnavailableError("down")
    world.failures["a"] = [down] * 3

    async def advance_until_done() -> bool:
        world.clock.advance(1)
        await asyncio.sleep(0.002)
        return (await world.head()).state is PlanState.DONE

    async with running(world.runner(world.step("a", attempts=3))) as runner:
        await until(advance_until_done)
        assert (await world.journal())["a"].state is StepState.FAILED
        world.failures["a"] = [down]
        world.effects.append("a")  # the last try had its effect after all
        await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
        await until(world.state_is("a", StepState.DONE))
    assert world.effects == ["a"]
    assert world.failures["a"] == [down], "it found its work and did not try"


async def test_a_step_asked_for_again_survives_another_passing_failure() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [UnavailableError("down")] * 4

    async def is_settled() -> bool:
        world.clock.advance(1)
        await asyncio.sleep(0.002)
        return (await world.head()).state is PlanState.DONE

    async with running(world.runner(world.step("a", attempts=3))) as runner:
        await until(is_settled)
        await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
        await until(is_settled)
    assert world.effects == ["a"]


async def test_asking_while_the_plan_is_parked_does_not_fight_its_own_sweep() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    world.failures["b"] = [UnavailableError("busy")] * 4
    leases = WatchedLeases(world.backend.leases)
    steps = (world.step("a"), world.step("b", attempts=None))

    async def is_parked() -> bool:
        world.clock.advance(1)
        await asyncio.sleep(0.002)
        return (await world.head()).not_before is not None

    async with running(world.runner(*steps, leases=leases)) as runner:
        await until(is_parked)

        async def is_done() -> bool:
            return (await world.head()).state is PlanState.DONE

        for _ in range(5):
            await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
            world.clock.advance(30)
        await until(is_done)
    assert sorted(world.effects) == ["a", "b"]
    assert await retried(world) == 1


async def test_what_another_processor_is_working_on_can_be_asked_for_later() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    async with running(world.runner(world.step("a"))) as runner:
        await ended(world, PlanState.DONE)
        held = await taken(world)
        with pytest.raises(RetryableError, match="another processor"):
            await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
        await world.backend.leases.release(held)
        await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
        await until(world.state_is("a", StepState.DONE))


async def test_a_plan_that_was_never_begun_cannot_be_asked_for_and_stands_in_nobodys_way() -> None:
    world = World()
    runner = world.runner(world.step("a"))
    for _ in range(2):
        with pytest.raises(NotFoundError, match="never begun"):
            await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
    await world.open()
    async with running(runner):
        await ended(world, PlanState.DONE)


async def test_an_answer_asked_for_before_a_crash_is_given_after_it() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    runner = world.runner(world.step("a"))
    async with running(runner):
        await ended(world, PlanState.DONE)
    await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")  # nobody runs plans now
    async with running(world.runner(world.step("a"), owner="two")):
        await until(world.state_is("a", StepState.DONE))
    assert world.effects == ["a"]
