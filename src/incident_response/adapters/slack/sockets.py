"""One Socket Mode connection, kept alive: made, watched, made anew when it is dead or deaf.

The SDK reconnects by itself, but it can also try a used-up address for ever, or stay silent; a
socket that has not worked for a while is therefore thrown away and built again. Not here: what is
received (``receiver``) and when a socket may connect (``turns``).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from incident_response.adapters.slack.client import SlackClient, is_loopback
from incident_response.adapters.slack.errors import AUTH_REASONS, LOST, from_api_error
from incident_response.adapters.slack.turns import Turns
from incident_response.domain.errors import RefusedError

OPEN_SECONDS = 10.0
"""How long opening a socket may take once there is an address for it."""
CLOSE_SECONDS = 1.0
"""How long Slack may take to answer our closing."""
REFUSED_SECONDS = 60.0
"""Pause after Slack said it wants no socket of ours: somebody has to mend something first."""
DEAD_AFTER_PINGS = 4
"""A socket that has not worked for so many ping intervals is made anew (the SDK's own measure)."""

_FRAME_LIMIT = 2_000  # characters; greetings and warnings are short, payloads are not parsed twice
_UNWANTED = frozenset({"link_disabled", "too_many_websockets"})

log = structlog.get_logger(__name__)


class Flights:
    """Counts what is being received and not yet answered."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._count += 1
        self._none.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._count -= 1
        if self._count == 0:
            self._none.set()

    async def landed(self, timeout: float) -> bool:  # noqa: ASYNC109 - False, not an error
        """Wait until nothing is in flight; False if that took too long."""
        try:
            async with asyncio.timeout(timeout):
                await self._none.wait()
        except TimeoutError:
            log.warning("slack deliveries still in flight", count=self._count)
            return False
        return True


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, with what it is working on counted until its answer is sent."""

    flights: Flights

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as in Bolt's own class
        with self.flights:
            await super().handle(client, req)


class _Tickets(AsyncWebClient):
    """The client through which the SDK asks for a socket's address: in turn, and noted."""

    socket: "Socket"

    async def apps_connections_open(self, *, app_token: str, **kwargs: Any) -> AsyncSlackResponse:
        async with self.socket.connecting():
            return await super().apps_connections_open(app_token=app_token, **kwargs)


class Socket:
    """One of the receiver's sockets. ``run`` keeps it until it is cancelled."""

    def __init__(
        self,
        name: str,
        app: AsyncApp,
        slack: SlackClient,
        *,
        fleet: Sequence["Socket"],
        turns: Turns,
        flights: Flights,
        ping_seconds: float,
    ) -> None:
        self.name = name
        self._app = app
        self._slack = slack
        self._fleet = fleet
        self._turns = turns
        self._flights = flights
        self._ping_seconds = ping_seconds
        self._client: SocketModeClient | None = None
        self._greeted: aiohttp.ClientWebSocketResponse | None = None
        self._answers_pings = True
        self.connections = 0
        """How many sockets of the app there were when Slack last greeted this one."""
        self._problem = "not connected yet"

    @property
    def is_live(self) -> bool:
        """Whether Slack has greeted this socket, it is open, and pings come back."""
        client = self._client
        if client is None or client.closed or client.stale or self._greeted is None:
            return False
        is_open = client.current_session is self._greeted and not self._greeted.closed
        return is_open and self._answers_pings

    @property
    def problem(self) -> str:
        """Why it is not live, for people; empty while it is."""
        return "" if self.is_live else self._problem or "the connection was lost"

    async def run(self) -> None:
        """Connect, and connect again, until cancelled; closes the socket then."""
        while True:
            handler = self._new_handler()
            try:
                if await self._connect(handler):
                    await self._watch(handler.client)
            except Exception:  # the edge of the loop that keeps the socket
                log.exception("slack socket failed", socket=self.name)
            finally:
                await self._close(handler)

    # --- connecting --------------------------------------------------------------------------

    @asynccontextmanager
    async def connecting(self) -> AsyncIterator[None]:
        """Around asking for an address. From our turn on the socket does not count as live, so
        that the others keep theirs; if Slack gives no address, the old connection counts again.
        """
        await self._turns.take(self, others=[s for s in self._fleet if s is not self])
        greeted, self._greeted = self._greeted, None
        try:
            yield
        except SlackApiError as error:
            self._greeted = greeted
            self._refused(error)
            raise
        except LOST as error:
            self._greeted = greeted
            self._problem = f"Slack cannot be reached: {type(error).__name__}"
            raise

    def _refused(self, error: SlackApiError) -> None:
        refused = from_api_error(error, method="apps.connections.open", is_write=False)
        self._problem = str(refused)
        if isinstance(refused, RefusedError) and refused.reason in AUTH_REASONS:
            self._turns.hold(REFUSED_SECONDS)

    def _new_handler(self) -> _Handler:
        tickets = self._slack.web_client(_Tickets, token=None)
        assert isinstance(tickets, _Tickets)
        tickets.socket = self
        handler = _Handler(
            self._app,
            app_token=self._slack.access.app_token,
            web_client=tickets,
            ping_interval=self._ping_seconds,
        )
        handler.flights = self._flights
        if is_loopback(self._slack.access.base_url):
            handler.client.proxy = None  # read from the environment by the constructor
        handler.client.on_message_listeners.append(self._heard)
        self._client, self._greeted = handler.client, None
        return handler

    async def _connect(self, handler: _Handler) -> bool:
        client = handler.client
        try:
            client.wss_uri = await client.issue_new_wss_url()
            self._problem = "Slack has not greeted the socket"
            async with asyncio.timeout(OPEN_SECONDS):
                await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's is not annotated
        except (SlackApiError, *LOST):
            log.warning("slack socket not connected", socket=self.name, problem=self.problem)
            return False
        return True

    async def _heard(self, message: aiohttp.WSMessage) -> None:
        if len(message.data) > _FRAME_LIMIT:
            return
        frame = json.loads(message.data)
        if frame.get("type") == "hello" and self._client is not None:
            self._greeted, self._answers_pings = self._client.current_session, True
            self.connections, self._problem = frame.get("num_connections", 0), ""
            log.info("slack socket connected", socket=self.name, connections=self.connections)
        elif frame.get("type") == "disconnect":
            self._told_to_go(str(frame.get("reason", "")))

    def _told_to_go(self, reason: str) -> None:
        log.info("slack closes a socket", socket=self.name, reason=reason)
        if reason in _UNWANTED:
            self._greeted, self._problem = None, f"Slack wants no socket of ours: {reason}"
            self._turns.hold(REFUSED_SECONDS)

    # --- watching ----------------------------------------------------------------------------

    async def _watch(self, client: SocketModeClient) -> None:
        """Return when the socket has not worked for too long."""
        loop = asyncio.get_running_loop()
        patience = DEAD_AFTER_PINGS * self._ping_seconds
        last_live = connected = loop.time()
        while loop.time() - last_live < patience:
            await asyncio.sleep(min(1.0, self._ping_seconds / 4))
            self._answers_pings = not await client.is_ping_pong_failing()
            if self.is_live:
                last_live = loop.time()
                if last_live - connected > self._ping_seconds:
                    self._turns.works()
        log.warning("slack socket is dead and made anew", socket=self.name, problem=self.problem)

    async def _close(self, handler: _Handler) -> None:
        client = handler.client
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's is not annotated
        except LOST as error:
            log.warning("slack socket not closed in order", error=type(error).__name__)
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        begun = [task for task in tasks if task is not None]
        for task in begun:
            task.cancel()  # already done by the SDK, unless closing took too long
        await asyncio.gather(*begun, return_exceptions=True)
        await client.aiohttp_client_session.close()
