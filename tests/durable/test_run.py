import asyncio
from datetime import timedelta

import pytest

from incident_response.domain.errors import (
    ConflictError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import Incident, Room
from incident_response.domain.model import ChannelId
from incident_response.durable.journal import BACKOFF
from incident_response.durable.plan import Outcome, StepContext
from incident_response.durable.run import RATE_LIMIT_TRIES
from incident_response.ports.incident_store import Change, PlanState, StepState
from tests.durable.bench import ID, World, ended, running, until
from tests.durable.watched import WatchedStore
from tests.fakes.clock import FakeClock


class CountingClock(FakeClock):
    """Counts the waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    async def sleep(self, seconds: float) -> None:
        self.waits += 1
        await super().sleep(seconds)


async def sit_out(world: World) -> None:
    """Let the wait before a second try pass."""
    await world.clock.sleeping(3)  # the sweep, the lease and the wait
    world.clock.advance(BACKOFF[0])


async def until_parked(world: World) -> None:
    async def is_parked() -> bool:
        return (await world.head()).not_before is not None

    await until(is_parked)


async def test_intent_is_journalled_before_the_effect_and_the_result_after_it() -> None:
    world = World()
    await world.open()
    states: list[StepState] = []

    async def look_at_the_journal(context: StepContext) -> Outcome:
        states.append((await world.journal())["a"].state)
        return Outcome(result=7)

    async with running(world.runner(world.step("a", run=look_at_the_journal))):
        await ended(world, PlanState.DONE)
    record = (await world.journal())["a"]
    assert states == [StepState.STARTED]
    assert (record.state, record.result, record.started_at) == (
        StepState.DONE,
        7,
        world.clock.now(),
    )


async def test_a_first_try_does_not_look_for_an_earlier_one() -> None:
    world = World()
    await world.open()
    looked: list[int] = []

    async def look(context: StepContext) -> Outcome | None:
        looked.append(context.attempt)
        return None

    world.failures["a"] = [UnavailableError("busy")]
    async with running(world.runner(world.step("a", reconcile=look))):
        await until(world.state_is("a", StepState.WAITING))
        assert looked == []
        await sit_out(world)
        await ended(world, PlanState.DONE)
    assert looked == [2]


async def test_a_try_that_takes_too_long_is_cut_off_and_looked_for() -> None:
    world = World()
    await world.open()

    async def hang_after_the_effect(context: StepContext) -> Outcome:
        await world.do(context)
        await asyncio.Event().wait()
        return Outcome()

    async with running(world.runner(world.step("a", run=hang_after_the_effect, deadline=0.05))):
        await until(world.state_is("a", StepState.WAITING))
        assert (await world.journal())["a"].error == "no answer within 0.05 seconds"
        await sit_out(world)
        await ended(world, PlanState.DONE)
    assert world.effects == ["a"]


async def test_an_unknown_outcome_is_looked_for_and_done_only_if_it_is_not_there() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [UnknownOutcomeError("no answer")]
    async with running(world.runner(world.step("a"))):
        await until(world.state_is("a", StepState.WAITING))
        await sit_out(world)
        await ended(world, PlanState.DONE)
    assert (await world.journal())["a"].result == {"did": "a"}


async def test_waits_between_tries_grow_and_are_stored() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [UnavailableError("down")] * (len(BACKOFF) + 1)
    waits: dict[int, float] = {}

    async def is_done() -> bool:
        record = (await world.journal()).get("a")
        if record is not None and record.not_before is not None:
            left = (record.not_before - world.clock.now()).total_seconds()
            waits.setdefault(record.attempts, left)
        world.clock.advance(0.25)
        await asyncio.sleep(0.001)
        return (await world.head()).state is PlanState.DONE

    async with running(world.runner(world.step("a", attempts=None))):
        await until(is_done)
    assert list(waits) == list(range(1, len(BACKOFF) + 2))
    assert list(waits.values()) == pytest.approx([*BACKOFF, BACKOFF[-1]], abs=0.3)


@pytest.mark.parametrize("asked", [timedelta(0), None])
async def test_told_to_slow_down_without_a_time_it_backs_off(asked: timedelta | None) -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RateLimitedError("slow down", retry_after=asked)]
    async with running(world.runner(world.step("a"))):
        await until(world.state_is("a", StepState.WAITING))
        not_before = (await world.journal())["a"].not_before
        assert not_before == world.clock.now() + timedelta(seconds=BACKOFF[0])


@pytest.mark.parametrize(("attempts", "tries"), [(1, 1), (3, RATE_LIMIT_TRIES)])
async def test_a_limit_that_never_lifts_ends_in_giving_up(attempts: int, tries: int) -> None:
    world = World()
    await world.open()
    slow = RateLimitedError("slow down", retry_after=timedelta(seconds=1))
    world.failures["a"] = [slow] * 50

    async def is_done() -> bool:
        world.clock.advance(1)
        await asyncio.sleep(0.002)
        return (await world.head()).state is PlanState.DONE

    async with running(world.runner(world.step("a", attempts=attempts))):
        await until(is_done)
    record = (await world.journal())["a"]
    assert (record.state, record.attempts, record.error) == (StepState.FAILED, tries, "slow down")


async def test_others_go_on_while_a_step_waits() -> None:
    world = World()
    await world.open()
    world.failures["slow"] = [RateLimitedError("slow down", retry_after=timedelta(minutes=1))]
    async with running(
        world.runner(world.step("slow"), world.step("a"), world.step("b", after=("a",)))
    ):
        await until(world.state_is("b", StepState.DONE))
        assert (await world.journal())["slow"].state is StepState.WAITING


async def test_patience_longer_than_a_short_wait_is_sat_out_beside_a_step_that_waits_long() -> (
    None
):
    world = World()
    await world.open()
    world.failures["people"] = [RateLimitedError("slow down", retry_after=timedelta(minutes=1))]
    steps = (world.step("people"), world.step("invite", prefers=("people",), patience=3))
    async with running(world.runner(*steps)):
        await until(world.state_is("people", StepState.WAITING))
        await world.clock.sleeping(3)
        world.clock.advance(2.9)
        await asyncio.sleep(0.03)
        assert "invite" not in await world.journal()

        async def is_invited() -> bool:
            world.clock.advance(0.1)
            return await world.state_is("invite", StepState.DONE)()

        await until(is_invited)
        assert world.clock.monotonic() < 10, "long before the wait of the other ends"
    assert world.effects == ["invite"]


async def test_draining_waits_for_the_step_under_way_without_spinning() -> None:
    clock = CountingClock()
    world = World(clock=clock)
    await world.open()
    world.hold("long")
    world.hold("quick")
    runner = world.runner(
        world.step("long"), world.step("quick"), world.step("next", after=("quick",))
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run())
        await world.is_begun("long")
        await world.is_begun("quick")
        runner.drain()
        world.release("quick")
        await until(world.state_is("quick", StepState.DONE))
        waits = clock.waits
        await asyncio.sleep(0.05)
        assert clock.waits - waits < 3
        world.release("long")
    assert sorted(world.effects) == ["long", "quick"]


async def test_what_was_ready_when_drained_does_not_wait_for_what_was_not() -> None:
    world = World()
    await world.open()
    world.hold("a")
    world.failures["slow"] = [RateLimitedError("slow down", retry_after=timedelta(minutes=9))]
    steps = (world.step("slow"), world.step("a"), world.step("b", after=("a",)))
    runner = world.runner(*steps)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run())
        await until(world.state_is("slow", StepState.WAITING))
        runner.drain()
        world.release("a")
    assert world.effects == ["a"]
    async with running(world.runner(*steps, owner="two")):
        await until(world.state_is("b", StepState.DONE))


async def test_a_parked_plan_wakes_for_the_first_of_its_steps() -> None:
    world = World()
    await world.open()
    for minutes, name in ((5, "a"), (2, "b")):
        wait = timedelta(minutes=minutes)
        world.failures[name] = [RateLimitedError("slow down", retry_after=wait)]
    async with running(world.runner(world.step("a"), world.step("b"))):
        await until_parked(world)
        assert (await world.head()).not_before == world.clock.now() + timedelta(minutes=2)


async def test_a_change_that_cannot_be_applied_fails_its_step_and_no_other() -> None:
    world = World()
    await world.open()

    def refuse(incident: Incident) -> Incident:
        raise RefusedError("it was closed meanwhile")

    def broken(incident: Incident) -> Incident:
        raise ZeroDivisionError

    async def change(context: StepContext) -> Outcome:
        return Outcome(apply=refuse if context.step == "refused" else broken)

    steps = (
        world.step("refused", run=change),
        world.step("broken", run=change),
        world.step("good"),
    )
    async with running(world.runner(*steps)):
        await ended(world, PlanState.DONE)
    journal = await world.journal()
    assert journal["refused"].error == "it was closed meanwhile"
    assert "an error in this program" in journal["broken"].error
    assert world.effects == ["good"]


async def test_a_conflict_that_reading_again_does_not_solve_fails_the_try_and_not_the_run() -> (
    None
):
    world = World()
    theirs = Room(channel_id=ChannelId("C1"), name="theirs")
    other = (await world.open(2)).model_copy(update={"version": 2, "room": theirs})
    await world.backend.incidents.commit(Change(incident_id=other.incident_id, incident=other))
    await world.open()

    async def adopt(context: StepContext) -> Outcome:
        return Outcome(apply=lambda incident: incident.model_copy(update={"room": theirs}))

    async with running(world.runner(world.step("a", run=adopt, attempts=1))):
        await ended(world, PlanState.DONE)
    assert (await world.journal())["a"].error == "the room belongs to another incident"


async def test_a_step_that_runs_in_parts_fails_as_its_gravest_part_does() -> None:
    world = World()
    await world.open()

    async def parts(context: StepContext) -> Outcome:
        raise ExceptionGroup("parts", [UnavailableError("busy"), RefusedError("no such team")])

    async with running(world.runner(world.step("a", run=parts))):
        await ended(world, PlanState.DONE)
    assert (await world.journal())["a"].error == "no such team"


@pytest.mark.parametrize("stored", [True, False])
async def test_a_store_that_fails_is_no_failure_of_the_step_whose_result_it_was_given(
    stored: bool,
) -> None:
    world = World()
    await world.open()
    troubles = [UnknownOutcomeError("disk")]

    async def fail(change: Change) -> None:
        if any(record.state is StepState.DONE for record in change.steps) and troubles:
            raise troubles.pop()

    store = WatchedStore(world.backend.incidents)
    if stored:
        store.after = fail
    else:
        store.before = fail
    async with running(world.runner(world.step("a", attempts=1), store=store)):

        async def is_done() -> bool:
            world.clock.advance(0.5)
            await asyncio.sleep(0.002)
            return (await world.head()).state is PlanState.DONE

        await until(is_done)
    assert world.effects == ["a"]
    assert (await world.journal())["a"].state is StepState.DONE
    assert await world.backend.ledger.entries(ID) == []


async def test_a_change_keeps_being_decided_anew_while_others_are_faster() -> None:
    world = World()
    await world.open()
    rivals = 5

    async def overtake(change: Change) -> None:
        nonlocal rivals
        if change.incident is not None and rivals:
            rivals -= 1
            newest = await world.backend.incidents.get(ID)
            assert newest is not None
            theirs = newest.model_copy(
                update={"version": newest.version + 1, "summary": f"{newest.summary}x"}
            )
            await world.backend.incidents.commit(Change(incident_id=ID, incident=theirs))

    async def change(context: StepContext) -> Outcome:
        return Outcome(apply=lambda incident: incident.model_copy(update={"title": "ours"}))

    store = WatchedStore(world.backend.incidents, before=overtake)
    async with running(world.runner(world.step("a", run=change), store=store)):
        await ended(world, PlanState.DONE)
    found = await world.backend.incidents.get(ID)
    assert found is not None
    assert (found.title, found.summary) == ("ours", "xxxxx")


async def test_a_conflict_raised_by_a_step_itself_is_tried_again() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [ConflictError("somebody was faster")]
    async with running(world.runner(world.step("a"))):
        await until(world.state_is("a", StepState.WAITING))
        await sit_out(world)
        await ended(world, PlanState.DONE)


async def test_every_stored_change_of_a_step_is_told_as_it_happens() -> None:
    world = World()
    await world.open()
    world.failures["bad"] = [RefusedError("no")]
    told: list[tuple[str, StepState]] = []
    runner = world.runner(world.step("a"), world.step("bad", after=("a",)))
    runner.on_progress = lambda incident_id, record: told.append((record.step, record.state))
    async with running(runner):
        await ended(world, PlanState.DONE)
    assert told == [
        ("a", StepState.STARTED),
        ("a", StepState.DONE),
        ("bad", StepState.STARTED),
        ("bad", StepState.FAILED),
    ]


async def test_what_hangs_on_something_given_up_ends_the_plan_and_is_never_begun() -> None:
    world = World()
    await world.open()
    world.failures["a"] = [RefusedError("no")]
    steps = (
        world.step("a"),
        world.step("b", after=("a",)),
        world.step("c", after=("b",)),
        world.step("end", settled=("c",)),
    )
    async with running(world.runner(*steps)):
        await ended(world, PlanState.DONE)
    assert sorted(await world.journal()) == ["a", "end"]
    assert world.effects == ["end"]
