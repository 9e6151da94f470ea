"""A pager without a wire."""

from dataclasses import dataclass, field

from incident_response.ports.pager import Page
from tests.fakes.behaviour import Behaviour


@dataclass
class FakePager:
    """``ports.pager.Pager`` that knows the people of ``known`` and keeps what it was asked."""

    known: frozenset[str]
    pages: list[Page] = field(default_factory=list)
    behaviour: Behaviour = field(default_factory=Behaviour)

    @property
    def called(self) -> list[str]:
        """Everybody who was called, in order."""
        return [email for page in self.pages for email in page.emails if email in self.known]

    async def page(self, page: Page) -> tuple[str, ...]:
        await self.behaviour.meet()
        if not page.emails or any(email.lower() in self.known for email in page.emails):
            self.pages.append(page)
        return tuple(email for email in page.emails if email.lower() not in self.known)
