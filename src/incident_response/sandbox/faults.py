"""Fault switches: what goes wrong between a daemon and a vendor, on demand.

What belongs here: rules, which call they strike, and what happens on the wire when they do; every
route of every stand-in runs inside `FaultBoard.guarded`. What does not: what a vendor answers when
all is well, and what a vendor's own errors look like (each route brings an `error_body`).
"""

import socket
import struct
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Annotated, Literal, get_args

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from incident_response.sandbox.clock import Clock
from incident_response.sandbox.latency import LatencyTable
from incident_response.sandbox.received import Call, ReceivedLog
from incident_response.sandbox.tasks import Tasks

CallKind = Literal[
    "latency",
    "rate_limited",
    "server_error",
    "reset",
    "drop_reply",
    "hang",
    "hang_after",
    "apply_later",
    "error",
]
SocketKind = Literal[
    "duplicate_delivery", "disconnect", "drop_socket", "swallow", "delay_delivery"
]
CALL_KINDS: frozenset[str] = frozenset(get_args(CallKind))
SOCKET_KINDS: frozenset[str] = frozenset(get_args(SocketKind))

Handler = Callable[[], Awaitable[web.StreamResponse]]
ErrorBody = Callable[[str], web.Response]


class Fault(BaseModel):
    """One rule: what happens (`kind`) to calls whose target matches `target` (fnmatch).

    `skip` calls pass untouched first, then `times` calls are struck (None: until removed). Seconds
    are for latency, hang, hang_after, apply_later and delay_delivery; `retry_after` for
    rate_limited; `status` for server_error; `code` for error; `reason` for disconnect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Annotated[str, Field(min_length=1, max_length=200)]
    kind: CallKind | SocketKind
    times: Annotated[int, Field(ge=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0
    retry_after: Annotated[int, Field(ge=0, le=3600)] = 1
    status: Annotated[int, Field(ge=500, le=599)] = 503
    code: Annotated[str, Field(min_length=1, max_length=200)] = "internal_error"
    reason: Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"] = (
        "refresh_requested"
    )


class _Rule:
    """A fault that is switched on, with what is left of its budget."""

    def __init__(self, rule_id: str, fault: Fault) -> None:
        self.id = rule_id
        self.fault = fault
        self.skip = fault.skip
        self.left = fault.times
        self.struck = 0

    def strikes(self) -> bool:
        """Spend one call's worth of budget and say whether that call is struck."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        self.struck += 1
        return True

    def shown(self) -> dict[str, object]:
        """Return the rule as a JSON object for people."""
        rest = {"id": self.id, "left": self.left, "skip_left": self.skip, "struck": self.struck}
        return {**self.fault.model_dump(), **rest}


