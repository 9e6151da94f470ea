"""Statuspage: publishing what was approved, finding it again, and what the page is made of.

Statuspage has no idempotency key: what we send carries a mark in the incident's ``metadata``, by
which it is found when no answer came. Where the page does not give metadata back, the text is
compared instead, among what appeared since we sent. Not here: whether anything may be sent
(``workflows.approval_gate``), when it is looked for (``workflows.publishing``).
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

import aiohttp
from pydantic import AwareDatetime, Field, JsonValue, TypeAdapter

from incident_response.adapters.http import (
    Bounds,
    Breaker,
    Credentials,
    Text,
    Vendor,
    VendorHttp,
    Wire,
    path_segment,
)
from incident_response.domain.approval import ApprovedDraft
from incident_response.domain.draft import Component, ComponentStatus
from incident_response.domain.errors import NotFoundError, RefusedError
from incident_response.domain.model import Json
from incident_response.ports.clock import Clock
from incident_response.ports.page_board import PageInfo
from incident_response.ports.status_page import Publication

PAGE_SIZE = 100
"""The most that Statuspage gives at once."""
MOST_PAGES = 10
MARK = "incident_response"
"""Our key in an incident's metadata, whose values must be objects. Customers might read it."""
CLOCKS_DIFFER_BY = timedelta(seconds=5)
REMEMBERED = 200
"""Sendings whose time is remembered, to compare texts if need be."""

_VENDOR = Vendor(
    name="Statuspage", url_setting="STATUSPAGE_URL", credential_setting="STATUSPAGE_API_KEY"
)
# Statuspage allows 60 calls in any 60 seconds for one key. A little slower than one a second, so
# that calls which come late do not crowd into one minute. The total leaves time for a turn.
_BOUNDS = Bounds(
    total_seconds=30.0, attempt_seconds=10.0, concurrency=1, per_second=0.95, failures_to_open=5
)


class _Update(Wire):
    status: Text = ""
    body: Text = ""
    created_at: AwareDatetime


class _Incident(Wire):
    id: str
    name: Text = ""
    shortlink: Text = ""
    created_at: AwareDatetime
    metadata: JsonValue = None
    incident_updates: list[_Update] = Field(default_factory=list)

    @property
    def mark(self) -> str | None:
        """Our mark; None if it has none, or if the page does not give metadata back."""
        inside = self.metadata.get(MARK) if isinstance(self.metadata, dict) else None
        key = inside.get("key") if isinstance(inside, dict) else None
        return key if isinstance(key, str) else None

    @property
    def publication(self) -> Publication:
        return Publication(page_incident_id=self.id, url=self.shortlink)


class _Component(Wire):
    id: str
    name: Text = ""
    status: Text = ""
    group: bool | None = False

    @property
    def component(self) -> Component:
        known = set(ComponentStatus)
        status = self.status if self.status in known else ComponentStatus.OPERATIONAL
        return Component(
            component_id=self.id, name=self.name or self.id, status=ComponentStatus(status)
        )


class _Page(Wire):
    name: Text = ""
    domain: Text = ""
    subdomain: Text = ""

    @property
    def url(self) -> str:
        """Where people read it; ``url`` of the answer is the company's website."""
        host = self.domain or self.subdomain
        if not host:
            return ""
        return f"https://{host}" if "." in host else f"https://{host}.statuspage.io"


_INCIDENT = TypeAdapter(_Incident)
_INCIDENTS = TypeAdapter(list[_Incident])
_COMPONENTS = TypeAdapter(list[_Component])
_PAGE = TypeAdapter(_Page)
_COUNTS = TypeAdapter(dict[str, int])


