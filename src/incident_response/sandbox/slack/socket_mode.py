"""Socket Mode: the app's WebSockets, which of them gets a payload, and what becomes of it.

A payload goes to exactly one socket, in turn; its acknowledgement counts from whichever socket it
comes. Events that are not acknowledged are sent again; interactions and commands never are.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from incident_response.sandbox.faults import Fault, FaultBoard
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.tasks import Tasks

log = structlog.get_logger(__name__)

EnvelopeType = Literal["events_api", "interactive", "slash_commands"]

TICKETS_KEPT = 256
WARNING_SECONDS = 10.0  # from the `warning` to the `refresh_requested`
GRACE_SECONDS = 10.0  # from the `refresh_requested` to the close
HEARTBEAT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How patient Slack is. `retry_delays` (seconds) are scaled by `retry_scale`."""

    ack_seconds: float = 3.0
    queue_seconds: float = 10.0
    refresh_seconds: float = 3600.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    retry_scale: float = 1.0
    max_sockets: int = 10


@dataclass(frozen=True, slots=True)
class Ack:
    """What came of a delivery: `payload` is the app's answer; `error` says why there is none."""

    payload: Json = field(default_factory=dict)
    error: Literal["operation_timeout", "app_unreachable"] | None = None


class _Socket:
    """One connection of the app."""

    def __init__(self, number: int, opened_at: float) -> None:
        self.number = number
        self.opened_at = opened_at
        self.sent = 0
        self.acked = 0
        self.takes_payloads = True
        self.ws = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        self.transport: asyncio.Transport | None = None

    async def send(self, body: Json) -> bool:
        """Whether it went out."""
        self.sent += 1
        with contextlib.suppress(ConnectionError):
            await self.ws.send_str(json.dumps(body))
            return True
        self.takes_payloads = False
        return False

    def shown(self) -> Json:
        return {
            "number": self.number,
            "opened_at": self.opened_at,
            "sent": self.sent,
            "acked": self.acked,
            "takes_payloads": self.takes_payloads,
        }


