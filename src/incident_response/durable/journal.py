"""The journal of one plan as its runner holds it: which steps may begin now, and what each change
of state looks like.

Pure bookkeeping over step records. Not here: doing steps or storing records (run).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from incident_response.durable.plan import Plan, Step
from incident_response.ports.incident_store import StepRecord, StepState

BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before the second, third... try; the last one repeats."""


@dataclass(slots=True)
class Journal:
    """The records of one plan of one incident."""

    plan: Plan
    records: dict[str, StepRecord]
    name: str = ""
    """What this run of the plan is called; the plan's own name if empty."""
    met_at: dict[str, datetime] = field(default_factory=dict)
    """When a step had all it needs but what it merely prefers."""

    def __post_init__(self) -> None:
        self.name = self.name or self.plan.name

    def record(self, name: str) -> StepRecord:
        """The step's record; a step nobody has begun is waiting."""
        return self.records.get(name) or StepRecord(
            plan=self.name, step=name, state=StepState.WAITING
        )

    @property
    def results(self) -> Mapping[str, JsonValue]:
        """Results of the steps that are done."""
        done = (r for r in self.records.values() if r.state is StepState.DONE)
        return {record.step: record.result for record in done}

    @property
    def failures(self) -> Mapping[str, str]:
        """Reasons of the steps that were given up."""
        failed = (r for r in self.records.values() if r.state is StepState.FAILED)
        return {record.step: record.error for record in failed}

    def state(self, name: str) -> StepState:
        """The step's state."""
        return self.record(name).state

    def is_settled(self, name: str) -> bool:
        """Whether the step is done, given up, or can no longer begin because a step it needs was
        given up.
        """
        if self.state(name) in (StepState.DONE, StepState.FAILED):
            return True
        return self.is_blocked(name)

    def is_blocked(self, name: str) -> bool:
        """Whether a step it must come after was given up."""
        after = self.plan.by_name[name].after
        return any(self.state(n) is StepState.FAILED or self.is_blocked(n) for n in after)

    @property
    def is_finished(self) -> bool:
        """Whether no step has anything left to do."""
        return all(self.is_settled(step.name) for step in self.plan.steps)

    @property
    def given_up(self) -> tuple[str, ...]:
        """Steps the plan is for that were given up or blocked."""
        vital = (s.name for s in self.plan.steps if s.attempts is None)
        return tuple(n for n in vital if self.state(n) is not StepState.DONE)

    def due_at(self, step: Step, now: datetime) -> datetime | None:
        """When the waiting step may begin; None if that depends on other steps."""
        record = self.record(step.name)
        if record.state is not StepState.WAITING or not self._needs_met(step):
            return None
        met_at = self.met_at.setdefault(step.name, now)
        due = max(met_at, record.not_before or met_at)
        if all(self.is_settled(name) for name in step.prefers):
            return due
        return max(due, met_at + step.patience)

    def _needs_met(self, step: Step) -> bool:
        is_done = (self.state(name) is StepState.DONE for name in step.after)
        return all(is_done) and all(self.is_settled(name) for name in step.settled)

    def begin(self, name: str, now: datetime) -> StepRecord:
        """The record of a step that begins now."""
        old = self.record(name)
        return old.model_copy(
            update={
                "state": StepState.STARTED,
                "attempts": old.attempts + 1,
                "started_at": old.started_at or now,
                "ended_at": None,
                "not_before": None,
            }
        )

    def done(self, name: str, now: datetime, result: JsonValue) -> StepRecord:
        """The record of a step that is done; it stays waiting if it was asked for again while it
        was under way, for then it was done on what no longer holds.
        """
        old = self.record(name)
        state = StepState.DONE if old.state is StepState.STARTED else StepState.WAITING
        update = {"state": state, "ended_at": now, "result": result, "error": ""}
        return old.model_copy(update=update)

    def failed(self, name: str, now: datetime, reason: str) -> StepRecord:
        """The record of a step that is given up."""
        update = {"state": StepState.FAILED, "ended_at": now, "error": reason}
        return self.record(name).model_copy(update=update)

    def postponed(
        self, name: str, now: datetime, *, reason: str, wait: timedelta | None
    ) -> StepRecord:
        """The record of a step that is tried again after ``wait``; None or zero: after the usual
        back-off.
        """
        old = self.record(name)
        backoff = BACKOFF[min(max(old.attempts, 1), len(BACKOFF)) - 1]
        not_before = now + (wait or timedelta(seconds=backoff))
        update = {"state": StepState.WAITING, "error": reason, "not_before": not_before}
        return old.model_copy(update=update)

    def asked_again(self, name: str) -> tuple[StepRecord, ...]:
        """Records that make a given-up step, and what builds on it, wait to be done anew; none if
        it is not given up.

        The results stay, and what was tried so far counts as one try: each step looks for what it
        did before, and has tries left.
        """
        if self.state(name) is not StepState.FAILED:
            return ()
        again = {name, *self.plan.downstream(name)}
        return tuple(_anew(record) for step, record in self.records.items() if step in again)

    def resumed(self) -> "Journal":
        """This journal as a new run finds it: nobody is doing what was under way, so it waits to
        be looked for.
        """
        update = {"state": StepState.WAITING, "not_before": None}
        for name, record in self.records.items():
            if record.state is StepState.STARTED:
                self.records[name] = record.model_copy(update=update)
        return self

    def put(self, *records: StepRecord) -> None:
        """Take over stored records."""
        for record in records:
            self.records[record.step] = record
            if record.state is not StepState.WAITING:
                self.met_at.pop(record.step, None)


def _anew(record: StepRecord) -> StepRecord:
    update = {
        "state": StepState.WAITING,
        "attempts": min(record.attempts, 1),
        "not_before": None,
        "error": "",
    }
    return record.model_copy(update=update)