class FaultBoard:
    """All faults that are switched on, the latency table, and the log of what was received."""

    def __init__(self, clock: Clock, *, latency: LatencyTable | None = None) -> None:
        self._clock = clock
        self._rules: list[_Rule] = []
        self._last_id = 0
        self._later = Tasks()
        self.latency = latency or LatencyTable(clock)
        self.received = ReceivedLog()

    def add(self, fault: Fault) -> str:
        """Switch a fault on and return its id. Earlier rules are tried first."""
        self._last_id += 1
        rule = _Rule(f"fault-{self._last_id}", fault)
        self._rules.append(rule)
        return rule.id

    def remove(self, fault_id: str) -> bool:
        """Switch a fault off; False when no such fault is on."""
        before = len(self._rules)
        self._rules = [rule for rule in self._rules if rule.id != fault_id]
        return len(self._rules) < before

    def clear(self) -> None:
        """Switch every fault off."""
        self._rules.clear()

    def active(self) -> list[dict[str, object]]:
        """Return the faults that are on, with their remaining budget, as JSON objects."""
        return [rule.shown() for rule in self._rules]

    def take(self, target: str, *, kinds: frozenset[str] = CALL_KINDS) -> Fault | None:
        """Return the first fault that strikes this call of `target`, spending its budget."""
        for rule in self._rules:
            if rule.fault.kind in kinds and fnmatchcase(target, rule.fault.target):
                if not rule.strikes():
                    continue
                if rule.left == 0:
                    self._rules.remove(rule)
                self.received.faults_by_target[target] += 1
                return rule.fault
        return None

    def take_socket(self, target: str = "slack.socket") -> Fault | None:
        """Return the fault that strikes this delivery over a socket, if any."""
        return self.take(target, kinds=SOCKET_KINDS)

    def note(self, target: str, *, fault: str | None = None, **details: object) -> None:
        """Log something that is no HTTP call, such as a delivery over a socket."""
        call = self.received.begin(target, self._clock.now())
        call.fault, call.note = fault, details

    async def guarded(
        self,
        request: web.Request,
        target: str,
        handler: Handler,
        *,
        error_body: ErrorBody,
        rate_limit_status: int = 429,
    ) -> web.StreamResponse:
        """Answer `request` through `handler`, with latency drawn and faults applied; log the call.

        `error_body` builds the vendor's own error answer from a code. The effect of a call is what
        `handler` does: `drop_reply` and `hang_after` strike after it, all other faults before.
        `apply_later` cuts the connection now and lets the effect happen `seconds` afterwards, as
        a vendor does whose queue was slower than its caller was patient. A vendor that limits
        with another status than 429 says so in `rate_limit_status`.
        """
        call = self.received.begin(target, self._clock.now())
        await self._read_arguments(request, call)
        fault = self.take(target)
        call.fault = fault.kind if fault else None
        await self._wait(self.latency.draw(target))
        if fault is not None and fault.kind == "apply_later":
            self._later.start(self._apply(handler, call, fault.seconds), name=f"late {target}")
            return _aborted(request)
        reply = await self._struck_before(
            request, fault, error_body, rate_limit_status=rate_limit_status
        )
        if reply is None:
            reply = await self._struck_after(request, fault, await _answered(handler, call))
        call.status = reply.status if _connected(request) else None
        return reply

    async def stop(self) -> None:
        """Give up effects that were still to come; nothing more is applied late."""
        await self._later.stop()

    async def _apply(self, handler: Handler, call: Call, seconds: float) -> None:
        """Let a call take effect after its caller was cut off, and note when that was."""
        await self._wait(seconds)
        reply = await _answered(handler, call)
        call.note = {"applied_at": self._clock.now(), "would_have_answered": reply.status}

    async def _read_arguments(self, request: web.Request, call: Call) -> None:
        call.query = request.query
        if request.can_read_body and not request.content_type.startswith("multipart/"):
            self.received.keep_body(call, request.content_type, await request.read())

    async def _struck_before(
        self,
        request: web.Request,
        fault: Fault | None,
        error_body: ErrorBody,
        *,
        rate_limit_status: int,
    ) -> web.StreamResponse | None:
        """Return the answer of a fault that prevents the effect, or None to go on."""
        if fault is None:
            return None
        match fault.kind:
            case "latency":
                await self._wait(fault.seconds)
            case "rate_limited":
                reply = error_body("ratelimited")
                return _rate_limited(reply, rate_limit_status, fault.retry_after)
            case "server_error":
                return web.Response(status=fault.status, text="upstream connect error\n")
            case "error":
                return error_body(fault.code)
            case "reset":
                return _aborted(request)
            case "hang":
                await self._wait(fault.seconds)
                return _aborted(request)
            case _:
                pass
        return None

    async def _struck_after(
        self, request: web.Request, fault: Fault | None, reply: web.StreamResponse
    ) -> web.StreamResponse:
        """Return what becomes of the reply once the effect has happened."""
        if fault is None or fault.kind not in {"drop_reply", "hang_after"}:
            return reply
        if fault.kind == "hang_after":
            await self._wait(fault.seconds)
        return _aborted(request)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)


async def _answered(handler: Handler, call: Call) -> web.StreamResponse:
    """Return the handler's answer; an aiohttp error it raises is logged and goes its way."""
    try:
        return await handler()
    except web.HTTPException as error:
        call.status = error.status
        raise


def _connected(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _rate_limited(reply: web.Response, status: int, retry_after: int) -> web.Response:
    reply.set_status(status)
    reply.headers["Retry-After"] = str(retry_after)
    return reply


def _aborted(request: web.Request) -> web.Response:
    """Cut the connection with a TCP reset; the returned response reaches nobody."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            # Lingering for zero seconds turns the close into an RST, as a dying proxy sends it.
            no_linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        transport.abort()
    return web.Response(status=500)
