"""What the room knows so far, and what it does not: the content of the facts message.

Not here: how it is gathered (workflows) or drawn (blocks).
"""

from enum import StrEnum

from incident_response.domain.context import (
    ChangeExcerpt,
    LogExcerpt,
    ServiceHealth,
    TraceExcerpt,
)
from incident_response.domain.model import Value


class PartState(StrEnum):
    """How one part of the briefing stands."""

    PENDING = "pending"
    """Still being asked for."""
    READY = "ready"
    EMPTY = "empty"
    """The source answered, and has nothing on this: not an error, and not zero."""
    FAILED = "failed"
    """The source did not answer usefully; it may be asked again."""
    OFF = "off"
    """No such source is configured."""


class Part(Value):
    """One part of the room or its briefing: a row of *What is missing* when it failed."""

    step: str
    """The plan's step that provides it: what a retry button asks for again."""
    label: str
    """For people: ``Metrics``, ``On-call people`` ..."""
    state: PartState
    reason: str = ""
    """Why it failed or is empty, in plain words; may hold untrusted text."""


class Briefing(Value):
    """Everything gathered about an incident so far; a None is a part that is not READY."""

    parts: tuple[Part, ...] = ()
    health: ServiceHealth | None = None
    logs: LogExcerpt | None = None
    traces: TraceExcerpt | None = None
    changes: ChangeExcerpt | None = None
    unresolved: tuple[str, ...] = ()
    """People a source named who could not be invited, each with the reason."""

    @property
    def failed(self) -> tuple[Part, ...]:
        """The rows of *What is missing*."""
        return tuple(part for part in self.parts if part.state is PartState.FAILED)

    @property
    def pending(self) -> tuple[Part, ...]:
        """What is still being asked for."""
        return tuple(part for part in self.parts if part.state is PartState.PENDING)
