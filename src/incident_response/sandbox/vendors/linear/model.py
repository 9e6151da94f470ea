"""What the issue tracker consists of.

What belongs here: the records. What does not: how they are kept and changed (`tracker.py`) and how
they look in GraphQL (`views.py`).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

StateType = Literal["backlog", "unstarted", "started", "completed", "canceled"]

PRIORITY_LABELS = ("No priority", "Urgent", "High", "Medium", "Low")


@dataclass(frozen=True, slots=True)
class Team:
    """A team, which issues belong to and are numbered within."""

    id: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class State:
    """A step of a team's workflow."""

    id: str
    name: str
    type: StateType
    color: str
    position: float


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: str
    name: str
    display_name: str
    email: str
    active: bool
    admin: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A label of one team, or of all where `team_id` is None."""

    id: str
    name: str
    color: str
    description: str | None = None
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the team."""

    id: str
    name: str
    description: str
    slug_id: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue; times are epoch seconds, None for not yet; `due_date` is a day as text."""

    id: str
    number: int
    title: str
    state_id: str
    created_at: float
    updated_at: float
    creator_id: str
    description: str | None = None
    priority: int = 0
    project_id: str | None = None
    assignee_id: str | None = None
    due_date: str | None = None
    label_ids: tuple[str, ...] = ()
    subscriber_ids: tuple[str, ...] = ()
    started_at: float | None = None
    completed_at: float | None = None
    canceled_at: float | None = None

    def entered(self, state: State, at: float) -> "Issue":
        """Return the issue after it entered `state` at epoch `at`."""
        return replace(
            self,
            state_id=state.id,
            started_at=at if state.type == "started" else self.started_at,
            completed_at=at if state.type == "completed" else None,
            canceled_at=at if state.type == "canceled" else None,
        )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A link on an issue; an issue has one per address."""

    id: str
    issue_id: str
    title: str
    url: str
    created_at: float
    updated_at: float
    subtitle: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said about an issue, as Markdown."""

    id: str
    issue_id: str
    user_id: str
    body: str
    created_at: float
    updated_at: float
