"""How an incident is being answered: who was paged, who is reminded, how it ended.

Values inside an incident. Not here: what moves them (workflows), the rules (policy).
"""

from datetime import datetime
from enum import StrEnum

from incident_response.domain.model import UserId, Value


class Impact(StrEnum):
    """What makes an incident worse than its alert says."""

    CUSTOMERS = "customers"
    SECURITY = "security"
    REVENUE = "revenue"


class Escalation(Value):
    """How far up the ladder the incident has been taken."""

    level: int = 0
    """Index of the ladder's step that was paged last; 0 is who is on call."""
    paged_at: datetime | None = None
    """When that step was paged; None: the room's assembling was the page."""
    paged: tuple[UserId, ...] = ()
    """Who was paged last."""
    acknowledged_by: UserId | None = None
    acknowledged_at: datetime | None = None


class Nudging(Value):
    """Whether and from when on the commander is reminded."""

    is_silenced: bool = False
    snoozed_until: datetime | None = None
    unanswered: int = 0
    """Reminders in a row that were followed by no update."""
    backup_told: bool = False
    """Whether the next person on call was told that nobody answers."""


class Resolution(Value):
    """How and by whom the incident was ended, from the moment it was asked for."""

    by: UserId
    at: datetime
    summary: str = ""
    run: int = 1
    """Counts the resolvings of the incident: it may be reopened."""


class Postmortem(Value):
    """The postmortem in the issue tracker."""

    issue_id: str
    identifier: str = ""
    """For people, such as ``OPS-12``."""
    url: str = ""
    review_due_at: datetime
    is_template: bool = False
