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


class Call(Value):
    """One time that people were called to an incident, beside those its room was made with."""

    number: int
    """Counts the calls of the incident, from 1."""
    key: str
    """Of what asked for it: asked again, it is not made again."""
    levels: tuple[str, ...]
    """Names of the ladder's steps that it reaches, such as ``L2``; several after an outage, or
    where a step has nobody behind it.
    """
    empty: tuple[str, ...] = ()
    """Those of ``levels`` that have nobody behind them."""
    at: datetime
    by: UserId | None = None
    """Who asked for it; None: the time had come."""
    why: str = ""
    users: tuple[UserId, ...] = ()
    addresses: tuple[str, ...] = ()
    """For the pager, which may know people that the chat does not."""
    unresolved: tuple[str, ...] = ()
    """Who was meant and cannot be called, with the reason."""

    @property
    def has_people(self) -> bool:
        """Whether anybody stands behind its steps."""
        return bool(self.users or self.addresses)


class Escalation(Value):
    """How far up the ladder the incident has been taken."""

    level: int = 0
    """Index of the ladder's step that was paged last; 0 is who is on call."""
    armed_at: datetime | None = None
    """From when on the next step's time counts; None: since the incident was opened."""
    paged_at: datetime | None = None
    """When that step was paged; None: the room's assembling was the page."""
    paged: tuple[UserId, ...] = ()
    """Who was paged last."""
    calls: tuple[Call, ...] = ()
    acknowledged_by: UserId | None = None
    acknowledged_at: datetime | None = None

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody has said that they are on it."""
        return self.acknowledged_by is not None

    def call_of(self, key: str) -> Call | None:
        """The call that was asked for under this key."""
        return next((call for call in self.calls if call.key == key), None)


class PreparedUpdate(Value):
    """An update that was drafted with a reminder, so that the form for it opens at once."""

    text: str
    at: datetime
    """When it was drafted: it knows nothing of what came later."""


class Nudging(Value):
    """Whether and from when on the commander is reminded."""

    is_silenced: bool = False
    snoozed_until: datetime | None = None
    counted_from: datetime | None = None
    """Slots count from here at the earliest; None: from the incident's beginning."""
    last_slot: datetime | None = None
    """The last slot that somebody was reminded at: of each slot there is one reminder."""
    reminded: UserId | None = None
    """Who was in command then; None: nobody, so the room was reminded."""
    unanswered: int = 0
    """Reminders in a row up to ``last_slot``; an update since then has answered them."""
    prepared: PreparedUpdate | None = None


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
    left_out: tuple[str, ...] = ()
    """What the issue was to have and has not, such as an assignee, with the reason."""
