"""A message to customers on its way to the status page: its exact content, and how far it is.

::

    PENDING ─approve→ APPROVED ─taken→ SENDING ─accepted→ PUBLISHED
       │ ↺ edit        │ ↑ refused───────┤
       └→ REJECTED ←───┘                 └unknown→ RECONCILING ─found→ PUBLISHED
              ↑                                        └absent twice→ NEEDS_HUMAN
              └── reject ──────────────────────────────────────────────┤
                                              APPROVED ←─ publish again ┘

An approved draft that the page refuses for good, or for too long, is *stuck*: it waits for a
person, who publishes it again, edits it (PENDING) or rejects it.

Pure values. Not here: who may move it (workflows.approval_gate), sending it
(workflows.publishing).
"""

import hashlib
import json
import re
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from incident_response.domain.errors import RefusedError
from incident_response.domain.model import UserId, Value
from incident_response.domain.plain_text import composed

TITLE_LIMIT = 150
"""Characters of a title: what is shown whole in one line (Statuspage takes 255)."""
BODY_LIMIT = 5_000
"""Characters of a text: what one Slack message shows whole (Statuspage takes 25,000)."""
ROOM_LIMIT = 6_000
"""What title, text and components may take of that message together, as JSON: a sign that is
written with two (quotes, backslashes, line ends, most emoji) counts twice.
"""
LONGEST_GAP = 200
"""Blanks in a row; a part of a message that is nothing else could not be shown."""
NAME_ROOM = 100
ROW_ROOM = 30
"""What a component's name takes at most, and its row beside that."""
CODE_LENGTH = 6


