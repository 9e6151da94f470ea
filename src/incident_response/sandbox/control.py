"""The control API: what the workbench, drills and tests turn and read while the sandbox runs.

What belongs here: JSON routes under `/control/` over the fault board, the latency table, the log
of calls, the alerts and the company. What does not: the switches' effects. Reading is open to
whoever reaches loopback; changing asks for `X-Sandbox: 1` or a page of the sandbox itself, which a
page elsewhere in the same browser can neither send nor be.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Literal, Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from incident_response.sandbox.alerts import AlertOrder, AlertSender, RefusedOrderError
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.vendors.anthropic.script import Line, Pace, Script
from incident_response.sandbox.vendors.world import World

Answer = Callable[[web.Request], Awaitable[web.Response]]
Model = TypeVar("Model", bound=BaseModel)
Json = dict[str, Any]

_LARGEST_BODY = 64 * 1024


class _Latency(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: Literal["off", "zero", "seeded"]
    seed: int = Field(default=0, ge=0)


class _Sockets(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["disconnect", "drop"]


class _Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: bool


class Sockets(Protocol):
    """The app's open sockets."""

    def describe(self) -> list[Json]:
        """Return each socket as a JSON object."""

    async def disconnect(self) -> int:
        """Ask every socket to go and return how many there are."""

    def drop(self) -> int:
        """Cut every socket and return how many there were."""


class Control:
    """The routes. `rate_tiers` turns the vendors' rate limits on or off; `script` is what
    the language model says."""

    def __init__(
        self,
        world: World,
        alerts: AlertSender,
        *,
        sockets: Sockets,
        rate_tiers: Callable[[bool], None],
        script: Script,
    ) -> None:
        self._world = world
        self._board = world.board
        self._alerts = alerts
        self._sockets = sockets
        self._rate_tiers = rate_tiers
        self._script = script

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under `/control/`."""
        return [
            web.get("/control/company", self._company),
            web.get("/control/faults", self._faults),
            web.post("/control/faults", _changing(self._add_fault)),
            web.delete("/control/faults", _changing(self._clear_faults)),
            web.delete("/control/faults/{id}", _changing(self._remove_fault)),
            web.get("/control/latency", self._latency),
            web.put("/control/latency", _changing(self._set_latency)),
            web.get("/control/draws", self._draws),
            web.get("/control/received", self._received),
            web.delete("/control/received", _changing(self._forget_received)),
            web.get("/control/alerts", self._alert_groups),
            web.post("/control/alerts", _changing(self._fire)),
            web.get("/control/sockets", self._open_sockets),
            web.post("/control/sockets", _changing(self._end_sockets)),
            web.put("/control/rate-tiers", _changing(self._set_rate_tiers)),
            web.get("/control/anthropic", self._said),
            web.post("/control/anthropic", _changing(self._add_line)),
            web.delete("/control/anthropic", _changing(self._clear_lines)),
            web.put("/control/anthropic/pace", _changing(self._set_pace)),
        ]

    async def _company(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self._world.company))

    async def _faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": self._board.active()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        fault_id = self._board.add(await _read(request, Fault))
        return web.json_response({"id": fault_id}, status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._board.clear()
        return web.Response(status=204)

    async def _remove_fault(self, request: web.Request) -> web.Response:
        if not self._board.remove(request.match_info["id"]):
            return _error(404, "no such fault")
        return web.Response(status=204)

    async def _latency(self, request: web.Request) -> web.Response:
        table = self._board.latency
        return web.json_response({"mode": table.mode, "seed": table.seed})

    async def _set_latency(self, request: web.Request) -> web.Response:
        wanted = await _read(request, _Latency)
        self._board.latency.switch(wanted.mode, seed=wanted.seed)
        return web.json_response(wanted.model_dump())

    async def _draws(self, request: web.Request) -> web.Response:
        table = self._board.latency
        return web.json_response({"mode": table.mode, "seed": table.seed, "draws": table.draws()})

    async def _received(self, request: web.Request) -> web.Response:
        """Show calls; `target` is a pattern, `after` a call's number, `limit` at most 2,000."""
        query, log = request.query, self._board.received
        try:
            after, limit = int(query.get("after", "0")), int(query.get("limit", "200"))
        except ValueError:
            return _error(400, "after and limit are whole numbers")
        calls = log.matching(query.get("target", "*"), after=after, limit=limit)
        return web.json_response(
            {
                "calls": [call.shown() for call in calls],
                "calls_by_target": log.calls_by_target,
                "faults_by_target": log.faults_by_target,
            }
        )

    async def _forget_received(self, request: web.Request) -> web.Response:
        self._board.received.clear()
        return web.Response(status=204)

    async def _alert_groups(self, request: web.Request) -> web.Response:
        groups = [asdict(group) for group in self._world.groups.newest_first()]
        return web.json_response({"alert_groups": groups})

    async def _fire(self, request: web.Request) -> web.Response:
        order = await _read(request, AlertOrder)
        try:
            return web.json_response(asdict(await self._alerts.fire(order)))
        except RefusedOrderError as error:
            return _error(409, str(error))

    async def _open_sockets(self, request: web.Request) -> web.Response:
        return web.json_response({"sockets": self._sockets.describe()})

    async def _end_sockets(self, request: web.Request) -> web.Response:
        """Ask all sockets to reconnect, as Slack does each hour, or cut them without a word."""
        wanted = await _read(request, _Sockets)
        asked = wanted.action == "disconnect"
        ended = await self._sockets.disconnect() if asked else self._sockets.drop()
        return web.json_response({"sockets": ended})

    async def _set_rate_tiers(self, request: web.Request) -> web.Response:
        wanted = await _read(request, _Switch)
        self._rate_tiers(wanted.on)
        return web.json_response(wanted.model_dump())

    async def _said(self, request: web.Request) -> web.Response:
        """Show what the language model is to say, and how fast."""
        pace = self._script.pace.model_dump()
        return web.json_response({"lines": self._script.lines(), "pace": pace})

    async def _add_line(self, request: web.Request) -> web.Response:
        self._script.add(await _read(request, Line))
        return web.json_response({"lines": self._script.lines()}, status=201)

    async def _clear_lines(self, request: web.Request) -> web.Response:
        self._script.clear()
        return web.Response(status=204)

    async def _set_pace(self, request: web.Request) -> web.Response:
        self._script.pace = await _read(request, Pace)
        return web.json_response(self._script.pace.model_dump())


def may_change(headers: Mapping[str, str], host: str) -> bool:
    """Say whether a request may change something: our own header, or our own page's origin.

    A page elsewhere cannot send a custom header without a preflight this server never grants.
    """
    origin = headers.get("Origin")
    if origin is not None:
        return origin in {f"http://{host}", f"https://{host}"}
    return headers.get("X-Sandbox") == "1"


def _changing(answer: Answer) -> Answer:
    async def guarded(request: web.Request) -> web.Response:
        if not may_change(request.headers, request.host):
            return _error(403, "send X-Sandbox: 1 to change something")
        try:
            return await answer(request)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            return _error(422, "; ".join(_told(problem) for problem in problems))

    return guarded


async def _read(request: web.Request, model: type[Model]) -> Model:
    """Read a JSON body into `model`. Raises `ValidationError`; an oversized body ends in 413."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(_LARGEST_BODY):
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(_LARGEST_BODY, len(body))
    return model.model_validate_json(bytes(body))


def _told(problem: Mapping[str, Any]) -> str:
    return f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)
