"""Calls people who are not looking at the chat. Not here: any on-call product."""

from dataclasses import dataclass, field
from typing import Protocol

from incident_response.domain.alert import OnCallRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Whom to call and why."""

    key: str
    """The same at every try of the same call."""
    title: str
    text: str
    team: str = ""
    """The on-call team, if nobody is named."""
    emails: tuple[str, ...] = ()
    url: str = ""
    route: OnCallRoute = field(default_factory=OnCallRoute)
    """Where the alert came from in the on-call product; people are called to that if possible."""


class Pager(Protocol):
    """Pages people through the on-call product."""

    async def page(self, page: Page) -> tuple[str, ...]:
        """Call them; the addresses that the product does not know.

        Raises ``RetryableError`` or ``PermanentError``; never retried inside.
        """
        ...
