"""One run of one plan of one incident, from the first step that is not done to the end or to a
wait.

The only place that does steps. Not here: which incidents are run when (runner).
"""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RetryableError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.durable.failures import innermost
from incident_response.durable.journal import Journal
from incident_response.durable.plan import Outcome, Step, StepContext
from incident_response.durable.waiting import pause
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import (
    Change,
    IncidentStore,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.ports.lease import Lease
from incident_response.telemetry import annotate, note_failure, span

SHORT_WAIT = timedelta(seconds=2)
"""A wait up to this long, or up to the plan's patience, is sat out; a longer one gives the lease
back and is taken up when due.
"""
RATE_LIMIT_TRIES = 10
"""Tries of a step that is merely told to slow down: that is no failure of the step. One that has a
single try is no such step: it only reads, and the client behind it has waited already.
"""
NOTHING_MORE = Outcome()
"""What is stored with records that explain nothing but themselves."""

log = structlog.get_logger(__name__)


class PlanRun:
    """Does the steps of one plan under one lease."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        clock: Clock,
        lease: Lease,
        journal: Journal,
        incident: Incident,
        head: PlanRecord,
        on_progress: Callable[[StepRecord], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._lease = lease
        self._journal = journal
        self._incident = incident
        self._head = head
        self._storing = asyncio.Lock()
        self._running: set[str] = set()
        self._changed = asyncio.Event()
        self._is_draining = False
        self._is_closed = False
        self._on_progress = on_progress

    @property
    def trace(self) -> str:
        """The ``traceparent`` of what opened the plan, or empty."""
        return self._head.trace

    def drain(self) -> None:
        """Begin no further step; the run ends when those under way have ended."""
        self._is_draining = True
        self._changed.set()

    async def ask_again(self, step: str, entry: NewEntry) -> None:
        """Do a given-up step and what builds on it anew; stored when this returns.

        Nothing happens if the step is not given up. Raises ``ConflictError`` if the run has just
        ended.
        """
        async with self._storing:
            if self._is_closed:
                raise ConflictError("the run has ended meanwhile")
            records = self._journal.asked_again(step)
            if records:
                await self._save(records, Outcome(entries=(entry,)))
        self._changed.set()

    async def go(self) -> PlanState:
        """Run until nothing is left to do now.

        Raises an ``ExceptionGroup`` around ``LeaseLostError`` if another owner took over, or
        around what kept the store from answering; the journal then says where to go on.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                while (wait := await self._begin_due(tasks)) is not None:
                    await pause(self._clock, wait if math.isfinite(wait) else None, self._changed)
            async with self._storing:
                self._is_closed = True  # before the lock is given back
                return await self._close()
        finally:
            self._is_closed = True

    async def _begin_due(self, tasks: asyncio.TaskGroup) -> float | None:
        """Begin every step that may begin; then the seconds until another may, None to end the
        run.
        """
        async with self._storing:
            self._changed.clear()
            now = self._clock.now()
            due = self._due(now)
            ready = () if self._is_draining else tuple(s for s, at in due.items() if at <= now)
            if ready:
                await self._save(tuple(self._journal.begin(s.name, now) for s in ready))
            for step in ready:
                self._running.add(step.name)
                tasks.create_task(self._perform(step), name=f"step {step.name}")
            return self._wait_seconds([at for s, at in due.items() if s not in ready], now)

    def _wait_seconds(self, later: list[datetime], now: datetime) -> float | None:
        if self._is_draining or not later:
            return math.inf if self._running else None
        wait = min(later) - now
        if self._running or wait <= max(SHORT_WAIT, self._journal.plan.patience):
            return wait.total_seconds()
        return None

    def _due(self, now: datetime) -> dict[Step, datetime]:
        """When each step may begin that waits only for the time."""
        idle = (s for s in self._journal.plan.steps if s.name not in self._running)
        return {s: at for s in idle if (at := self._journal.due_at(s, now)) is not None}

    async def _perform(self, step: Step) -> None:
        try:
            with span(f"{self._journal.plan.name} {step.name}"):
                attempt = self._journal.record(step.name).attempts
                annotate(plan=self._journal.name, step=step.name, attempt=attempt)
                failure = await self._try(step)
                if failure is not None:
                    note_failure(failure)
                    await self._settle_failed(step, failure)
                annotate(step_state=self._journal.state(step.name).value)
        finally:
            self._running.discard(step.name)
            self._changed.set()

    async def _try(self, step: Step) -> BaseException | None:
        """Do the step and store what came of it; or why it could not be done.

        Raises what kept the store from answering: that is no failure of the step.
        """
        try:
            outcome = await self._attempt(step)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this step's trouble only
            return innermost(error)
        try:
            await self._finish(step, outcome)
        except _UnfitOutcomeError as error:
            return error.cause
        except ConflictError as error:
            return error
        return None

    async def _attempt(self, step: Step) -> Outcome:
        context = self._context(step)
        try:
            async with asyncio.timeout(step.deadline.total_seconds()):
                if context.attempt > 1 and step.reconcile is not None:
                    found = await step.reconcile(context)
                    if found is not None:
                        return found
                return await step.run(context)
        except TimeoutError as error:
            seconds = step.deadline.total_seconds()
            raise RetryableError(f"no answer within {seconds:g} seconds") from error

    def _context(self, step: Step) -> StepContext:
        record = self._journal.record(step.name)
        assert record.started_at is not None
        return StepContext(
            incident=self._incident,
            plan=self._journal.name,
            step=step.name,
            attempt=record.attempts,
            first_started_at=record.started_at,
            results=self._journal.results,
            failures=self._journal.failures,
            previous=record.result,
        )

    async def _finish(self, step: Step, outcome: Outcome) -> None:
        async with self._storing:
            record = self._journal.done(step.name, self._clock.now(), outcome.result)
            await self._save((record,), outcome)

    async def _settle_failed(self, step: Step, error: BaseException) -> None:
        async with self._storing:
            if self._journal.state(step.name) is StepState.WAITING:
                return  # asked for again meanwhile: it is begun anew in any case
            if isinstance(error, RetryableError) and self._may_try_again(step, error):
                await self._postpone(step, error)
            else:
                await self._give_up(step, error)

    def _may_try_again(self, step: Step, error: RetryableError) -> bool:
        if step.attempts is None:
            return True
        limit = step.attempts
        if limit > 1 and isinstance(error, RateLimitedError):
            limit = max(limit, RATE_LIMIT_TRIES)
        return self._journal.record(step.name).attempts < limit

    async def _postpone(self, step: Step, error: RetryableError) -> None:
        record = self._journal.postponed(
            step.name, self._clock.now(), reason=str(error), wait=error.retry_after
        )
        log.warning(
            "step will be tried again",
            step=step.name,
            incident_id=self._incident.incident_id,
            attempt=record.attempts,
            reason=record.error,
        )
        await self._save((record,))

    async def _give_up(self, step: Step, error: BaseException) -> None:
        is_known = isinstance(error, IncidentResponseError)
        reason = str(error) if is_known else "an error in this program; its log has the details"
        log.warning(
            "step given up",
            step=step.name,
            incident_id=self._incident.incident_id,
            reason=reason,
            exc_info=None if is_known else error,
        )
        now = self._clock.now()
        entry = NewEntry(
            kind=EntryKind.STEP_FAILED, at=now, details={"step": step.name, "reason": reason}
        )
        record = self._journal.failed(step.name, now, reason)
        await self._save((record,), Outcome(entries=(entry,)))

    async def _save(
        self, records: tuple[StepRecord, ...], outcome: Outcome = NOTHING_MORE
    ) -> None:
        """Store records and what they explain as one; decided again on the newest incident if
        somebody was faster. Only while ``_storing`` is held.
        """
        while True:
            incident = self._applied(outcome)
            try:
                await self._commit(records, incident, outcome.entries)
                break
            except ConflictError:
                if not await self._reload():
                    raise
        self._incident = incident or self._incident
        self._journal.put(*records)
        for record in records:
            self._on_progress(record)

    def _applied(self, outcome: Outcome) -> Incident | None:
        if outcome.apply is None:
            return None
        try:
            changed = outcome.apply(self._incident)
        except Exception as error:
            raise _UnfitOutcomeError(error) from error
        if changed == self._incident:
            return None
        return changed.model_copy(update={"version": self._incident.version + 1})

    async def _commit(
        self,
        records: tuple[StepRecord, ...],
        incident: Incident | None,
        entries: tuple[NewEntry, ...],
    ) -> None:
        change = Change(
            incident_id=self._incident.incident_id,
            incident=incident,
            entries=entries,
            steps=records,
            lease=self._lease,
        )
        await self._store.commit(change)

    async def _reload(self) -> bool:
        """Whether the incident has moved on; its newest state is then ours."""
        newest = await self._store.get(self._incident.incident_id)
        if newest is None:
            raise NotFoundError("the incident is gone from the store")
        is_newer = newest.version != self._incident.version
        self._incident = newest
        return is_newer

    async def _close(self) -> PlanState:
        """Store how the plan stands now that nothing of it runs."""
        if self._journal.is_finished:
            state = PlanState.ABANDONED if self._journal.given_up else PlanState.DONE
        else:
            state = PlanState.OPEN
        head = self._head.model_copy(update={"state": state, "not_before": self._next_due()})
        if head != self._head:
            change = Change(incident_id=head.incident_id, plan=head, lease=self._lease)
            await self._store.commit(change)
        return state

    def _next_due(self) -> datetime | None:
        """When there is something to do again; None for at once, as after draining."""
        if self._is_draining:
            return None
        return min(self._due(self._clock.now()).values(), default=None)


class _UnfitOutcomeError(Exception):
    """What a step did cannot be applied to the incident: a failure of the step, not the store."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause
