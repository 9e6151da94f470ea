"""Runs plans: takes the lease, resumes what a crash or a wait left open, drains at the end.

One kind of plan may be run several times for an incident (every message to customers is a run of
its own), named ``kind#run``. Each run has a lease of its own, so that a slow one does
not hold up another. Not here: doing steps (run), what the steps are (workflows).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import structlog

from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    LeaseLostError,
    NotFoundError,
    RetryableError,
)
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.durable.failures import innermost
from incident_response.durable.journal import Journal
from incident_response.durable.plan import Plan
from incident_response.durable.run import PlanRun
from incident_response.durable.waiting import pause
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import (
    Change,
    IncidentStore,
    PlanState,
    StepRecord,
)
from incident_response.ports.lease import Lease, LeaseStore
from incident_response.telemetry import about, annotate, span

LEASE_TTL = timedelta(seconds=15)
"""How long a dead owner keeps others waiting."""
SWEEP_SECONDS = 1.0
"""How often open plans that nobody runs are looked for."""
SWEEP_LIMIT = 50
"""Plans that one sweep takes up."""

log = structlog.get_logger(__name__)


class _Which(NamedTuple):
    """A run of a plan of an incident."""

    incident_id: IncidentId
    plan: str

    @property
    def lease(self) -> str:
        """The name of its lease."""
        return f"{self.incident_id}/{self.plan}"


@dataclass(slots=True)
class _Active:
    """What this process is running."""

    run: PlanRun | None = None
    """None while the lease is being taken."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class PlanRunner:
    """Runs every kind of plan of its table for every incident, each run under its own lease."""

    def __init__(
        self,
        *,
        plans: Sequence[Plan],
        store: IncidentStore,
        leases: LeaseStore,
        clock: Clock,
        owner: str,
        lease_ttl: timedelta = LEASE_TTL,
    ) -> None:
        self._plans = {plan.name: plan for plan in plans}
        self._store = store
        self._leases = leases
        self._clock = clock
        self._owner = owner
        self._ttl = lease_ttl
        self._active: dict[_Which, _Active] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._stopping = asyncio.Event()
        self.on_progress: Callable[[IncidentId, StepRecord], None] = lambda *_: None
        """Called after each stored change of a step; must not block."""

    async def run(self) -> None:
        """Take up open plans until drained; ends when the last one has come to a step boundary."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                while not self._stopping.is_set():
                    await self._sweep()
                    await pause(self._clock, SWEEP_SECONDS, self._stopping)
        finally:
            self._tasks = None

    def drain(self) -> None:
        """Begin nothing more; ``run`` returns when the steps under way have ended and their leases
        are released.
        """
        self._stopping.set()
        for active in self._active.values():
            if active.run is not None:
                active.run.drain()

    def kick(self, incident_id: IncidentId, plan: str) -> None:
        """Begin an open plan at once rather than at the next sweep."""
        which = _Which(incident_id, plan)
        if self._tasks is None or self._stopping.is_set() or which in self._active:
            return
        active = self._active[which] = _Active()
        self._tasks.create_task(self._guarded(which, active), name=f"{plan} {incident_id}")

    async def ask_again(
        self, incident_id: IncidentId, plan: str, *, step: str, actor: str
    ) -> None:
        """Have a given-up step done anew; stored when this returns, done soon after. Nothing
        happens to a step that is not given up.

        Raises ``NotFoundError`` for an unknown plan or step, ``RetryableError`` if it cannot be
        stored now.
        """
        which, known = _Which(incident_id, plan), self._plan_of(plan)
        if known is None or step not in known.by_name:
            raise NotFoundError(f"there is no step {step} in {plan}")
        details: Json = {"plan": plan, "step": step}
        entry = NewEntry(
            kind=EntryKind.STEP_RETRIED, at=self._clock.now(), actor=actor, details=details
        )
        while (active := self._active.get(which)) is not None:
            if active.run is not None:
                with contextlib.suppress(ConflictError, LeaseLostError):  # it ends: wait for that
                    await active.run.ask_again(step, entry)
                    return
            await active.ended.wait()
        await self._reopen(which, step=step, entry=entry)
        self.kick(incident_id, plan)

    def _plan_of(self, name: str) -> Plan | None:
        """The plan that a run named ``kind`` or ``kind#run`` follows."""
        return self._plans.get(name.partition("#")[0])

    async def _reopen(self, which: _Which, *, step: str, entry: NewEntry) -> None:
        # Entered among the active ones: a run of our own would take the lease from us.
        active = self._active[which] = _Active()
        try:
            lease = await self._acquire(which)
            if lease is None:
                raise RetryableError("another processor is working on this incident")
            try:
                await self._store_again(which, lease, step=step, entry=entry)
            finally:
                await self._leases.release(lease)
        finally:
            self._end(which, active)

    async def _acquire(self, which: _Which) -> Lease | None:
        return await self._leases.acquire(which.lease, owner=self._owner, ttl=self._ttl)

    async def _store_again(
        self, which: _Which, lease: Lease, *, step: str, entry: NewEntry
    ) -> None:
        incident_id, plan = which
        head = await self._store.plan(incident_id, plan)
        if head is None:
            raise NotFoundError(f"{plan} was never begun for {incident_id}")
        journal = await self._journal(which)
        records = journal.asked_again(step)
        if not records and journal.is_finished:
            return
        change = Change(
            incident_id=incident_id,
            entries=(entry,) if records else (),
            steps=records,
            plan=head.model_copy(update={"state": PlanState.OPEN, "not_before": None}),
            lease=lease,
        )
        await self._store.commit(change)

    async def _sweep(self) -> None:
        try:
            # Those in hand are found too: they must not hide the others.
            limit = SWEEP_LIMIT + len(self._active)
            due = await self._store.open_plans(due_at=self._clock.now(), limit=limit)
        except RetryableError as error:
            log.warning("cannot look for open plans", reason=str(error))
            return
        for head in due:
            if self._plan_of(head.plan) is not None:
                self.kick(head.incident_id, head.plan)

    async def _guarded(self, which: _Which, active: _Active) -> None:
        try:
            await self._run_leased(which, active)
        except Exception as error:  # noqa: BLE001 - one run's trouble must not stop the others
            self._report(innermost(error), which)
        finally:
            self._end(which, active)

    def _end(self, which: _Which, active: _Active) -> None:
        del self._active[which]
        active.ended.set()

    def _report(self, error: BaseException, which: _Which) -> None:
        """Say why a run was interrupted; the sweep takes the plan up again."""
        incident_id, plan = which
        if isinstance(error, IncidentResponseError):
            log.warning("plan interrupted", incident_id=incident_id, plan=plan, reason=str(error))
        else:
            log.error("plan broke", incident_id=incident_id, plan=plan, exc_info=error)

    async def _run_leased(self, which: _Which, active: _Active) -> None:
        lease = await self._acquire(which)
        if lease is None:
            return
        try:
            run = await self._prepare(which, lease)
            if run is not None:
                active.run = run
                await self._run_traced(which, run, lease)
        finally:
            await self._leases.release(lease)

    async def _journal(self, which: _Which) -> Journal:
        incident_id, name = which
        plan = self._plan_of(name)
        assert plan is not None, "only plans of the table are run"
        return Journal(plan, await self._store.journal(incident_id, name), name=name)

    async def _prepare(self, which: _Which, lease: Lease) -> PlanRun | None:
        incident_id, plan = which
        head = await self._store.plan(incident_id, plan)
        incident = await self._store.get(incident_id)
        known = self._plan_of(plan) is not None
        if not known or head is None or incident is None or head.state is not PlanState.OPEN:
            return None
        journal = await self._journal(which)
        return PlanRun(
            store=self._store,
            clock=self._clock,
            lease=lease,
            journal=journal.resumed(),
            incident=incident,
            head=head,
            on_progress=lambda record: self.on_progress(incident_id, record),
        )

    async def _run_traced(self, which: _Which, run: PlanRun, lease: Lease) -> None:
        """In the trace of what opened the plan, whichever process that was."""
        incident_id, plan = which
        with span(f"plan {plan.partition('#')[0]}", parent=run.trace), about(incident_id):
            annotate(plan=plan)
            annotate(plan_state=(await self._run_renewing(run, lease)).value)

    async def _run_renewing(self, run: PlanRun, lease: Lease) -> PlanState:
        if self._stopping.is_set():
            run.drain()
        async with asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self._renew(lease))
            try:
                return await run.go()
            finally:
                renewing.cancel()

    async def _renew(self, lease: Lease) -> None:
        while True:
            await self._clock.sleep(self._ttl.total_seconds() / 3)
            try:
                await self._leases.renew(lease, ttl=self._ttl)
            except RetryableError as error:
                log.warning("cannot renew lease", lease=lease.name, reason=str(error))
