"""Statuspage's REST API, version 1: the part an incident needs.

What belongs here: paths, authentication, pages of results and errors. What does not: the page's
content (`board.py`) and its judging (`drafting.py`). Errors are what the servers send, which is
not what their specification says: `{"error": ...}` with a sentence, or a list of broken rules.
"""

import json
from collections.abc import Callable, Iterable

from aiohttp import web

from incident_response.sandbox.vendors.desk import Answer, Desk, natural_argument, same
from incident_response.sandbox.vendors.statuspage import wire
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.drafting import (
    RefusedError,
    read_component_status,
    read_incident,
    read_update_edit,
)
from incident_response.sandbox.vendors.statuspage.model import Incident
from incident_response.sandbox.vendors.statuspage.pace import Pace
from incident_response.sandbox.vendors.statuspage.wire import SUBSCRIBERS, Json
from incident_response.sandbox.vendors.world import World

PREFIX = "/statuspage/v1"
_MOST_PER_PAGE = 100
_SUBSCRIBER_STATES = ("active", "unconfirmed", "quarantined")
_CALM_DOWN = 420  # what Statuspage answers beside 429; `rate_limited` faults show the other


class Statuspage:
    """The API over one board."""

    def __init__(self, world: World, board: StatusBoard) -> None:
        self._world = world
        self._board = board

    async def page(self, request: web.Request) -> web.Response:
        """Get the page."""
        created_at = min(part.created_at for part in self._board.components())
        url = f"{request.url.origin()}/status"
        return web.json_response(wire.page(self._world.company, created_at, url))

    async def components(self, request: web.Request) -> web.Response:
        """List components in the page's order."""
        parts = [wire.component(self._board, part) for part in self._board.components()]
        return _page_of(request, parts, size="per_page")

    async def component(self, request: web.Request) -> web.Response:
        """Get a component."""
        part = self._board.component(request.match_info["component"])
        return web.json_response(wire.component(self._board, part)) if part else not_found()

    async def update_component(self, request: web.Request) -> web.Response:
        """Set a component's status."""
        part = self._board.component(request.match_info["component"])
        if part is None:
            return not_found()
        status = read_component_status(await _document(request))
        if status is not None:
            part = self._board.set_component(part, status, at=self._world.clock.now())
        return web.json_response(wire.component(self._board, part))

    async def groups(self, request: web.Request) -> web.Response:
        """List component groups: there are none."""
        return _page_of(request, [], size="per_page")

    async def incidents(self, request: web.Request) -> web.Response:
        """List incidents, newest first; `q` searches names, statuses and messages."""
        wanted = request.query.get("q", "").casefold()
        found = [one for one in self._board.incidents() if wanted in _searched(one)]
        return _page_of(request, (self._shown(request, one) for one in found), size="limit")

    async def unresolved(self, request: web.Request) -> web.Response:
        """List incidents that are not resolved, newest first."""
        found = [one for one in self._board.incidents() if one.is_open]
        return _page_of(request, (self._shown(request, one) for one in found), size="per_page")

    async def incident(self, request: web.Request) -> web.Response:
        """Get an incident."""
        found = self._board.incident(request.match_info["incident"])
        return web.json_response(self._shown(request, found)) if found else not_found()

    async def create_incident(self, request: web.Request) -> web.Response:
        """Open an incident. There is no idempotency key: twice the same makes two."""
        draft = read_incident(await _document(request), self._component_ids(), is_new=True)
        opened = self._board.open_incident(draft, at=self._world.clock.now())
        return web.json_response(self._shown(request, opened), status=201)

    async def update_incident(self, request: web.Request) -> web.Response:
        """Change an incident; a status or a body tells customers once more."""
        found = self._board.incident(request.match_info["incident"])
        if found is None:
            return not_found()
        draft = read_incident(await _document(request), self._component_ids(), is_new=False)
        changed = self._board.change_incident(found, draft, at=self._world.clock.now())
        return web.json_response(self._shown(request, changed))

    async def edit_update(self, request: web.Request) -> web.Response:
        """Correct a message."""
        found = self._board.incident(request.match_info["incident"])
        wanted = request.match_info["update"]
        told = next((one for one in found.updates if one.id == wanted), None) if found else None
        if found is None or told is None:
            return not_found()
        edit = read_update_edit(await _document(request))
        edited = self._board.edit_update(found, told, edit, at=self._world.clock.now())
        return web.json_response(wire.update(found, edited))

    async def subscriber_count(self, request: web.Request) -> web.Response:
        """Count subscribers by type; `type` and `state` narrow it."""
        state, kind = request.query.get("state", "active"), request.query.get("type")
        if state not in {*_SUBSCRIBER_STATES, "all"}:
            return error(400, "state does not have a valid value")
        if kind is not None and kind not in SUBSCRIBERS:
            return error(400, "type does not have a valid value")
        kinds = SUBSCRIBERS if kind is None else {kind: SUBSCRIBERS[kind]}
        return web.json_response(
            {
                name: sum(counts.values()) if state == "all" else counts[state]
                for name, counts in kinds.items()
            }
        )

    async def subscriber_histogram(self, request: web.Request) -> web.Response:
        """Count subscribers by type and state."""
        return web.json_response(
            {
                name: {**counts, "total": sum(counts.values())}
                for name, counts in SUBSCRIBERS.items()
            }
        )

    def _component_ids(self) -> set[str]:
        return {part.id for part in self._board.components()}

    def _shown(self, request: web.Request, incident: Incident) -> Json:
        url = f"{request.url.origin()}/status/incidents/{incident.id}"
        return wire.incident(self._board, incident, url)


