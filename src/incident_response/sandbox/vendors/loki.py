"""Loki: log lines of the company's services.

What belongs here: `query_range` for log queries, its arguments, limits and plain-text errors. What
does not: reading LogQL (`logql.py`) and what was logged (`activity.py`). Metric queries are
refused.
"""

import heapq
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiohttp import web

from incident_response.sandbox.vendors.activity import Happening, newest_first
from incident_response.sandbox.vendors.desk import Desk, natural_argument
from incident_response.sandbox.vendors.grafana_cloud import (
    GrafanaAccess,
    refusal,
    seconds_of_duration,
    seconds_of_time,
)
from incident_response.sandbox.vendors.logql import LogQuery, read_log_query
from incident_response.sandbox.vendors.matchers import SyntaxRefusedError, all_accept
from incident_response.sandbox.vendors.world import World, iso

PREFIX = "/loki/loki/api/v1"
_MOST_ENTRIES = 5_000  # Loki's default max_entries_limit
_NANOSECOND_DIGITS = 19  # the longest number of nanoseconds that 64 bits hold
_LONGEST_RANGE = 24 * 3600.0  # stands for Loki's configurable max_query_length
_LEVELS = ("error", "warn", "info")


class Loki:
    """The HTTP API."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def query_range(self, request: web.Request) -> web.Response:
        """Return matching lines by stream, the newest `limit` of them unless direction=forward."""
        try:
            query = read_log_query(request.query.get("query", ""))
            limit, backward = _limit(request), _is_backward(request)
            start, end = self._range(request)
        except (SyntaxRefusedError, ValueError) as error:
            return _error(400, str(error))
        found = self._newest_first(query, start, end)
        if backward:
            return _streams(list(islice(found, limit)))
        return _streams(list(found)[: -limit - 1 : -1])

    def _newest_first(self, query: LogQuery, start: float, end: float) -> Iterator[Happening]:
        services = [
            newest_first(self._world, service, start, end=end)
            for service in self._world.company.services
            if any(all_accept(query.streams, _labels(service.name, lv)) for lv in _LEVELS)
        ]
        merged = heapq.merge(*services, key=lambda happening: happening.at, reverse=True)
        return (happening for happening in merged if _kept(query, happening))

    def _range(self, request: web.Request) -> tuple[float, float]:
        now = self._world.clock.now()
        end = _time(request, "end", now)
        since = seconds_of_duration(request.query.get("since") or "1h")
        start = _time(request, "start", end - since)
        if end < start:
            raise ValueError("end timestamp must not be before or equal to start time")
        if end - start > _LONGEST_RANGE:
            raise ValueError("the query time range exceeds the limit (limit: 24h0m0s)")
        return start, end


def routes(world: World, access: GrafanaAccess) -> list[web.RouteDef]:
    """Return Loki's query route."""
    desk = Desk(
        world,
        "loki",
        refusal=refusal(access, _error),
        error_body=lambda code: _error(400, code),
    )
    desk.get(f"{PREFIX}/query_range", "query_range", Loki(world).query_range)
    return desk.routes


def _labels(service: str, level: str) -> dict[str, str]:
    return {
        "service_name": service,
        "service": service,
        "app": service,
        "namespace": "production",
        "environment": "production",
        "env": "production",
        "level": level,
        "detected_level": level,
    }


def _kept(query: LogQuery, happening: Happening) -> bool:
    labels = _labels(happening.service.name, happening.level)
    return all_accept(query.streams, labels) and query.keeps(labels, _line(happening))


def _line(happening: Happening) -> str:
    return json.dumps(
        {
            "ts": iso(happening.at, digits=3),
            "level": happening.level,
            "msg": happening.message,
            "service": happening.service.name,
            "route": happening.route,
            "status": happening.status,
            "duration_ms": round(happening.duration * 1000),
            "trace_id": happening.trace_id,
        }
    )


def _streams(happenings: list[Happening]) -> web.Response:
    streams: dict[tuple[str, str], list[list[str]]] = {}
    for happening in happenings:
        values = streams.setdefault((happening.service.name, happening.level), [])
        values.append([str(int(happening.at * 1e9)), _line(happening)])
    result: list[dict[str, Any]] = [
        {"stream": _labels(*key), "values": values} for key, values in streams.items()
    ]
    data = {"resultType": "streams", "result": result, "stats": {}}
    return web.json_response({"status": "success", "data": data})


def _limit(request: web.Request) -> int:
    limit = natural_argument(request, "limit", 100)
    if limit < 1:
        raise ValueError("limit must be a positive value")
    if limit > _MOST_ENTRIES:
        raise ValueError(
            f"max entries limit per query exceeded, limit > max_entries_limit ({limit} > 5000)"
        )
    return limit


def _is_backward(request: web.Request) -> bool:
    direction = request.query.get("direction", "backward").lower()
    if direction not in {"forward", "backward"}:
        raise ValueError("direction must be one of [forward, backward]")
    return direction == "backward"


def _time(request: web.Request, name: str, default: float) -> float:
    """Read nanoseconds, seconds or RFC 3339: whole numbers above ten digits are nanoseconds."""
    text = request.query.get(name, "")
    if not text:
        return default
    if text.isdecimal() and 10 < len(text) <= _NANOSECOND_DIGITS:
        return int(text) / 1e9
    return seconds_of_time(text)


def _error(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")
