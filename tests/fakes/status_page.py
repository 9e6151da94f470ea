"""A status page without a wire, where replies get lost and messages land late on demand."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from incident_response.domain.approval import ApprovedDraft
from incident_response.domain.draft import Component, ComponentStatus, PageMessage, PageStatus
from incident_response.domain.errors import (
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.ports.clock import Clock
from incident_response.ports.page_board import PageInfo
from incident_response.ports.status_page import Publication
from tests.fakes.behaviour import Behaviour

PAGE_ID = "page1"
COMPONENTS = (
    Component(component_id="c1", name="Checkout"),
    Component(component_id="c2", name="Search"),
    Component(component_id="c3", name="Login"),
)


@dataclass(frozen=True)
class Told:
    """A message as customers read it, and the mark it came with."""

    message: PageMessage
    mark: str
    at: datetime


@dataclass
class PageIncident:
    """An incident on the page, its messages oldest first."""

    incident_id: str
    told: list[Told] = field(default_factory=list)

    @property
    def status(self) -> PageStatus:
        return self.told[-1].message.status

    @property
    def title(self) -> str:
        return self.told[-1].message.title

    @property
    def bodies(self) -> list[str]:
        return [told.message.body for told in self.told]


Fault = Callable[[Callable[[], Publication]], Publication]


class FakeStatusPage:
    """``ports.status_page.StatusPage`` and ``ports.page_board.PageBoard`` in memory."""

    def __init__(
        self, clock: Clock, *, page_id: str = PAGE_ID, parts: tuple[Component, ...] = COMPONENTS
    ) -> None:
        self.page_id = page_id
        self.incidents: list[PageIncident] = []
        """Oldest first."""
        self.attempts: list[ApprovedDraft] = []
        """Every sending, also those that failed."""
        self.looks = 0
        self.reading = Behaviour()
        """How components, subscribers and the page's name are answered for."""
        self.looking = Behaviour()
        """How ``find`` answers."""
        self.subscriber_count = 1_367
        self._clock = clock
        self._statuses = {part.component_id: part for part in parts}
        self._faults: deque[Fault] = deque()
        self._late: list[Callable[[], Publication]] = []
        self._numbers = itertools.count(1)

    # --- what a test sets up and looks at ------------------------------------------------------

    def fail(self, error: IncidentResponseError, *, times: int = 1) -> None:
        """The next sendings raise ``error`` and have no effect."""

        def raises(_: Callable[[], Publication]) -> Publication:
            raise error

        self._faults.extend([raises] * times)

    def rate_limit(self, *, times: int = 1) -> None:
        """The next sendings are asked to slow down."""
        self.fail(RateLimitedError("the page asks us to slow down"), times=times)

    def refuse(self, *, times: int = 1) -> None:
        """The next sendings are refused."""
        self.fail(RefusedError("the page refused the request", reason="http_422"), times=times)

    def lose_reply(self, *, times: int = 1) -> None:
        """The next sendings have their effect, and no answer comes."""

        def loses(apply: Callable[[], Publication]) -> Publication:
            apply()
            raise UnknownOutcomeError("the page did not answer")

        self._faults.extend([loses] * times)

    def swallow(self, *, times: int = 1) -> None:
        """The next sendings have no effect, and no answer comes."""
        self.fail(UnknownOutcomeError("the page did not answer"), times=times)

    def delay(self, *, times: int = 1) -> None:
        """The next sendings get no answer, and have their effect at ``land``."""

        def delays(apply: Callable[[], Publication]) -> Publication:
            self._late.append(apply)
            raise UnknownOutcomeError("the page did not answer")

        self._faults.extend([delays] * times)

    def land(self) -> None:
        """Whatever was delayed takes effect now."""
        late, self._late = self._late, []
        for apply in late:
            apply()

    # --- the ports -----------------------------------------------------------------------------

    async def publish(self, approved: ApprovedDraft) -> Publication:
        self.attempts.append(approved)
        await asyncio.sleep(0)
        if approved.message.page_id != self.page_id:
            raise RefusedError("the message is for another page", reason="other_page")

        def apply() -> Publication:
            return self._apply(approved)

        return self._faults.popleft()(apply) if self._faults else apply()

    async def find(self, approved: ApprovedDraft) -> Publication | None:
        self.looks += 1
        if await self.looking.meet():
            return None
        wanted = approved.message.page_incident_id
        for incident in self.incidents:
            if wanted and incident.incident_id != wanted:
                continue
            if any(told.mark == _mark(approved) for told in incident.told):
                return self._publication(incident)
        return None

    async def components(self) -> tuple[Component, ...]:
        return () if await self.reading.meet() else tuple(self._statuses.values())

    async def subscribers(self) -> int:
        return 0 if await self.reading.meet() else self.subscriber_count

    async def about(self) -> PageInfo:
        await self.reading.meet()
        return PageInfo(name="Tidewater", url="https://status.tidewater.test")

    # --- inside --------------------------------------------------------------------------------

    def _apply(self, approved: ApprovedDraft) -> Publication:
        message = approved.message
        strangers = {part.component_id for part in message.components} - set(self._statuses)
        if strangers:
            raise RefusedError("the page has no such component", reason="http_422")
        incident = self._incident(message.page_incident_id)
        incident.told.append(Told(message, _mark(approved), self._clock.now()))
        for part in message.components:
            self._set(part.component_id, part.status)
        return self._publication(incident)

    def _incident(self, incident_id: str) -> PageIncident:
        if not incident_id:
            opened = PageIncident(f"p{next(self._numbers)}")
            self.incidents.append(opened)
            return opened
        found = next((i for i in self.incidents if i.incident_id == incident_id), None)
        if found is None:
            raise NotFoundError("the page has no such incident")
        return found

    def _set(self, component_id: str, status: ComponentStatus) -> None:
        part = self._statuses[component_id]
        self._statuses[component_id] = part.model_copy(update={"status": status})

    def _publication(self, incident: PageIncident) -> Publication:
        url = f"https://status.tidewater.test/incidents/{incident.incident_id}"
        return Publication(page_incident_id=incident.incident_id, url=url)


def _mark(approved: ApprovedDraft) -> str:
    return f"{approved.incident_id}:{approved.key}"
