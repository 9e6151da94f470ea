"""The app's WebSockets: tickets, hellos, refreshes, ends; not what travels over them."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType, web

from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.tasks import Tasks

TICKETS_KEPT = 256
WARNING_SECONDS = 10.0  # from the `warning` to the `refresh_requested`
GRACE_SECONDS = 10.0  # from the `refresh_requested` to the close
HEARTBEAT_SECONDS = 30.0
CLOSE_SECONDS = 1.0  # for the other side to answer a close


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How patient Slack is. `retry_delays` (seconds) are scaled by `retry_scale`."""

    ack_seconds: float = 3.0
    queue_seconds: float = 10.0
    refresh_seconds: float = 3600.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    retry_scale: float = 1.0
    max_sockets: int = 10


class Connection:
    """One connection of the app."""

    def __init__(self, number: int, opened_at: float) -> None:
        self.number = number
        self.opened_at = opened_at
        self.sent = 0
        self.acked = 0
        self.takes_payloads = True
        self.ws = web.WebSocketResponse(timeout=CLOSE_SECONDS, heartbeat=HEARTBEAT_SECONDS)
        self.transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()

    async def send(self, body: Json) -> bool:
        """Whether it went out."""
        self.sent += 1
        with contextlib.suppress(ConnectionError):
            await self.ws.send_str(json.dumps(body))
            return True
        self.takes_payloads = False
        return False

    async def outlives(self, seconds: float) -> bool:
        """Wait that long, or until the connection has ended; whether it still stands."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self.gone.wait()
        return not self.gone.is_set()

    def shown(self) -> Json:
        return {
            "number": self.number,
            "opened_at": self.opened_at,
            "sent": self.sent,
            "acked": self.acked,
            "takes_payloads": self.takes_payloads,
        }


class Connections:
    """All sockets of the one app. `heard` is called with every text frame that comes in."""

    def __init__(
        self,
        *,
        app_id: str,
        tasks: Tasks,
        now: Callable[[], float],
        settings: SocketSettings,
        heard: Callable[[Connection, str], None],
    ) -> None:
        self._app_id = app_id
        self._tasks = tasks
        self._now = now
        self._settings = settings
        self._heard = heard
        self._sockets: list[Connection] = []
        self._tickets: dict[str, None] = {}
        self._arrival = asyncio.Event()
        self._next_number = 1

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
        sockets = sorted(self._sockets, key=lambda socket: socket.number)
        return [socket.shown() for socket in sockets]

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
        socket = Connection(self._next_number, self._now())
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
            self._abort(socket)
        return len(sockets)

    async def stop(self) -> None:
        """Close all sockets."""
        for socket in list(self._sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    async def _serve(self, socket: Connection) -> None:
        self._sockets.append(socket)
        self._arrival.set()
        self._tasks.start(self._refresh_later(socket), name=f"socket-refresh-{socket.number}")
        try:
            await socket.send(self._hello())
            async for frame in socket.ws:
                if frame.type is WSMsgType.TEXT:
                    self._heard(socket, frame.data)
        finally:
            socket.gone.set()
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

    async def _refresh_later(self, socket: Connection) -> None:
        """Warn, ask, then close: the three steps of Slack's hourly refresh."""
        refresh = self._settings.refresh_seconds
        if await socket.outlives(refresh - WARNING_SECONDS):
            await socket.send(_disconnect("warning"))
        if await socket.outlives(min(WARNING_SECONDS, refresh)):
            await self._ask_to_go(socket, "refresh_requested")

    async def _ask_to_go(self, socket: Connection, reason: str) -> None:
        if reason != "warning":
            socket.takes_payloads = False
            self._tasks.start(self._close_later(socket), name=f"socket-close-{socket.number}")
        await socket.send(_disconnect(reason))

    async def _close_later(self, socket: Connection) -> None:
        if await socket.outlives(GRACE_SECONDS):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    def _abort(self, socket: Connection) -> None:
        socket.takes_payloads = False
        if socket.transport is not None:
            socket.transport.abort()

    async def _next_socket(self) -> Connection | None:
        """The socket whose turn it is, waiting a while for one to come; None when none does."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.queue_seconds):
                await self.wait_for(1)
        for index, socket in enumerate(self._sockets):
            if socket.takes_payloads:
                self._sockets.append(self._sockets.pop(index))
                return socket
        return None


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