def routes(world: World, board: StatusBoard, token: str, *, pace: Pace) -> list[web.RouteDef]:
    """Return Statuspage's routes under `/statuspage/v1`, for callers with this token."""
    desk = Desk(
        world,
        "statuspage",
        refusal=_refusal(token, pace, world.clock.now),
        error_body=lambda code: error(420 if code == "ratelimited" else 422, code),
    )
    api = Statuspage(world, board)

    def on_page(answer: Answer) -> Answer:
        return _judged(answer, board.page_id)

    page = f"{PREFIX}/pages/{{page}}"
    one = f"{page}/incidents/{{incident}}"
    update = f"{one}/incident_updates/{{update}}"
    desk.get(page, "page", on_page(api.page))
    desk.get(f"{page}/components", "components", on_page(api.components))
    desk.get(f"{page}/components/{{component}}", "component", on_page(api.component))
    desk.get(f"{page}/component-groups", "component_groups", on_page(api.groups))
    desk.get(f"{page}/incidents", "incidents", on_page(api.incidents))
    desk.get(f"{page}/incidents/unresolved", "unresolved", on_page(api.unresolved))
    desk.get(one, "incident", on_page(api.incident))
    desk.get(f"{page}/subscribers/count", "subscriber_count", on_page(api.subscriber_count))
    desk.get(
        f"{page}/subscribers/histogram_by_state",
        "subscriber_histogram",
        on_page(api.subscriber_histogram),
    )
    desk.post(f"{page}/incidents", "create_incident", on_page(api.create_incident))
    for method in (desk.patch, desk.put):
        method(one, "update_incident", on_page(api.update_incident))
        method(update, "edit_update", on_page(api.edit_update))
        method(
            f"{page}/components/{{component}}", "update_component", on_page(api.update_component)
        )
    return desk.routes


def error(status: int, problem: str | list[str]) -> web.Response:
    """Return an error as Statuspage's servers write it."""
    return web.json_response({"error": problem}, status=status)


def not_found() -> web.Response:
    """Return the answer for what the page does not have."""
    return error(404, "not found")


def _refusal(
    token: str, pace: Pace, now: Callable[[], float]
) -> Callable[[web.Request], web.Response | None]:
    def check(request: web.Request) -> web.Response | None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "OAuth" or not same(given.strip(), token):
            return error(401, "Could not authenticate")
        return None if pace.admits(now()) else error(_CALM_DOWN, "Too many requests")

    return check


def _judged(answer: Answer, page_id: str) -> Answer:
    """Refuse other pages, and turn a refused body or argument into its error."""

    async def judged(request: web.Request) -> web.StreamResponse:
        if request.match_info["page"] != page_id:
            return not_found()
        try:
            return await answer(request)
        except RefusedError as refused:
            broken = refused.broken
            return error(refused.status, broken[0] if refused.status == 400 else broken)

    return judged


async def _document(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise RefusedError("There was a problem in the JSON you submitted", status=400) from None


def _page_of(request: web.Request, rows: Iterable[Json], *, size: str) -> web.Response:
    """Answer with one page; a page holds at most 100 rows, and as many unless `size` says."""
    listed = list(rows)
    try:
        number = natural_argument(request, "page", 1)
        per_page = min(natural_argument(request, size, _MOST_PER_PAGE), _MOST_PER_PAGE)
    except ValueError:
        return error(400, f"page is invalid, {size} is invalid")
    if number < 1 or per_page < 1:
        return error(400, f"page is invalid, {size} is invalid")
    return web.json_response(listed[(number - 1) * per_page : number * per_page])


def _searched(incident: Incident) -> str:
    told = [update.body for update in incident.updates]
    return "\n".join((incident.name, incident.status, *told)).casefold()