class SocketMode:
    """All sockets of the one app. `deliver` waits for an answer, `announce` sees to it alone."""

    def __init__(
        self,
        *,
        app_id: str,
        faults: FaultBoard,
        tasks: Tasks,
        now: Callable[[], float],
        settings: SocketSettings,
    ) -> None:
        self._app_id = app_id
        self._faults = faults
        self._tasks = tasks
        self._now = now
        self._settings = settings
        self._sockets: list[_Socket] = []
        self._tickets: dict[str, None] = {}
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._arrival = asyncio.Event()
        self._next_number = 1

    # --- connections -----------------------------------------------------------------------

    @property
    def connected(self) -> int:
        """How many sockets take payloads."""
        return sum(socket.takes_payloads for socket in self._sockets)

    async def wait_for(self, count: int) -> None:
        """Return once at least `count` sockets take payloads."""
        while self.connected < count:
            self._arrival.clear()
            await self._arrival.wait()

    def describe(self) -> list[Json]:
        """Each socket: its number, since when, what it was sent and acknowledged."""
        return [socket.shown() for socket in self._sockets]

    def new_ticket(self) -> str:
        """A ticket for one connection."""
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = None
        while len(self._tickets) > TICKETS_KEPT:
            del self._tickets[next(iter(self._tickets))]
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve `/link/{ticket}` until the connection ends; 403 for a ticket that is not good."""
        if request.match_info["ticket"] not in self._tickets:
            raise web.HTTPForbidden(text="invalid_ticket")
        del self._tickets[request.match_info["ticket"]]
        socket = _Socket(self._next_number, self._now())
        self._next_number += 1
        await socket.ws.prepare(request)
        socket.transport = request.transport
        if len(self._sockets) >= self._settings.max_sockets:
            await socket.send(_disconnect("too_many_websockets"))
            await socket.ws.close(code=WSCloseCode.POLICY_VIOLATION)
            return socket.ws
        await self._serve(socket)
        return socket.ws

    async def disconnect(self, reason: str = "refresh_requested") -> int:
        """Ask every socket to go, as Slack does before it refreshes; returns how many."""
        sockets = [socket for socket in self._sockets if socket.takes_payloads]
        for socket in sockets:
            await self._ask_to_go(socket, reason)
        return len(sockets)

    def drop(self) -> int:
        """Cut every connection without a word; returns how many."""
        sockets = list(self._sockets)
        for socket in sockets:
            self._cut(socket)
        return len(sockets)

    async def stop(self) -> None:
        """Close all sockets; who waits for an answer gets `operation_timeout`."""
        for socket in list(self._sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    async def _serve(self, socket: _Socket) -> None:
        self._sockets.append(socket)
        self._arrival.set()
        self._tasks.start(self._refresh_later(socket), name=f"socket-refresh-{socket.number}")
        try:
            await socket.send(self._hello())
            async for frame in socket.ws:
                if frame.type is WSMsgType.TEXT:
                    self._received(socket, frame.data)
        finally:
            self._sockets.remove(socket)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": int(self._settings.refresh_seconds),
            },
            "connection_info": {"app_id": self._app_id},
        }

    async def _refresh_later(self, socket: _Socket) -> None:
        """Warn, ask, then close: the three steps of Slack's hourly refresh."""
        await asyncio.sleep(max(0.0, self._settings.refresh_seconds - WARNING_SECONDS))
        if not socket.ws.closed:
            await socket.send(_disconnect("warning"))
        await asyncio.sleep(min(WARNING_SECONDS, self._settings.refresh_seconds))
        if not socket.ws.closed:
            await self._ask_to_go(socket, "refresh_requested")

    async def _ask_to_go(self, socket: _Socket, reason: str) -> None:
        if reason != "warning":
            socket.takes_payloads = False
            self._tasks.start(self._close_later(socket), name=f"socket-close-{socket.number}")
        await socket.send(_disconnect(reason))

    async def _close_later(self, socket: _Socket) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    def _cut(self, socket: _Socket) -> None:
        socket.takes_payloads = False
        if socket.transport is not None:
            socket.transport.abort()

    def _received(self, socket: _Socket, text: str) -> None:
        """Take an acknowledgement; it counts whichever socket it comes from."""
        try:
            body: Any = json.loads(text)
        except ValueError:
            log.warning("socket_frame_is_no_json", socket=socket.number)
            return
        envelope_id = body.get("envelope_id") if isinstance(body, dict) else None
        waiting = self._waiting.get(str(envelope_id))
        if waiting is None or waiting.done():
            log.info("socket_ack_unexpected", socket=socket.number)
            return
        socket.acked += 1
        payload = body.get("payload")
        waiting.set_result(payload if isinstance(payload, dict) else {})

    # --- delivery --------------------------------------------------------------------------

    async def deliver(self, kind: EnvelopeType, payload: Callable[[], Json]) -> Ack:
        """Send a payload and wait for the app's answer.

        `payload` is called when a socket is there, so that a trigger in it starts to age only
        then. Without a socket for `queue_seconds`: `app_unreachable`; without an answer within
        `ack_seconds`: `operation_timeout`.
        """
        socket = await self._a_socket()
        if socket is None:
            return Ack(error="app_unreachable")
        return await self._exchange(socket, _envelope(kind, payload()))

    def announce(self, payload: Json) -> None:
        """See an event to the app, with Slack's retries; the caller does not wait."""
        self._tasks.start(self._announce(payload), name=f"event-{payload['event_id']}")

    async def _announce(self, payload: Json) -> None:
        ack = await self.deliver("events_api", lambda: payload)
        for attempt, delay in enumerate(self._settings.retry_delays, start=1):
            if ack.error is None:
                return
            await asyncio.sleep(delay * self._settings.retry_scale)
            socket = await self._a_socket()
            if socket is not None:
                reason = "timeout" if ack.error == "operation_timeout" else "connection_failed"
                envelope = _envelope("events_api", payload, attempt=attempt, reason=reason)
                ack = await self._exchange(socket, envelope)
        if ack.error is not None:
            log.warning("event_given_up", event_id=payload["event_id"], error=ack.error)

    async def _a_socket(self) -> _Socket | None:
        """The socket whose turn it is, waiting a while for one to come; None when none does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.queue_seconds):
                await self.wait_for(1)
        for index, socket in enumerate(self._sockets):
            if socket.takes_payloads:
                self._sockets.append(self._sockets.pop(index))
                return socket
        return None

    async def _exchange(self, socket: _Socket, envelope: Json) -> Ack:
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer
        fault = self._faults.take_socket()
        self._note(socket, envelope, fault)
        try:
            carrier = await self._carrier(socket, fault)
            async with asyncio.timeout(self._settings.ack_seconds):
                if carrier is not None:
                    await carrier.send(envelope)
                    if fault is not None and fault.kind == "duplicate_delivery":
                        await self._send_twin(envelope)
                return Ack(payload=await answer)
        except TimeoutError:
            return Ack(error="operation_timeout")
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def _carrier(self, socket: _Socket, fault: Fault | None) -> _Socket | None:
        """Who takes the envelope once a fault has had its way; None when it is lost."""
        match fault.kind if fault is not None else "":
            case "swallow":
                return None
            case "drop_socket":
                self._cut(socket)
                return None
            case "disconnect":
                # As with a refresh: that socket gets nothing more, the payload goes to another.
                await self._ask_to_go(socket, fault.reason if fault else "")
                return await self._a_socket()
            case "delay_delivery":
                await asyncio.sleep(fault.seconds if fault else 0.0)
            case _:
                pass
        return socket

    def _note(self, socket: _Socket, envelope: Json, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else None
        self._faults.note("slack.socket", type=envelope["type"], socket=socket.number, fault=kind)

    async def _send_twin(self, envelope: Json) -> None:
        """The same payload once more, in an envelope of its own, to whichever socket is next."""
        twin = await self._a_socket()
        if twin is not None:
            await twin.send(envelope | {"envelope_id": _envelope_id()})


def _envelope(kind: EnvelopeType, payload: Json, *, attempt: int = 0, reason: str = "") -> Json:
    envelope: Json = {
        "envelope_id": _envelope_id(),
        "payload": payload,
        "type": kind,
        "accepts_response_payload": kind != "events_api",
    }
    if kind == "events_api":
        envelope |= {"retry_attempt": attempt, "retry_reason": reason}
    return envelope


def _envelope_id() -> str:
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
