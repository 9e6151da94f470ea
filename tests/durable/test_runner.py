import asyncio
from datetime import timedelta

import pytest

from incident_response.domain.errors import (
    LeaseLostError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.durable.runner import LEASE_TTL
from incident_response.ports.incident_store import Change, PlanState, StepState
from tests.durable.bench import ID, LEASE, PLAN, World, ended, running, taken, until


def chain(world: World, *names: str) -> tuple[Step, ...]:
    """Steps each of which comes after the one before."""
    before: tuple[str, ...] = ()
    steps = []
    for name in names:
        steps.append(world.step(name, after=before))
        before = (name,)
    return tuple(steps)


async def test_steps_run_in_the_order_of_their_needs_and_their_results_are_kept() -> None:
    world = World()
    await world.open()
    async with running(world.runner(*chain(world, "a", "b", "c"))):
        await ended(world, PlanState.DONE)
    assert world.effects == ["a", "b", "c"]
    journal = await world.journal()
    assert {name: record.result for name, record in journal.items()} == {
        name: {"did": name} for name in "abc"
    }
    assert all(record.attempts == 1 for record in journal.values())


async def test_everything_that_can_begin_begins_at_once() -> None:
    world = World()
    await world.open()
    for name in "abc":
        world.hold(name)
    async with running(world.runner(*(world.step(name) for name in "abc"))):
        for name in "abc":
            await world.is_begun(name)
        journal = await world.journal()
        assert {record.state for record in journal.values()} == {StepState.STARTED}


async def test_a_step_given_up_is_in_the_ledger_and_holds_up_only_what_comes_after_it() -> None:
    world = World()
    await world.open()
    world.failures["bad"] = [RefusedError("no such thing")]
    steps = (
        world.step("bad"),
        world.step("after", after=("bad",)),
        world.step("settled", settled=("bad",)),
    )
    async with running(world.runner(*steps)):
        await ended(world, PlanState.DONE)
    assert world.effects == ["settled"]
    journal = await world.journal()
    assert journal["bad"].state is StepState.FAILED
    assert journal["bad"].error == "no such thing"
    assert "after" not in journal
    entries = await world.backend.ledger.entries(ID)
    assert [(e.kind, e.details) for e in entries] == [
        (EntryKind.STEP_FAILED, {"step": "bad", "reason": "no such thing"})
    ]


async def test_a_step_waits_for_what_it_prefers_until_its_patience_ends() -> None:
    world = World()
    await world.open()
    world.hold("slow")
    steps = (world.step("slow"), world.step("eager", prefers=("slow",), patience=3))
    async with running(world.runner(*steps)):
        await world.is_begun("slow")
        await world.clock.sleeping(2)
        world.clock.advance(2.9)
        await asyncio.sleep(0.02)
        assert world.effects == []
        world.clock.advance(0.2)
        await world.is_begun("eager")
        world.release("slow")
        await ended(world, PlanState.DONE)
    assert world.effects == ["eager", "slow"]


async def test_what_is_preferred_and_settled_in_time_is_not_waited_for_longer() -> None:
    world = World()
    await world.open()
    steps = (world.step("quick"), world.step("eager", prefers=("quick",), patience=300))
    async with running(world.runner(*steps)):
        await ended(world, PlanState.DONE)
    assert world.effects == ["quick", "eager"]


async def test_a_try_that_may_help_is_made_again_after_looking_for_the_first() -> None:
    world = World()
    await world.open()

    async def lose_answer(context: StepContext) -> Outcome:
        await world.do(context)
        raise UnavailableError("no answer")

    async with running(world.runner(world.step("a", run=lose_answer))):
        await ended(world, PlanState.OPEN)
        await until_waiting(world, "a")
        world.clock.advance(1)
        await ended(world, PlanState.DONE)
    assert world.effects == ["a"]
    assert (await world.journal())["a"].result == {"found": "a"}


async def until_waiting(world: World, step: str) -> None:
    async def waits() -> bool:
        record = (await world.journal()).get(step)
        return record is not None and record.not_before is not None

    await until(waits)
    await world.clock.sleeping(3)  # the sweep, the lease and the wait


async def test_an_optional_step_is_given_up_after_its_tries() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [UnavailableError("down")] * 9
    async with running(world.runner(world.step("a", attempts=3))):
        for _ in range(2):
            await until_waiting(world, "a")
            world.clock.advance(1.5)
        await ended(world, PlanState.DONE)
    assert (await world.journal())["a"].attempts == 3


async def test_what_the_plan_is_for_is_tried_until_it_works() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [UnavailableError("down")] * 12

    async def is_done() -> bool:
        world.clock.advance(61)
        await asyncio.sleep(0)
        return (await world.head()).state is PlanState.DONE

    async with running(world.runner(world.step("a", attempts=None))):
        await until(is_done)
    assert world.effects == ["a"]
    assert (await world.journal())["a"].attempts == 13


async def test_being_told_to_slow_down_is_waited_out_and_no_failure() -> None:
    world = World()
    await world.open()
    slow = RateLimitedError("slow down", retry_after=timedelta(seconds=1.5))
    world.failures["a"] = [slow] * 5
    async with running(world.runner(world.step("a", attempts=2))):
        for _ in range(5):
            await until_waiting(world, "a")
            world.clock.advance(1.6)
            await asyncio.sleep(0.01)
        await ended(world, PlanState.DONE)
    assert world.effects == ["a"]


async def test_a_defect_in_one_step_leaves_the_others_alone() -> None:
    world = World()
    await world.open()

    async def broken(context: StepContext) -> Outcome:
        raise ZeroDivisionError

    async with running(world.runner(world.step("bad", run=broken), world.step("good"))):
        await ended(world, PlanState.DONE)
    assert world.effects == ["good"]
    assert "an error in this program" in (await world.journal())["bad"].error


async def test_a_vital_step_that_is_refused_abandons_the_plan_and_asking_again_mends_it() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    steps = (world.step("a", attempts=None), world.step("b", after=("a",)))
    async with running(world.runner(*steps)) as runner:
        await ended(world, PlanState.ABANDONED)
        await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")
        await ended(world, PlanState.DONE)
    assert world.effects == ["a", "b"]
    kinds = [(e.kind, e.actor) for e in await world.backend.ledger.entries(ID)]
    assert (EntryKind.STEP_RETRIED, "U0ADA") in kinds


async def test_asking_again_while_the_plan_runs_does_that_step_and_what_builds_on_it() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    world.hold("long")
    steps = (world.step("a"), world.step("b", settled=("a",)), world.step("long"))
    async with running(world.runner(*steps)) as runner:
        await world.is_begun("b")
        await runner.ask_again(ID, PLAN, step="a", actor="U0ADA")

        async def is_mended() -> bool:
            return "a" in world.effects

        await until(is_mended)
        world.release("long")
        await ended(world, PlanState.DONE)
    assert sorted(world.effects) == ["a", "b", "long"], "b found what it had done"


async def test_asking_for_a_step_nobody_knows_is_refused() -> None:
    world = World()
    await world.open()
    runner = world.runner(world.step("a"))
    for plan, step in ((PLAN, "z"), ("other", "a")):
        with pytest.raises(NotFoundError):
            await runner.ask_again(ID, plan, step=step, actor="U0ADA")


async def test_a_step_changes_the_incident_and_tells_the_ledger_in_one_transaction() -> None:
    world = World()
    await world.open()
    entry = NewEntry(kind=EntryKind.WAR_ROOM_ASSEMBLED, at=world.clock.now())

    async def change(context: StepContext) -> Outcome:
        return Outcome(
            apply=lambda incident: incident.model_copy(update={"title": "changed"}),
            entries=(entry,),
        )

    async with running(world.runner(world.step("a", run=change))):
        await ended(world, PlanState.DONE)
    found = await world.backend.incidents.get(ID)
    assert found is not None
    assert (found.title, found.version) == ("changed", 2)
    assert [e.kind for e in await world.backend.ledger.entries(ID)] == [entry.kind]


async def test_a_change_by_somebody_else_meanwhile_is_kept() -> None:
    world = World()
    before = await world.open()

    async def change(context: StepContext) -> Outcome:
        theirs = before.model_copy(update={"version": 2, "summary": "theirs"})
        await world.backend.incidents.commit(Change(incident_id=ID, incident=theirs))
        return Outcome(apply=lambda incident: incident.model_copy(update={"title": "ours"}))

    async with running(world.runner(world.step("a", run=change))):
        await ended(world, PlanState.DONE)
    found = await world.backend.incidents.get(ID)
    assert found is not None
    assert (found.title, found.summary, found.version) == ("ours", "theirs", 3)


async def test_a_run_cut_off_is_taken_up_by_the_next_runner_without_doing_anything_twice() -> None:
    world = World()
    await world.open()
    world.hold("b")
    steps = chain(world, "a", "b", "c")
    async with running(world.runner(*steps)):
        await world.is_begun("b")
    await world.backend.claim_processor()
    world.effects.append("b")  # its effect happened, and nobody heard of it
    world.gates.clear()
    async with running(world.runner(*steps, owner="two")):
        await ended(world, PlanState.DONE)
    assert world.effects == ["a", "b", "c"]


async def test_draining_ends_at_a_step_boundary_and_gives_the_lease_back() -> None:
    world = World()
    await world.open()
    world.hold("a")
    steps = chain(world, "a", "b")
    runner = world.runner(*steps)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(runner.run())
        await world.is_begun("a")
        runner.drain()
        world.release("a")
        async with asyncio.timeout(5):
            await task
    assert world.effects == ["a"]
    assert (await world.head()).state is PlanState.OPEN
    lease = await world.backend.leases.acquire(LEASE, owner="two", ttl=LEASE_TTL)
    assert lease is not None
    await world.backend.leases.release(lease)
    async with running(world.runner(*steps, owner="two")):
        await ended(world, PlanState.DONE)
    assert world.effects == ["a", "b"]


async def test_an_owner_that_was_taken_over_writes_nothing_more() -> None:
    world = World()
    await world.open()
    world.hold("a")
    async with running(world.runner(world.step("a"))):
        await world.is_begun("a")
        stale = await world.backend.leases.acquire(LEASE, owner="one", ttl=timedelta(seconds=1))
        assert stale is not None
        world.clock.advance(2)
        fresh = await world.backend.leases.acquire(LEASE, owner="two", ttl=LEASE_TTL)
        assert fresh is not None
        world.release("a")
        await asyncio.sleep(0.05)
        assert (await world.journal())["a"].state is StepState.STARTED
        with pytest.raises(LeaseLostError):
            await world.backend.incidents.commit(Change(incident_id=ID, lease=stale))


async def test_two_runners_over_one_store_do_everything_once() -> None:
    world = World()
    numbers = range(1, 21)
    found = [await world.open(number) for number in numbers]
    steps = chain(world, "a", "b", "c")
    async with (
        running(world.runner(*steps, owner="one")) as one,
        running(world.runner(*steps, owner="two")) as two,
    ):
        for one_of_them in found:
            one.kick(one_of_them.incident_id, PLAN)
            two.kick(one_of_them.incident_id, PLAN)
        for one_of_them in found:
            await ended(world, PlanState.DONE, one_of_them.incident_id)
    assert len(world.effects) == 3 * len(found)


async def test_a_plan_that_waits_long_gives_the_lease_back_and_is_taken_up_when_due() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RateLimitedError("later", retry_after=timedelta(minutes=5))]
    async with running(world.runner(world.step("a"))):
        await until_parked(world)
        await world.backend.leases.release(await taken(world))

        async def is_done() -> bool:
            world.clock.advance(30)
            await asyncio.sleep(0.005)
            return (await world.head()).state is PlanState.DONE

        await until(is_done)
    assert world.effects == ["a"]


