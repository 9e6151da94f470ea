"""What the status page is made of, for drafting: reading only. Not here: publishing."""

from dataclasses import dataclass
from typing import Protocol

from incident_response.domain.draft import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """What people call the page, and where they read it."""

    name: str
    url: str = ""
    """Empty if that is not known."""


class PageBoard(Protocol):
    """Reads the page."""

    page_id: str

    async def components(self) -> tuple[Component, ...]:
        """The page's real components in its order, as they are now."""
        ...

    async def subscribers(self) -> int:
        """How many active subscribers a message reaches."""
        ...

    async def about(self) -> PageInfo:
        """Its name and address."""
        ...
