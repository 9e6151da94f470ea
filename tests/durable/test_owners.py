import asyncio
from datetime import timedelta

from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.durable.plan import Outcome, StepContext
from incident_response.durable.runner import LEASE_TTL
from incident_response.ports.incident_store import PlanState, StepState
from tests.durable.bench import ID, LEASE, PLAN, World, ended, running, until
from tests.durable.watched import WatchedLeases

TTL = LEASE_TTL.total_seconds()


async def test_a_stopped_owner_is_taken_over_when_its_lease_ends_and_its_writes_are_refused() -> (
    None
):
    world = World()
    await world.open()
    woken = asyncio.Event()

    async def stall_after_the_effect(context: StepContext) -> Outcome:
        await world.do(context)
        await woken.wait()
        return _told(world, "first")

    async def find(context: StepContext) -> Outcome | None:
        return _told(world, "second") if "a" in world.effects else None

    leases = WatchedLeases(world.backend.leases)
    leases.may_renew.clear()
    mine = world.step("a", run=stall_after_the_effect)
    theirs = (world.step("a", reconcile=find), world.step("b", after=("a",)))
    async with running(world.runner(mine, world.step("b", after=("a",)), leases=leases)):
        await world.is_begun("a")
        async with running(world.runner(*theirs, owner="two")):
            for _ in range(3):
                world.clock.advance(TTL / 4)
                await asyncio.sleep(0.02)
            assert (await world.journal())["a"].attempts == 1, "a lease that holds is not taken"
            world.clock.advance(TTL / 4 + 1)
            await ended(world, PlanState.DONE)
            woken.set()
            leases.may_renew.set()
            await asyncio.sleep(0.05)
    assert world.effects == ["a", "b"]
    assert (await world.journal())["a"].attempts == 2
    entries = await world.backend.ledger.entries(ID)
    assert [entry.details for entry in entries] == [{"by": "second"}]


def _told(world: World, who: str) -> Outcome:
    kind = EntryKind.MESSAGE_POSTED
    return Outcome(entries=(NewEntry(kind=kind, at=world.clock.now(), details={"by": who}),))


async def test_an_owner_that_learns_it_was_taken_over_lets_go_of_its_steps_unjudged() -> None:
    world = World()
    await world.open()
    world.hold("a")
    cut_off = asyncio.Event()

    async def watch(context: StepContext) -> Outcome:
        try:
            return await world.do(context)
        except asyncio.CancelledError:
            cut_off.set()
            raise

    async with running(world.runner(world.step("a", run=watch))):
        await world.is_begun("a")
        # The same owner may take its lease anew: what a second start under its name would do.
        taken = await world.backend.leases.acquire(LEASE, owner="one", ttl=timedelta(hours=1))
        assert taken is not None
        await world.clock.sleeping(2)
        world.clock.advance(TTL / 3)
        async with asyncio.timeout(5):
            await cut_off.wait()
        record = (await world.journal())["a"]
    assert (record.state, record.error) == (StepState.STARTED, "")
    assert world.effects == []


async def test_a_long_step_keeps_its_lease() -> None:
    world = World()
    await world.open()
    world.hold("a")
    leases = WatchedLeases(world.backend.leases)
    async with running(world.runner(world.step("a"), leases=leases)):
        await world.is_begun("a")
        for round_ in range(1, 10):
            world.clock.advance(TTL / 3)

            async def is_renewed(count: int = round_) -> bool:
                return leases.renewed >= count

            await until(is_renewed)
        taken = await world.backend.leases.acquire(LEASE, owner="two", ttl=LEASE_TTL)
        assert taken is None
        world.release("a")
        await ended(world, PlanState.DONE)
    assert world.effects == ["a"]
    assert (await world.journal())["a"].attempts == 1


async def test_a_lease_that_another_holds_is_asked_for_at_every_sweep_and_not_oftener() -> None:
    world = World()
    await world.open()
    held = await world.backend.leases.acquire(LEASE, owner="other", ttl=LEASE_TTL)
    assert held is not None
    leases = WatchedLeases(world.backend.leases)
    async with running(world.runner(world.step("a"), leases=leases)) as runner:
        runner.kick(ID, PLAN)
        await world.clock.sleeping()
        await asyncio.sleep(0.1)
        assert leases.acquired <= 2
        await world.backend.leases.release(held)
        world.clock.advance(1)
        await ended(world, PlanState.DONE)


async def test_a_sweep_takes_up_what_nobody_runs() -> None:
    world = World()
    async with running(world.runner(world.step("a"))):
        await world.clock.sleeping()
        await world.open()
        world.clock.advance(1)
        await ended(world, PlanState.DONE)


async def test_more_plans_than_a_sweep_takes_up_are_all_done_though_the_first_ones_hang() -> None:
    world = World()
    hanging = {(await world.open(number)).incident_id for number in range(1, 61)}
    gate = asyncio.Event()
    done: list[str] = []

    async def hang(context: StepContext) -> Outcome:
        if context.incident_id in hanging:
            await gate.wait()
        done.append(context.incident_id)
        return Outcome()

    last = await world.open(99)
    async with running(world.runner(world.step("a", run=hang))):

        async def is_done() -> bool:
            world.clock.advance(1)
            await asyncio.sleep(0.005)
            return last.incident_id in done

        await until(is_done)
        assert done == [last.incident_id]
        gate.set()
        for incident_id in hanging:
            await ended(world, PlanState.DONE, incident_id)


async def test_one_incident_does_not_wait_for_another() -> None:
    world = World()
    first, second = await world.open(1), await world.open(2)
    gate = asyncio.Event()

    async def hang(context: StepContext) -> Outcome:
        if context.incident_id == first.incident_id:
            await gate.wait()
        return Outcome()

    async with running(world.runner(world.step("a", run=hang))):
        await ended(world, PlanState.DONE, second.incident_id)
        assert (await world.head(first.incident_id)).state is PlanState.OPEN
        gate.set()
        await ended(world, PlanState.DONE, first.incident_id)