async def until_parked(world: World) -> None:
    async def is_parked() -> bool:
        return (await world.head()).not_before is not None

    await until(is_parked)


def test_a_plan_refuses_twins_strangers_and_circles() -> None:
    world = World()
    for steps in (
        (world.step("a"), world.step("a")),
        (world.step("a", after=("z",)),),
        (world.step("a", after=("b",)), world.step("b", prefers=("a",))),
    ):
        with pytest.raises(ValueError, match="plan test"):
            Plan(name=PLAN, steps=steps)


async def test_two_runs_of_one_kind_of_plan_have_a_journal_and_a_lease_each() -> None:
    world = World()
    await world.open()
    second = (await world.head()).model_copy(update={"plan": f"{PLAN}#2"})
    await world.backend.incidents.commit(Change(incident_id=ID, plan=second))
    world.hold("a")
    async with running(world.runner(world.step("a"))):
        await world.is_begun("a")

        async def both_began() -> bool:
            return bool(await world.backend.incidents.journal(ID, second.plan))

        await until(both_began)
        assert (
            await world.backend.leases.acquire(f"{ID}/{second.plan}", owner="x", ttl=LEASE_TTL)
            is None
        )
        other = await world.backend.leases.acquire(f"{ID}/{PLAN}#3", owner="two", ttl=LEASE_TTL)
        assert other is not None
        world.release("a")
        await ended(world, PlanState.DONE)
        await until(lambda: both_ended(world, second.plan))
    assert world.effects == ["a", "a"]


async def both_ended(world: World, plan: str) -> bool:
    head = await world.backend.incidents.plan(ID, plan)
    return head is not None and head.state is PlanState.DONE
