"""Tempo: trace search over the company's services.

What belongs here: `/api/search` with enough of TraceQL to select by service, status and duration.
What does not: what was traced (`activity.py`); fetching whole traces is not served.
"""

import heapq
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp import web

from incident_response.sandbox.vendors.activity import Happening, newest_first
from incident_response.sandbox.vendors.desk import Desk, natural_argument
from incident_response.sandbox.vendors.grafana_cloud import (
    GrafanaAccess,
    refusal,
    seconds_of_duration,
)
from incident_response.sandbox.vendors.matchers import Matcher, unquoted
from incident_response.sandbox.vendors.world import World

PREFIX = "/tempo/api"
_RECENT = 30 * 60.0  # without start and end only recent data is searched
_LONGEST_RANGE = 24 * 3600.0
_CONDITION = re.compile(
    r"""\s*(?P<name>[A-Za-z_][\w.:]*|\.[\w.]+)\s*(?P<op>=~|!~|!=|>=|<=|=|>|<)\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|`[^`]*`|[\w.]+)\s*(?P<join>&&|$)"""
)
_SERVICE_NAMES = {"resource.service.name", ".service.name", "rootServiceName", "service.name"}


class _RefusedError(Exception):
    """A search Tempo answers with 400."""


@dataclass(frozen=True, slots=True)
class _Search:
    """Conditions that all have to hold, as (name, operator, value)."""

    conditions: tuple[tuple[str, str, str], ...]

    def accepts_service(self, name: str) -> bool:
        """Say whether a service of this name can match."""
        chosen = (c for c in self.conditions if c[0] in _SERVICE_NAMES)
        return all(Matcher("", op, value).accepts({"": name}) for _, op, value in chosen)

    def accepts(self, happening: Happening) -> bool:
        """Say whether every condition holds for a request's span."""
        return all(_holds(c, happening) for c in self.conditions if c[0] not in _SERVICE_NAMES)


class Tempo:
    """The HTTP API."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def search(self, request: web.Request) -> web.Response:
        """Return the newest traces that match, at most `limit` (20)."""
        try:
            search = _read_search(request.query.get("q", "{}"))
            start, end = self._range(request)
            limit = _positive(request, "limit", 20)
        except _RefusedError as error:
            return _error(400, str(error))
        services = [
            newest_first(self._world, service, start, end=end)
            for service in self._world.company.services
            if search.accepts_service(service.name)
        ]
        spans = heapq.merge(*services, key=lambda span: span.at, reverse=True)
        found = islice((span for span in spans if search.accepts(span)), limit)
        traces = [_trace(span) for span in found]
        metrics = {"inspectedTraces": len(traces), "inspectedBytes": str(len(traces) * 2048)}
        return web.json_response({"traces": traces, "metrics": metrics})

    def _range(self, request: web.Request) -> tuple[float, float]:
        now = self._world.clock.now()
        if "start" not in request.query and "end" not in request.query:
            return now - _RECENT, now
        start, end = _positive(request, "start", 0), _positive(request, "end", 0)
        if end <= start:
            raise _RefusedError("invalid start/end: start must be before end")
        if end - start > _LONGEST_RANGE:
            raise _RefusedError("range specified by start and end exceeds 24h0m0s")
        return start, end


def routes(world: World, access: GrafanaAccess) -> list[web.RouteDef]:
    """Return Tempo's search route."""
    desk = Desk(
        world,
        "tempo",
        refusal=refusal(access, _error),
        error_body=lambda code: _error(400, code),
    )
    desk.get(f"{PREFIX}/search", "search", Tempo(world).search)
    return desk.routes


def _read_search(query: str) -> _Search:
    """Read `{ a = "b" && c > 1s }`: one span set, conditions joined by `&&`."""
    text = query.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise _RefusedError(_syntax_error(text))
    inner, position, conditions = text[1:-1].strip(), 0, []
    while position < len(inner):
        match = _CONDITION.match(inner, position)
        if match is None:
            raise _RefusedError(_syntax_error(inner[position:]))
        conditions.append(_condition(match))
        position = match.end()
    return _Search(tuple(conditions))


def _condition(match: re.Match[str]) -> tuple[str, str, str]:
    value = match["value"]
    if value[0] in '"`':
        value = unquoted(value)
    if match["op"] in {"=~", "!~"}:
        try:
            re.compile(value)
        except re.error as error:
            raise _RefusedError(f"invalid TraceQL query: {error}") from None
    if match["name"] == "duration":
        try:
            seconds_of_duration(value)
        except ValueError:
            raise _RefusedError(_syntax_error(value)) from None
    return match["name"], match["op"], value


def _syntax_error(found: str) -> str:
    return (
        "invalid TraceQL query: parse error at line 1, col 1: syntax error: unexpected "
        f"{found[:20] or '$end'}"
    )


def _holds(condition: tuple[str, str, str], span: Happening) -> bool:
    name, op, value = condition
    if name == "duration":
        return _compare(span.duration, op, seconds_of_duration(value))
    fields = {
        "status": "error" if span.level == "error" else "unset",
        "name": span.route,
        "rootName": span.route,
        "http.status_code": str(span.status),
        "http.response.status_code": str(span.status),
    }
    field = fields.get(name.removeprefix("span").removeprefix("."), "")
    if op in {">", "<", ">=", "<="}:
        return field.isdecimal() and value.isdecimal() and _compare(int(field), op, int(value))
    return Matcher("", op, value).accepts({"": field})


def _compare(left: float, op: str, right: float) -> bool:
    match op:
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case "!=":
            return left != right
        case _:
            return left == right


def _trace(span: Happening) -> dict[str, Any]:
    nanoseconds, duration = str(int(span.at * 1e9)), int(span.duration * 1e9)
    status = "error" if span.level == "error" else "unset"
    matched = {
        "spanID": span.span_id,
        "name": span.route,
        "startTimeUnixNano": nanoseconds,
        "durationNanos": str(duration),
        "attributes": [{"key": "status", "value": {"stringValue": status}}],
    }
    return {
        "traceID": span.trace_id,
        "rootServiceName": span.service.name,
        "rootTraceName": span.route,
        "startTimeUnixNano": nanoseconds,
        "durationMs": round(span.duration * 1000),
        "spanSets": [{"spans": [matched], "matched": 1}],
    }


def _positive(request: web.Request, name: str, default: int) -> int:
    try:
        return natural_argument(request, name, default)
    except ValueError as error:
        raise _RefusedError(f"invalid {name}: {error}") from None


def _error(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)
