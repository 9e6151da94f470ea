"""Mimir: Prometheus' query API over the company's services.

What belongs here: instant and range queries, their errors, and the numbers behind them. What does
not: reading PromQL (`promql.py`). A service in trouble shows its troubled error rate and latency
from a few minutes before its alert; a service without telemetry has no series at all.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from incident_response.sandbox.company import Service, Telemetry
from incident_response.sandbox.vendors.desk import Desk, natural
from incident_response.sandbox.vendors.grafana_cloud import (
    GrafanaAccess,
    refusal,
    seconds_of_duration,
    seconds_of_time,
)
from incident_response.sandbox.vendors.matchers import SyntaxRefusedError, all_accept
from incident_response.sandbox.vendors.promql import Question, read_query
from incident_response.sandbox.vendors.world import World, wobble

PREFIX = "/mimir/prometheus/api/v1"
_MOST_POINTS = 11_000  # Prometheus' own limit of points per series
# How far below the 99th percentile the others lie, for services with a long tail.
_SHARE_OF_P99 = ((0.99, 1.0), (0.95, 0.72), (0.9, 0.55), (0.0, 0.28))

Labels = dict[str, str]


class _BadDataError(Exception):
    """An argument Prometheus answers with `bad_data`."""


class Metrics:
    """The numbers: what each service's series say at a moment."""

    def __init__(self, world: World) -> None:
        self._world = world

    def at(self, question: Question, moment: float) -> list[tuple[Labels, float]]:
        """Return labels and value of every series that answers the question at `moment`."""
        moment -= question.offset
        known = set(self.labels(self._world.company.services[0]))
        asked = [m for m in question.matchers if m.name in known]
        groups: defaultdict[tuple[tuple[str, str], ...], list[float]] = defaultdict(list)
        for service in self._world.company.services:
            labels = self.labels(service)
            if service.telemetry is not None and all_accept(asked, labels):
                kept = labels if question.group_by is None else _only(labels, question.group_by)
                value = self._value(question, service.name, service.telemetry, moment)
                groups[tuple(kept.items())].append(value)
        if question.measure == "nothing":
            groups.clear()
        found = [(dict(key), _together(question, values)) for key, values in groups.items()]
        return found or ([({}, 0.0)] if question.zero_when_empty else [])

    def labels(self, service: Service) -> Labels:
        """Return the labels every series of the service carries."""
        return {
            "service": service.name,
            "service_name": service.name,
            "app": service.name,
            "job": f"{self._world.company.domain.partition('.')[0]}/{service.name}",
            "team": service.team,
            "namespace": "production",
            "environment": "production",
            "env": "production",
        }

    def _value(self, question: Question, name: str, telemetry: Telemetry, moment: float) -> float:
        start, end = self._world.trouble(name)
        troubled = start <= moment <= end
        noise = 0.92 + 0.16 * wobble(name, question.measure, int(moment // 60))
        error_rate = telemetry.error_rate_in_trouble if troubled else telemetry.error_rate
        match question.measure:
            case "error_ratio":
                return error_rate * noise
            case "errors":
                return error_rate * telemetry.requests_per_second * noise
            case "quantile":
                p99 = telemetry.p99_in_trouble if troubled else telemetry.p99
                scale = 1000.0 if question.milliseconds else 1.0
                return p99 * _share_of_p99(question.quantile) * noise * scale
            case "requests":
                return telemetry.requests_per_second * noise
            case "up" | "number" | "nothing":
                return 1.0


class Mimir:
    """The HTTP API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._metrics = Metrics(world)

    async def query(self, request: web.Request) -> web.Response:
        """Evaluate at one moment, now unless `time` is given."""
        try:
            arguments = await _arguments(request)
            question = _question(arguments)
            moment = _time(arguments, "time", self._world.clock.now())
            limit = _limit(arguments)
        except _BadDataError as error:
            return _error(400, str(error))
        if question.measure == "number":
            return _number(question, moment)
        found = self._metrics.at(question, moment)[:limit]
        return _success(
            "vector", [{"metric": labels, "value": [moment, str(v)]} for labels, v in found]
        )

    async def query_range(self, request: web.Request) -> web.Response:
        """Evaluate from `start` to `end` every `step`."""
        try:
            arguments = await _arguments(request)
            question = _question(arguments)
            moments = _moments(arguments)
            limit = _limit(arguments)
        except _BadDataError as error:
            return _error(400, str(error))
        series: dict[tuple[tuple[str, str], ...], list[list[Any]]] = {}
        for moment in moments:
            for labels, value in self._metrics.at(question, moment):
                series.setdefault(tuple(labels.items()), []).append([moment, str(value)])
        rows = [{"metric": dict(key), "values": values} for key, values in series.items()]
        return _success("matrix", rows[:limit])


def routes(world: World, access: GrafanaAccess) -> list[web.RouteDef]:
    """Return Mimir's query routes, by GET and by form POST."""
    desk = Desk(
        world,
        "mimir",
        refusal=refusal(access, _error),
        error_body=lambda code: _error(422, code, "execution"),
    )
    mimir = Mimir(world)
    for name, answer in (("query", mimir.query), ("query_range", mimir.query_range)):
        desk.get(f"{PREFIX}/{name}", name, answer)
        desk.post(f"{PREFIX}/{name}", name, answer)
    return desk.routes


def _only(labels: Labels, names: tuple[str, ...]) -> Labels:
    return {name: labels[name] for name in names if name in labels}


def _together(question: Question, values: list[float]) -> float:
    """Combine several services into one series: rates add up, ratios and quantiles do not."""
    if question.measure in {"errors", "requests"}:
        return sum(values)
    return max(values)


def _share_of_p99(quantile: float) -> float:
    return next(share for least, share in _SHARE_OF_P99 if quantile >= least)


async def _arguments(request: web.Request) -> Mapping[str, str]:
    if request.method == "POST":
        form = await request.post()
        return {**request.query, **{k: v for k, v in form.items() if isinstance(v, str)}}
    return request.query


def _question(arguments: Mapping[str, str]) -> Question:
    try:
        return read_query(arguments.get("query", ""))
    except SyntaxRefusedError as error:
        raise _BadDataError(f'invalid parameter "query": {error}') from None


def _time(arguments: Mapping[str, str], name: str, default: float | None = None) -> float:
    text = arguments.get(name, "")
    if not text and default is not None:
        return default
    try:
        return seconds_of_time(text)
    except ValueError:
        why = f'cannot parse "{text}" to a valid timestamp'
        raise _BadDataError(f'invalid parameter "{name}": {why}') from None


def _limit(arguments: Mapping[str, str]) -> int | None:
    try:
        return natural(arguments.get("limit", "0")) or None  # zero means no limit
    except ValueError as error:
        raise _BadDataError(f'invalid parameter "limit": {error}') from None


def _moments(arguments: Mapping[str, str]) -> list[float]:
    start, end = _time(arguments, "start"), _time(arguments, "end")
    if end < start:
        raise _BadDataError('invalid parameter "end": end timestamp must not be before start time')
    try:
        step = seconds_of_duration(arguments.get("step", ""))
    except ValueError:
        why = f'cannot parse "{arguments.get("step", "")}" to a valid duration'
        raise _BadDataError(f'invalid parameter "step": {why}') from None
    if step <= 0:
        why = "zero or negative query resolution step widths are not accepted"
        raise _BadDataError(f'invalid parameter "step": {why}')
    if (end - start) / step > _MOST_POINTS:
        raise _BadDataError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return [start + step * n for n in range(int((end - start) / step) + 1)]


def _number(question: Question, moment: float) -> web.Response:
    sample = [moment, str(question.number)]
    if question.is_vector:
        return _success("vector", [{"metric": {}, "value": sample}])
    return _success("scalar", sample)


def _success(kind: str, result: list[Any]) -> web.Response:
    return web.json_response({"status": "success", "data": {"resultType": kind, "result": result}})


def _error(status: int, text: str, kind: str = "bad_data") -> web.Response:
    return web.json_response({"status": "error", "errorType": kind, "error": text}, status=status)
