"""What the status page is made of, for drafting: reading only. Not here: publishing."""

from typing import Protocol

from incident_response.domain.draft import Component


class PageBoard(Protocol):
    """Reads the page."""

    page_id: str

    async def components(self) -> tuple[Component, ...]:
        """The page's real components in its order, as they are now."""
        ...

    async def subscribers(self) -> int:
        """How many active subscribers a message reaches."""
        ...
