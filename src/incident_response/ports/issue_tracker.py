"""Where postmortems live. Not here: any product; what a postmortem says (domain.postmortem)."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssue:
    """An issue to create."""

    issue_id: str
    """A UUID v4 that we made: the same at every try, so that it is created once."""
    title: str
    body: str
    """Markdown."""
    labels: tuple[str, ...] = ()
    """Names; one that does not exist is made."""
    assignee_email: str = ""
    """Nobody is assigned, and that is said, if nobody has this address."""
    link_url: str = ""
    """Attached as a link, such as the room's."""
    link_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it stands."""

    issue_id: str
    identifier: str
    """For people, such as ``OPS-12``."""
    url: str
    is_done: bool
    """Whether it is completed or cancelled."""
    assignee_email: str = ""
    left_out: tuple[str, ...] = ()
    """What was asked for and could not be had, for people: set by ``create`` only."""


class IssueTracker(Protocol):
    """Keeps issues."""

    async def create(self, issue: NewIssue) -> Issue:
        """There when this returns, once, also if it was created by an earlier try.

        Raises ``UnknownOutcomeError`` (create again: it is safe), ``RetryableError`` or
        ``PermanentError``.
        """
        ...

    async def get(self, issue_id: str) -> Issue | None:
        """The issue as it stands; None if there is none. Raises as ``create``."""
        ...