class StatuspagePage:
    """``ports.status_page.StatusPage`` and ``ports.page_board.PageBoard`` on Statuspage.

    One of them a process and key: all its calls share the pace that Statuspage allows.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        page_id: str,
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self.page_id = page_id
        self._path = f"/pages/{path_segment(page_id)}"
        self._clock = clock
        self._sent: OrderedDict[str, datetime] = OrderedDict()
        self._http = VendorHttp(
            _VENDOR,
            base_url=base_url,
            credentials=Credentials(
                headers={"Authorization": f"OAuth {api_key}"}, secrets=(api_key,)
            ),
            http=http,
            clock=clock,
            bounds=_BOUNDS,
            permit=ApprovedDraft,
        )

    @property
    def breaker(self) -> Breaker:
        """Whether Statuspage is left alone now."""
        return self._http.breaker

    async def publish(self, approved: ApprovedDraft) -> Publication:
        """One POST for a new incident, one PATCH for an update; see the port."""
        message = approved.message
        if message.page_id != self.page_id:
            raise RefusedError(
                f"The message is for page {message.page_id}, and STATUSPAGE_PAGE_ID is"
                f" {self.page_id}: draft it anew",
                reason="other_page",
            )
        self._remember(mark_of(approved))
        body: Json = {"incident": incident_body(approved)}
        if message.page_incident_id:
            path = self._incident(message.page_incident_id)
            told = await self._http.write("PATCH", path, body, shape=_INCIDENT, permit=approved)
        else:
            path = f"{self._path}/incidents"
            told = await self._http.write("POST", path, body, shape=_INCIDENT, permit=approved)
        return told.publication

    async def find(self, approved: ApprovedDraft) -> Publication | None:
        """By its mark, else by its text; see the port."""
        if approved.message.page_incident_id:
            known = await self._read_incident(approved.message.page_incident_id)
        else:
            known = await self._newest()
        mine = [one for one in known if self._is_it(one, approved)]
        return min(mine, key=lambda one: one.created_at).publication if mine else None

    async def components(self) -> tuple[Component, ...]:
        """Without the headings that group them; see the port."""
        found: list[_Component] = []
        for number in range(1, MOST_PAGES + 1):
            params = {"page": number, "per_page": PAGE_SIZE}
            rows = await self._http.read(f"{self._path}/components", _COMPONENTS, params)
            found += rows
            if len(rows) < PAGE_SIZE:
                break
        return tuple(row.component for row in found if not row.group)

    async def subscribers(self) -> int:
        """Of every kind: mail, SMS, chat, webhooks."""
        counts = await self._http.read(f"{self._path}/subscribers/count", _COUNTS)
        return sum(counts.values())

    async def about(self) -> PageInfo:
        """The page's name and address."""
        page = await self._http.read(self._path, _PAGE)
        return PageInfo(name=page.name or self.page_id, url=page.url)

    async def ping(self) -> str:
        """Whether the key reads the page, for the doctor; raises what ``about`` raises."""
        return f"reads {(await self.about()).name}"

    async def _newest(self) -> list[_Incident]:
        """What is open, and the newest hundred: a message may have resolved it at once."""
        unresolved = await self._http.read(
            f"{self._path}/incidents/unresolved", _INCIDENTS, {"per_page": PAGE_SIZE}
        )
        newest = await self._http.read(f"{self._path}/incidents", _INCIDENTS, {"limit": PAGE_SIZE})
        return [*unresolved, *newest]

    async def _read_incident(self, page_incident_id: str) -> list[_Incident]:
        try:
            return [await self._http.read(self._incident(page_incident_id), _INCIDENT)]
        except NotFoundError:
            return []

    def _incident(self, page_incident_id: str) -> str:
        return f"{self._path}/incidents/{path_segment(page_incident_id)}"

    def _is_it(self, incident: _Incident, approved: ApprovedDraft) -> bool:
        if incident.mark is not None:
            return incident.mark == mark_of(approved)
        sent_at = self._sent.get(mark_of(approved))
        # Without its time, an earlier message of the same words could be taken for it.
        return sent_at is not None and _says(incident, approved, since=sent_at)

    def _remember(self, mark: str) -> None:
        self._sent[mark] = self._clock.now()
        self._sent.move_to_end(mark)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)


def mark_of(approved: ApprovedDraft) -> str:
    """What names exactly this approval on the page."""
    return f"{approved.incident_id}:{approved.key}"


def incident_body(approved: ApprovedDraft) -> Json:
    """What Statuspage is told of it: the same for a new incident and for an update."""
    message = approved.message
    statuses: Json = {part.component_id: part.status.value for part in message.components}
    return {
        "name": message.title,
        "body": message.body,
        "status": message.status.value,
        "impact_override": message.impact.value,
        "component_ids": [part.component_id for part in message.components],
        "components": statuses,
        "deliver_notifications": True,
        # Replaced as a whole by the next update, which is then the one to be found.
        "metadata": {MARK: {"key": mark_of(approved), "digest": message.digest}},
    }


def _says(incident: _Incident, approved: ApprovedDraft, *, since: datetime) -> bool:
    """Whether these very words, with this status, have appeared there since then."""
    message = approved.message
    fitting: Iterable[_Update] = (
        told
        for told in incident.incident_updates
        if told.created_at >= since - CLOCKS_DIFFER_BY
        and (told.body, told.status) == (message.body, message.status.value)
    )
    is_new = not message.page_incident_id
    return any(fitting) and (not is_new or incident.name == message.title)
