"""The webhook on a port: aiohttp behind a guard on every connection, and a stop that loses
nothing.

Not here: what is answered (``app``).
"""

import asyncio
import socket

import structlog
from aiohttp import web

from incident_response.domain.errors import InvalidConfigurationError
from incident_response.entrypoints.webhook import answers
from incident_response.entrypoints.webhook.answers import RequestRefusedError
from incident_response.entrypoints.webhook.app import WebhookApp
from incident_response.entrypoints.webhook.framing import MAX_HEAD_BYTES, MAX_HEADER_LINES
from incident_response.entrypoints.webhook.guard import Guard, Pace

KEEP_ALIVE_SECONDS = 75.0
"""Longer than a proxy keeps an idle connection (nginx: 60 s): a connection that we closed first
could swallow an alert the proxy had just sent on it."""
LINGER_SECONDS = 1.0
"""How long the rest of a body is read after an answer that did not need it."""
CANCEL_SECONDS = 1.0
"""For handlers whose connection is gone to come to their end."""
BACKLOG = 1024

_log = structlog.get_logger(__name__)


class WebhookServer:
    """Serves ``app``; one instance serves once."""

    def __init__(self, *, app: WebhookApp, pace: Pace | None = None) -> None:
        self._app = app
        self._pace = pace or Pace()
        self._guards: set[Guard] = set()
        self._all_closed = asyncio.Event()
        self._web: web.Server | None = None
        self._server: asyncio.Server | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; port 0 takes a free one. Returns ``url``."""
        self._web = web.Server(self._app.handle)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, host, port, backlog=BACKLOG)
        _log.info("webhook listens", url=self.url)
        return self.url

    @property
    def url(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:8080``; only after ``start``."""
        if self._server is None:
            raise InvalidConfigurationError("the webhook server is not started")
        listening = self._server.sockets[0]
        host, port = listening.getsockname()[:2]
        return (
            f"http://[{host}]:{port}"
            if listening.family == socket.AF_INET6
            else (f"http://{host}:{port}")
        )

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._guards)

    async def stop(self, *, drain_seconds: float = 10.0) -> None:
        """Take no more connections, answer every request under way, then close."""
        if self._server is None or self._web is None:
            return
        self._app.is_draining = True
        self._server.close()
        for guard in tuple(self._guards):
            guard.drain()
        try:
            async with asyncio.timeout(drain_seconds):
                await self._closed()
        except TimeoutError:
            _log.warning("webhook stopped with requests under way", connections=self.connections)
            for guard in tuple(self._guards):
                guard.cut()
            await self._closed()
        await self._web.shutdown(CANCEL_SECONDS)
        await self._server.wait_closed()

    async def _closed(self) -> None:
        while self._guards:
            self._all_closed.clear()
            await self._all_closed.wait()

    def _connection(self) -> Guard:
        assert self._web is not None
        inner = _Connection(
            self._web,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            access_log=None,  # type: ignore[arg-type] # aiohttp's way to have none
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADER_LINES + 1,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,  # what is checked has to be the bytes that were signed
        )
        guard = Guard(inner, self._pace, self._forget)
        self._guards.add(guard)
        return guard

    def _forget(self, guard: Guard) -> None:
        self._guards.discard(guard)
        if not self._guards:
            self._all_closed.set()


class _Connection(web.RequestHandler):
    """aiohttp's protocol; what it refuses itself is answered in our words, not with the input."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Called for requests aiohttp cannot read, and for errors that escaped the app."""
        request_id = answers.new_request_id()
        is_ours = status >= 500
        log = _log.error if is_ours else _log.info
        log("request refused", status=status, stage="http", error=type(exc).__name__)
        refusal = (500, "internal") if is_ours else (400, "bad_request")
        return answers.refused(RequestRefusedError(*refusal, closes=True), request_id)
