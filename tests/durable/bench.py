"""A runner over a real store and a world of effects that a plan can have."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.errors import IncidentResponseError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.durable.runner import PlanRunner
from incident_response.ports.incident_store import (
    Change,
    IncidentStore,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.ports.lease import Lease, LeaseStore
from tests.fakes.clock import FakeClock
from tests.ports.samples import incident

PLAN = "test"
INCIDENT = incident(1)
ID = INCIDENT.incident_id
LEASE = f"{ID}/{PLAN}"
"""Of the run of that plan."""


@dataclass
class World:
    """What the steps do to, and what a crash leaves as it is."""

    clock: FakeClock = field(default_factory=FakeClock)
    backend: EmbeddedBackend = field(init=False)
    effects: list[str] = field(default_factory=list)
    """Names of the steps whose effect happened, in order."""
    failures: dict[str, list[IncidentResponseError]] = field(default_factory=dict)
    """What the next tries of a step raise, before any effect."""
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    """A step waits for its gate before its effect."""
    begun: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.backend = EmbeddedBackend.open(None, clock=self.clock)

    def hold(self, step: str) -> None:
        self.gates[step] = asyncio.Event()

    def release(self, step: str) -> None:
        self.gates.pop(step).set()

    async def is_begun(self, step: str) -> None:
        await self.begun.setdefault(step, asyncio.Event()).wait()

    async def do(self, context: StepContext) -> Outcome:
        """The effect of a step."""
        self.begun.setdefault(context.step, asyncio.Event()).set()
        if self.failures.get(context.step):
            raise self.failures[context.step].pop(0)
        if context.step in self.gates:
            await self.gates[context.step].wait()
        self.effects.append(context.step)
        return Outcome(result={"did": context.step})

    async def look(self, context: StepContext) -> Outcome | None:
        """Whether an earlier try had its effect."""
        return Outcome(result={"found": context.step}) if context.step in self.effects else None

    def step(
        self,
        name: str,
        *,
        after: tuple[str, ...] = (),
        settled: tuple[str, ...] = (),
        prefers: tuple[str, ...] = (),
        patience: float = 0,
        attempts: int | None = 3,
        run: Callable[[StepContext], Awaitable[Outcome]] | None = None,
        reconcile: Callable[[StepContext], Awaitable[Outcome | None]] | None = None,
        deadline: float = 10,
    ) -> Step:
        return Step(
            name=name,
            run=run or self.do,
            reconcile=reconcile or self.look,
            deadline=timedelta(seconds=deadline),
            after=after,
            settled=settled,
            prefers=prefers,
            patience=timedelta(seconds=patience),
            attempts=attempts,
        )

    async def open(self, number: int = 1) -> Incident:
        """Store an incident with its plan open."""
        found = incident(number)
        head = PlanRecord(
            incident_id=found.incident_id,
            plan=PLAN,
            state=PlanState.OPEN,
            opened_at=self.clock.now(),
        )
        await self.backend.incidents.commit(
            Change(incident_id=found.incident_id, incident=found, plan=head)
        )
        return found

    def state_is(
        self, step: str, state: StepState, incident_id: IncidentId = ID
    ) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            record = (await self.journal(incident_id)).get(step)
            return record is not None and record.state is state

        return check

    async def journal(self, incident_id: IncidentId = ID) -> dict[str, StepRecord]:
        return await self.backend.incidents.journal(incident_id, PLAN)

    async def head(self, incident_id: IncidentId = ID) -> PlanRecord:
        found = await self.backend.incidents.plan(incident_id, PLAN)
        assert found is not None
        return found

    def runner(
        self,
        *steps: Step,
        owner: str = "one",
        store: IncidentStore | None = None,
        leases: LeaseStore | None = None,
    ) -> PlanRunner:
        return PlanRunner(
            plans=(Plan(name=PLAN, steps=steps),),
            store=store or self.backend.incidents,
            leases=leases or self.backend.leases,
            clock=self.clock,
            owner=owner,
        )


@asynccontextmanager
async def running(runner: PlanRunner) -> AsyncIterator[PlanRunner]:
    """The runner until the context ends; cut off then wherever it is."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(runner.run())
        await asyncio.sleep(0)
        try:
            yield runner
        finally:
            task.cancel()


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await check():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.002)


async def ended(world: World, state: PlanState, incident_id: IncidentId = ID) -> None:
    async def has() -> bool:
        return (await world.head(incident_id)).state is state

    await until(has)


async def taken(world: World, incident_id: IncidentId = ID) -> Lease:
    """The incident's lease in another's hands, as soon as the runner has let it go."""
    async with asyncio.timeout(5):
        while True:
            ttl = timedelta(minutes=1)
            lease = await world.backend.leases.acquire(LEASE, owner="other", ttl=ttl)
            if lease is not None:
                return lease
