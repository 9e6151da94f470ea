"""The public status page: what customers read while something is wrong, and afterwards.

What belongs here: drawing one company's page from what Statuspage's stand-in keeps. What does not:
changing anything; customers only read.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from aiohttp import web

from incident_response.sandbox.clock import Clock
from incident_response.sandbox.page.guard import protected
from incident_response.sandbox.page.markup import LINE_BREAK, Html, escaped, tag
from incident_response.sandbox.page.sheet import sheet, sheet_reply, theme_of
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.model import (
    Component,
    ComponentStatus,
    Impact,
    Incident,
    IncidentUpdate,
)

HISTORY_SECONDS: Final = 14 * 86400
_COMPONENT_WORDS: Final[dict[ComponentStatus, str]] = {
    "operational": "Operational",
    "degraded_performance": "Degraded performance",
    "partial_outage": "Partial outage",
    "major_outage": "Major outage",
    "under_maintenance": "Under maintenance",
}
_IMPACT_WORDS: Final[dict[Impact, str]] = {
    "none": "No impact",
    "maintenance": "Maintenance",
    "minor": "Minor impact",
    "major": "Major impact",
    "critical": "Critical impact",
}
_OVERALL_WORDS: Final[dict[ComponentStatus, str]] = {
    "operational": "All systems operational",
    "degraded_performance": "Some systems are slow",
    "partial_outage": "Some systems are partly down",
    "major_outage": "Some systems are down",
    "under_maintenance": "Maintenance is under way",
}
# From what matters least to what matters most to a customer.
_WORSE: Final[tuple[ComponentStatus, ...]] = (
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)


class StatusPage:
    """The page over one board."""

    def __init__(self, board: StatusBoard, clock: Clock) -> None:
        self._board = board
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the page's routes under `/status`."""
        return [
            web.get("/status", protected(self._front)),
            web.get("/status/incidents/{incident}", protected(self._incident)),
        ]

    async def _front(self, request: web.Request) -> web.StreamResponse:
        board, now = self._board, self._clock.now()
        incidents = board.incidents()
        going_on = [_incident(one) for one in incidents if one.is_open]
        over = [
            one
            for one in incidents
            if one.resolved_at is not None and one.resolved_at > now - HISTORY_SECONDS
        ]
        parts = board.components()
        return self._reply(
            request,
            f"{board.company.name} status",
            _overall(parts, any(one.is_open for one in incidents)),
            tag("section", going_on, aria_label="Open incidents") if going_on else None,
            _components(parts),
            _history(over),
        )

    async def _incident(self, request: web.Request) -> web.StreamResponse:
        found = self._board.incident(request.match_info["incident"])
        if found is None:
            raise web.HTTPNotFound(text="there is no such incident on this page\n")
        back = tag("p", tag("a", "← Current status", href="/status"))
        title = f"{found.name} · {self._board.company.name} status"
        return self._reply(request, title, _incident(found), back)

    def _reply(self, request: web.Request, title: str, *content: Html | None) -> web.Response:
        name = self._board.company.name
        mark = tag("span", name[:1], class_="mark", aria_hidden="true")
        header = tag("header", tag("a", mark, tag("span", name), href="/status", class_="brand"))
        note = tag(
            "footer",
            "The sandbox's public status page. What customers would read, on this machine only.",
        )
        shown = sheet(
            title,
            header,
            tag("main", tag("h1", title, class_="sr-only"), *content),
            note,
            style="status",
            theme=theme_of(request.cookies),
        )
        return sheet_reply(shown)


def _overall(parts: Sequence[Component], is_troubled: bool) -> Html:
    worst = max((_WORSE[0], *(part.status for part in parts)), key=_WORSE.index)
    if worst == "operational" and is_troubled:
        return tag("p", "An incident is under way", class_="overall s-degraded_performance")
    return tag("p", _OVERALL_WORDS[worst], class_=f"overall s-{worst}")


def _components(parts: Iterable[Component]) -> Html:
    rows = [
        tag(
            "li",
            tag("b", part.name),
            tag("span", _COMPONENT_WORDS[part.status], class_=f"state s-{part.status}"),
            data_component=part.id,
        )
        for part in parts
    ]
    return tag("section", tag("h2", "Systems"), tag("ul", rows, class_="components"))


def _incident(incident: Incident) -> Html:
    impact = incident.shown_impact
    affected = sorted({part.name for told in incident.updates for part in told.affected})
    head = tag(
        "div",
        tag("h2", tag("a", incident.name, href=f"/status/incidents/{incident.id}")),
        tag("span", _IMPACT_WORDS[impact], class_="badge"),
        class_="incident-head",
    )
    touched = tag("p", f"Affects {', '.join(affected)}", class_="muted") if affected else None
    return tag(
        "article",
        head,
        touched,
        [_update(told) for told in incident.updates],
        class_=f"incident i-{impact}",
        data_incident=incident.id,
        data_status=incident.status,
    )


def _update(told: IncidentUpdate) -> Html:
    lines = [escaped(line) for line in told.body.split("\n")]
    return tag(
        "div",
        tag("b", told.status.capitalize()),
        tag("p", Html(LINE_BREAK.join(lines))),
        _time(told.display_at),
        class_="update",
    )


def _history(over: list[Incident]) -> Html:
    days = [
        tag("div", tag("h3", day), [_incident(one) for one in same_day])
        for day, same_day in groupby(over, key=lambda one: f"{_at(one.created_at):%B %-d, %Y}")
    ]
    none = tag("p", "No incidents in the last 14 days.", class_="muted")
    return tag("section", tag("h2", "Past incidents"), days or none, class_="history")


def _time(at: float) -> Html:
    moment = _at(at)
    return tag("time", f"{moment:%b %-d, %H:%M} UTC", datetime=moment.isoformat())


def _at(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
