"""Where incidents, their groups and plans live; a change and the entries that explain it are one
transaction.

Not here: how a change is decided.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from incident_response.domain.alert import IntakeStatus
from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.ledger import NewEntry
from incident_response.domain.model import ChannelId, EventId, IncidentId, Value
from incident_response.ports.lease import Lease


class StepState(StrEnum):
    """How far a step of a plan has come."""

    WAITING = "waiting"
    """Not begun, or to be done again; ``not_before`` says when."""
    STARTED = "started"
    """Begun: if nobody is doing it now, its outcome is unknown."""
    DONE = "done"
    FAILED = "failed"
    """Given up; somebody may ask for it again."""


class StepRecord(Value):
    """What the journal knows of one step of one plan of one incident."""

    plan: str
    step: str
    state: StepState
    attempts: int = 0
    """How often it was begun."""
    result: JsonValue = None
    """What the step returned; kept when it is asked for again, so that it can find its earlier
    work.
    """
    error: str = ""
    """Why it failed, for people."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    not_before: datetime | None = None


class PlanState(StrEnum):
    """Whether a plan still has work."""

    OPEN = "open"
    DONE = "done"
    ABANDONED = "abandoned"


class PlanRecord(Value):
    """The head of one plan of one incident."""

    incident_id: IncidentId
    plan: str
    state: PlanState
    opened_at: datetime
    not_before: datetime | None = None
    """An open plan has nothing to do before this."""
    trace: str = ""
    """W3C ``traceparent`` of what made it necessary; empty if that was not traced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """Marks an intake record in the same transaction as what it was folded into."""

    event_id: EventId
    status: IntakeStatus
    incident_id: IncidentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that is stored together, or not at all.

    ``incident`` and ``group`` carry the version they shall have: stored only over version - 1 (1:
    must not exist yet). If ``incident.room`` is set, the channel→incident mapping is written with
    it.
    """

    incident_id: IncidentId | None
    """None only for a change that concerns no incident (a stale alert of an unknown group): then
    no entries.
    """
    incident: Incident | None = None
    group: AlertGroup | None = None
    entries: tuple[NewEntry, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    plan: PlanRecord | None = None
    folding: Folding | None = None
    lease: Lease | None = None
    """Stored only while this lease is the newest taken; its name is the incident's id, or begins
    with it and a slash.
    """

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a change that contradicts itself: a mistake of the caller."""
        if self.incident_id is None and (self.incident or self.entries or self.steps or self.plan):
            raise ValueError("a change without an incident id cannot concern an incident")
        named = {
            self.incident_id if self.incident is None else self.incident.incident_id,
            self.incident_id if self.plan is None else self.plan.incident_id,
            self.incident_id if self.lease is None else self.lease.name.partition("/")[0],
        }
        if named != {self.incident_id}:
            wrong = named - {self.incident_id}
            raise ValueError(f"a change of {self.incident_id} cannot concern {wrong}")


class IncidentStore(Protocol):
    """Keeps incidents. Every read here sees every write that has returned."""

    async def get(self, incident_id: IncidentId) -> Incident | None: ...

    async def by_channel(self, channel_id: ChannelId) -> Incident | None:
        """The incident whose room this channel is."""
        ...

    async def recent(self, *, open_only: bool, limit: int) -> list[Incident]:
        """Newest first. For people: a list that may miss the last seconds on some backends."""
        ...

    async def group(self, group_id: str) -> AlertGroup | None: ...

    async def commit(self, change: Change) -> None:
        """Store all of ``change`` with its sealed ledger entries in one transaction.

        Raises ``ConflictError`` if a version moved on or the intake record was folded already,
        ``LeaseLostError`` if the lease was taken over; then nothing is stored.
        ``UnknownOutcomeError``: read again before deciding.
        """
        ...

    async def journal(self, incident_id: IncidentId, plan: str) -> dict[str, StepRecord]:
        """The plan's step records by step name."""
        ...

    async def plan(self, incident_id: IncidentId, plan: str) -> PlanRecord | None: ...

    async def open_plans(self, *, due_at: datetime, limit: int) -> list[PlanRecord]:
        """Open plans with nothing to wait for at ``due_at``, oldest first: finds work, decides
        nothing.
        """
        ...

    async def expire(self, incident_id: IncidentId, *, at: datetime | None) -> None:
        """All that is kept of the incident may be deleted after ``at``, which some backends do;
        None: it is kept. Can be done twice.
        """
        ...
