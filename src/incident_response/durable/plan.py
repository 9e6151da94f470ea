"""A plan: a small graph of named steps, and what a step is told and returns.

A plan says nothing about where its journal lives or who runs it. Not here: running it (runner).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import NewEntry
from incident_response.domain.model import IncidentId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a step knows when it runs."""

    incident: Incident
    """As it stood when this try began."""
    plan: str
    step: str
    attempt: int
    """1 for the first try."""
    first_started_at: datetime
    """When the first try began: nothing of this step can be older."""
    results: Mapping[str, JsonValue]
    """Results of the steps that are done, by name."""
    failures: Mapping[str, str]
    """Reasons of the steps that were given up, by name."""
    previous: JsonValue
    """This step's own earlier result, if it is asked for again."""

    @property
    def incident_id(self) -> IncidentId:
        """The incident this is about."""
        return self.incident.incident_id

    @property
    def key(self) -> str:
        """The same for every try of this step: an effect is marked with it, to be found again."""
        return f"{self.incident_id}:{self.plan}:{self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step did: stored as one transaction with the step's record."""

    result: JsonValue = None
    apply: Callable[[Incident], Incident] | None = None
    """How the incident changes; pure, may be called again on a newer state of the incident."""
    entries: tuple[NewEntry, ...] = ()


Run = Callable[[StepContext], Awaitable[Outcome]]
Reconcile = Callable[[StepContext], Awaitable[Outcome | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One named step.

    It begins when all of ``after`` are done, all of ``settled`` are done or given up, and all of
    ``prefers`` are settled too or ``patience`` has passed since the rest was met.
    """

    name: str
    run: Run
    """Does it. Raises ``RetryableError`` (tried again) or ``PermanentError`` (given up)."""
    reconcile: Reconcile | None = None
    """Finds out whether an earlier try did it;

    None if it did not. A step without one can be done twice unharmed.
    """
    after: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    prefers: tuple[str, ...] = ()
    patience: timedelta = timedelta(0)
    deadline: timedelta = timedelta(seconds=10)
    """For one try, reconciling included."""
    attempts: int | None = 3
    """Tries before it is given up; None: never, it is what the plan is for."""

    @property
    def needs(self) -> frozenset[str]:
        """Every step this one waits for in some way."""
        return frozenset((*self.after, *self.settled, *self.prefers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps and their order. Raises ``ValueError`` for twins, strangers and circles."""

    name: str
    steps: tuple[Step, ...]
    by_name: Mapping[str, Step] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {step.name: step for step in self.steps})
        if len(self.by_name) != len(self.steps):
            raise ValueError(f"plan {self.name}: two steps of one name")
        self._refuse_strangers()
        self._refuse_circles()

    @property
    def patience(self) -> timedelta:
        """The longest that any step waits for what it merely prefers."""
        return max((step.patience for step in self.steps), default=timedelta(0))

    def downstream(self, name: str) -> frozenset[str]:
        """Every step that waits for ``name``, directly or not."""
        found = {name}
        while more := {s.name for s in self.steps if s.needs & found} - found:
            found |= more
        return frozenset(found - {name})

    def _refuse_strangers(self) -> None:
        for step in self.steps:
            if strangers := step.needs - self.by_name.keys():
                raise ValueError(f"plan {self.name}: {step.name} waits for unknown {strangers}")

    def _refuse_circles(self) -> None:
        settled: set[str] = set()
        while ready := {s.name for s in self.steps if s.needs <= settled} - settled:
            settled |= ready
        if len(settled) != len(self.steps):
            raise ValueError(f"plan {self.name}: steps wait for each other in a circle")
