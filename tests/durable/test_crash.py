import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import pytest

from incident_response.domain.errors import UnavailableError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.durable.plan import Outcome, Step, StepContext
from incident_response.ports.incident_store import Change, PlanState
from tests.durable.bench import ID, World, running, until
from tests.durable.watched import WatchedStore

NAMES = ("room", "people", "facts", "invite", "end")


@dataclass
class Crash:
    """Stops everything at one write of the journal, before it is stored or after."""

    at: int
    moment: str
    writes: int = 0
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def before(self, _: Change) -> None:
        self.writes += 1
        if self.writes >= self.at and self.moment == "before":
            await self._stop()

    async def after(self, _: Change) -> None:
        if self.writes >= self.at and self.moment == "after":
            await self._stop()

    async def _stop(self) -> None:
        self.happened.set()
        await asyncio.Event().wait()


class Effects:
    """Steps that have an effect in the world, a change of the incident and a ledger entry each."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def do(self, context: StepContext) -> Outcome:
        await self._world.do(context)
        return self._outcome(context)

    async def look(self, context: StepContext) -> Outcome | None:
        return self._outcome(context) if context.step in self._world.effects else None

    def _outcome(self, context: StepContext) -> Outcome:
        def noted(incident: Incident) -> Incident:
            return incident.model_copy(update={"summary": incident.summary + context.step + " "})

        entry = NewEntry(
            kind=EntryKind.MESSAGE_POSTED,
            at=self._world.clock.now(),
            details={"step": context.step},
        )
        return Outcome(result=context.step, apply=noted, entries=(entry,))

    def step(
        self, name: str, *, after: tuple[str, ...] = (), settled: tuple[str, ...] = ()
    ) -> Step:
        return Step(
            name=name,
            run=self.do,
            reconcile=self.look,
            after=after,
            settled=settled,
            attempts=None,
        )

    def steps(self) -> tuple[Step, ...]:
        return (
            self.step("room"),
            self.step("people"),
            self.step("facts", after=("room",)),
            self.step("invite", after=("room",), settled=("people",)),
            self.step("end", settled=("facts", "invite")),
        )


async def is_done(world: World) -> bool:
    world.clock.advance(1)
    await asyncio.sleep(0.001)
    return (await world.head()).state is PlanState.DONE


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_crash_at_any_write_of_the_journal_leaves_every_effect_done_once(
    moment: str,
) -> None:
    for ordinal in itertools.count(1):
        world = World()
        world.failures["invite"] = [UnavailableError("busy")]
        await world.open()
        crash = Crash(ordinal, moment)
        store = WatchedStore(world.backend.incidents, before=crash.before, after=crash.after)
        steps = Effects(world).steps()

        async def has_ended(crash: Crash = crash, world: World = world) -> bool:
            return crash.happened.is_set() or await is_done(world)

        async with running(world.runner(*steps, store=store)):
            await until(has_ended)
        await world.backend.claim_processor()  # the next process finds the first one dead
        async with running(world.runner(*steps, owner="two")):
            await until(partial(is_done, world))
        await assert_done_once(world)
        await world.backend.close()
        if not crash.happened.is_set():
            assert ordinal > 2 * len(NAMES), "each step was cut at its beginning and its end"
            return


async def assert_done_once(world: World) -> None:
    assert Counter(world.effects) == dict.fromkeys(NAMES, 1)
    entries = await world.backend.ledger.entries(ID)
    assert Counter(entry.details["step"] for entry in entries) == dict.fromkeys(NAMES, 1)
    assert (await world.backend.ledger.head(ID))[1] == world.backend.seal.verify(ID, entries)
    incident = await world.backend.incidents.get(ID)
    assert incident is not None
    assert Counter(incident.summary.split()) == dict.fromkeys(NAMES, 1)