class PageStatus(StrEnum):
    """What the status page says of the incident (Statuspage's words, in the order of its life)."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class PageImpact(StrEnum):
    """How bad it is for customers (Statuspage's ``impact_override``)."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class ComponentStatus(StrEnum):
    """How a component of the page is."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    MAINTENANCE = "under_maintenance"


class Component(Value):
    """A part of the product that customers see on the page."""

    component_id: str
    name: str
    status: ComponentStatus = ComponentStatus.OPERATIONAL


class PageMessage(Value):
    """Exactly what is sent: nothing outside it reaches a customer."""

    page_id: str
    page_incident_id: str = ""
    """The page's incident that this updates; empty to open one."""
    title: str
    body: str
    status: PageStatus
    impact: PageImpact
    components: tuple[Component, ...] = ()
    """Affected components, each with the status it shall show."""

    @property
    def digest(self) -> str:
        """SHA-256 over every byte that is sent, as 64 hex digits."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def code(self) -> str:
        """The six hex digits that name exactly this message, to be typed or read aloud."""
        return self.digest[:CODE_LENGTH]

    def composed(self) -> "PageMessage":
        """With title and text as they are shown: no invisible characters, composed form."""
        title = " ".join(composed(self.title).split())
        return self.model_copy(update={"title": title, "body": composed(self.body)})


class DraftContent(Value):
    """What somebody wants to tell customers, before it is a message to one page."""

    title: str
    body: str
    status: PageStatus
    impact: PageImpact
    components: tuple[Component, ...] = ()

    def message(self, *, page_id: str, page_incident_id: str = "") -> PageMessage:
        """The message to this page, its texts composed: exactly what is shown, hashed and sent.

        Raises ``RefusedError`` that says what to change.
        """
        message = PageMessage(
            page_id=page_id,
            page_incident_id=page_incident_id,
            title=self.title,
            body=self.body,
            status=self.status,
            impact=self.impact,
            components=self.components,
        ).composed()
        _check_text("title", message.title, TITLE_LIMIT)
        _check_text("text", message.body, BODY_LIMIT)
        _check_components(message.components)
        _check_room(message)
        return message


def written_units(text: str) -> int:
    """The length of ``text`` inside JSON, in UTF-16 code units, as Slack counts messages."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2 - 2


_GAP = re.compile(rf"[\s\u200c\u200d\u2800\u3164]{{{LONGEST_GAP + 1}}}")
_SHOWS_NOTHING = dict.fromkeys(map(ord, "\u200c\u200d\u2800\u3164"))
"""What a cleaned text may still hold that nobody sees: joiners, blanks that are no spaces."""


def _check_text(what: str, text: str, limit: int) -> None:
    if not text.translate(_SHOWS_NOTHING).strip():
        raise RefusedError(f"The {what} is empty: write what customers shall read.")
    if _GAP.search(text):
        raise RefusedError(f"The {what} has a gap of more than {LONGEST_GAP} blanks: close it.")
    if len(text) > limit:
        raise RefusedError(
            f"The {what} has {len(text):,} characters, and at most {limit:,} are shown whole:"
            f" shorten it by {len(text) - limit:,}."
        )


def _check_room(message: PageMessage) -> None:
    """Nothing may be approved that was not displayed, so it has to fit into one message."""
    names = (min(written_units(part.name), NAME_ROOM) + ROW_ROOM for part in message.components)
    taken = written_units(message.title) + written_units(message.body) + sum(names)
    if taken > ROOM_LIMIT:
        raise RefusedError(
            f"The message takes {taken:,} of the {ROOM_LIMIT:,} signs that can be shown whole:"
            " shorten the text, or choose fewer components."
        )


def _check_components(components: tuple[Component, ...]) -> None:
    ids = [component.component_id for component in components]
    twice = sorted({c.name for c in components if ids.count(c.component_id) > 1})
    if twice:
        raise RefusedError(f"{', '.join(twice)} is there twice: give each component one status.")


class DraftState(StrEnum):
    """How far a draft is."""

    PENDING = "pending"
    APPROVED = "approved"
    SENDING = "sending"
    RECONCILING = "reconciling"
    """Sent, and no answer: the page is being looked at."""
    PUBLISHED = "published"
    NEEDS_HUMAN = "needs_human"
    """Sent, no answer, and not found on the page: a person has to look."""
    REJECTED = "rejected"

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens to it."""
        return self in (DraftState.PUBLISHED, DraftState.REJECTED)

    @property
    def is_under_way(self) -> bool:
        """Whether it may already be, or come to be, on the page."""
        return not self.is_settled and self is not DraftState.PENDING


class Approval(Value):
    """Somebody's word for exactly one message."""

    by: UserId
    at: datetime
    digest: str
    """Of the message that was shown to them."""
    right: str
    """Why they may: ``commander`` or ``approver``."""
    attempt: int = 1
    """Which of the draft's attempts it is for."""


class Author(StrEnum):
    """What wrote a text."""

    PERSON = "person"
    MODEL = "model"
    TEMPLATE = "template"


class Draft(Value):
    """The incident's one message that is not settled, or the last one that is."""

    number: int
    """Counts the drafts of the incident, from 1."""
    revision: int = 1
    """Counts the texts of this draft; an approval is for one of them."""
    message: PageMessage
    state: DraftState = DraftState.PENDING
    drafted_by: UserId | None = None
    """Who wrote this revision, or had it written; None for the program."""
    drafted_at: datetime
    author: Author = Author.PERSON
    subscribers: int | None = None
    """How many customers are told by mail; None if that is not known."""
    approvals: tuple[Approval, ...] = ()
    """Of this revision, in order; for each attempt as many people as the policy asks for."""
    attempt: int = 0
    """How often it was approved to the end: one POST each, unless the page refused it."""
    sent_at: datetime | None = None
    looks: int = 0
    """How often the page was looked at for it since it was sent."""
    trouble: str = ""
    """Why it was refused, rejected or is not certain, for people."""
    is_stuck: bool = False
    """Whether it is approved and nothing more is done by itself: a person has to decide."""

    @property
    def key(self) -> str:
        """What marks it on the page, so that it can be found there."""
        return f"{self.number}.{self.revision}.{self.attempt}"

    @property
    def may_be_edited(self) -> bool:
        """Whether its text may change: it is not approved, or nothing becomes of its approval."""
        return self.state is DraftState.PENDING or self.is_stuck

    @property
    def waits_for_approval(self) -> bool:
        """Whether an approval would have it sent (again)."""
        return self.may_be_edited or self.state is DraftState.NEEDS_HUMAN

    @property
    def given(self) -> tuple[Approval, ...]:
        """The approvals that count now: for the attempt under way, or else for the next one."""
        attempt = self.attempt + 1 if self.waits_for_approval else self.attempt
        return tuple(a for a in self.approvals if a.attempt == attempt)

    def is_named_by(self, code: str) -> bool:
        """Whether ``code`` names exactly this text.

        A button carries the whole digest; a person types at least ``CODE_LENGTH`` digits of it.
        """
        digits = code.strip().lower()
        return len(digits) >= CODE_LENGTH and self.message.digest.startswith(digits)


class PageThread(Value):
    """What the status page shows of this incident, as far as we published it."""

    page_incident_id: str = ""
    status: PageStatus | None = None
    url: str = ""
    title: str = ""
    impact: PageImpact = PageImpact.MINOR
    components: tuple[Component, ...] = ()
    published_at: datetime | None = None
    draft: Draft | None = None
    drafts: int = Field(default=0, ge=0)
    """How many drafts there have been."""
