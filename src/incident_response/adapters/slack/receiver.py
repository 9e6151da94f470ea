"""What people do in Slack becomes durable before Slack is told that it arrived.

Every delivery of a socket is put into the inbox and only then acknowledged. If that fails an event
is not acknowledged (Slack delivers it again), and a person who clicked or typed is told visibly,
because Slack delivers that only once. What comes from other workspaces, and what only tells what
our own bot did, is acknowledged and dropped. Not here: what anything means; ``prepare`` is given.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from incident_response.adapters.slack.client import SDK_LOG, SlackClient
from incident_response.adapters.slack.envelopes import (
    NOT_CONFIRMED,
    NOT_RECORDED,
    Payload,
    envelope_of,
    is_foreign,
    is_our_own,
    visible_refusal,
)
from incident_response.adapters.slack.sockets import Flights, Socket
from incident_response.adapters.slack.turns import Turns
from incident_response.domain.errors import RefusedError, RetryableError, UnknownOutcomeError
from incident_response.domain.model import Json
from incident_response.ports.clock import Clock
from incident_response.ports.inbox import Envelope, EnvelopeKind, Inbox, Prepare

PUT_SECONDS = 1.5
"""How long the inbox may take: Slack waits three seconds for an acknowledgement."""
PREPARE_AND_PUT_SECONDS = 2.3
TELL_SECONDS = 0.5
"""What is left of the three seconds to tell a person that it failed."""
DRAIN_SECONDS = PREPARE_AND_PUT_SECONDS + TELL_SECONDS
"""How long deliveries that have begun may take to be acknowledged when we stop."""
LAST_SECONDS = 0.5
"""How long those may take that came in while the sockets were being closed."""
TOKEN_CHECK_SECONDS = 60.0
"""How often Slack is asked whether our token still holds; a revoked one makes no other noise."""
TOKEN_RETRY_SECONDS = 5.0

_ANYTHING = re.compile("")
_OUTSIDER = "This works only for members of the workspace it was installed in."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverState:
    """Whether what people do reaches us, and if not, why not."""

    is_ready: bool
    """At least one socket is live and the token holds."""
    live_sockets: int
    connections: int
    """Sockets of the app Slack last counted; more than all processors have means ghosts."""
    problems: tuple[str, ...]


class SlackReceiver:
    """Receives over Socket Mode: Bolt as it is, on several sockets of one app.

    ``commands`` are the slash commands we answer to, with the slash. ``spacing_seconds`` lie
    between the sockets' connecting, so that Slack does not close them at the same time.
    """

    def __init__(
        self,
        slack: SlackClient,
        *,
        inbox: Inbox,
        prepare: Prepare,
        clock: Clock,
        commands: Sequence[str] = ("/incident-response",),
        sockets: int = 2,
        ping_seconds: float = 5.0,
        spacing_seconds: float = 10.0,
    ) -> None:
        self._slack = slack
        self._inbox = inbox
        self._prepare = prepare
        self._clock = clock
        self._commands = frozenset(commands)
        self._flights = Flights()
        self._identified = asyncio.Event()
        self._refusal = "Slack has not told yet who we are"
        self._running: asyncio.Task[None] | None = None
        self._sockets: list[Socket] = []
        turns = Turns(spacing=spacing_seconds)
        app = self._app()
        for number in range(1, sockets + 1):
            socket = Socket(
                str(number),
                app,
                slack,
                fleet=self._sockets,
                turns=turns,
                flights=self._flights,
                ping_seconds=ping_seconds,
            )
            self._sockets.append(socket)

    # --- life --------------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """Whether at least one socket works."""
        return any(socket.is_live for socket in self._sockets)

    @property
    def state(self) -> ReceiverState:
        """For readiness and for people."""
        named = [f"socket {s.name}: {s.problem}" for s in self._sockets if s.problem]
        problems = (self._refusal, *named) if self._refusal else tuple(named)
        return ReceiverState(
            is_ready=self.is_live and not self._refusal,
            live_sockets=sum(socket.is_live for socket in self._sockets),
            connections=max(socket.connections for socket in self._sockets),
            problems=problems,
        )

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin to connect, as a task of ``tasks``; a refused token is told in ``state``."""
        self._running = tasks.create_task(self._run(), name="slack receiver")

    async def stop(self) -> None:
        """Acknowledge what has arrived, close the sockets, finish what came in last."""
        await self._flights.landed(DRAIN_SECONDS)
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        await self._flights.landed(LAST_SECONDS)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_token())
            await self._identified.wait()
            for socket in self._sockets:
                tasks.create_task(socket.run())

    async def _watch_token(self) -> None:
        while True:
            pause = TOKEN_CHECK_SECONDS
            try:
                await self._slack.identify()
            except RefusedError as error:
                self._refusal = str(error)
                log.error("slack refuses our token", reason=error.reason)  # noqa: TRY400 - the reason says it all
            except RetryableError as error:
                # Says nothing about the token; whether Slack is there, the sockets tell.
                pause = TOKEN_RETRY_SECONDS
                log.warning("slack could not be asked who we are", error=str(error))
            else:
                self._refusal = ""
                self._identified.set()
            await asyncio.sleep(pause)

    # --- receiving ---------------------------------------------------------------------------

    def _app(self) -> AsyncApp:
        async def authorize() -> AuthorizeResult:
            ours = await self._slack.identity()
            return AuthorizeResult(
                enterprise_id=None,
                team_id=ours.team_id,
                bot_user_id=ours.bot_user_id,
                bot_id=ours.bot_id,
                bot_token=self._slack.access.bot_token,
            )

        app = AsyncApp(
            name="incident-response",
            logger=SDK_LOG,
            # Without a token of its own, since Bolt warns where it has both that and authorize.
            client=self._slack.web_client(AsyncWebClient, token=None),
            authorize=authorize,
            # Answer with what the listener decided, when it has decided: otherwise Bolt answers
            # beside the listener, and loses the answer of one that raises right after it.
            process_before_response=True,
        )
        app.command(_ANYTHING)(self._listener(EnvelopeKind.COMMAND))
        app.action(_ANYTHING)(self._listener(EnvelopeKind.ACTION))
        app.view(_ANYTHING)(self._listener(EnvelopeKind.VIEW))
        app.view_closed(_ANYTHING)(self._listener(EnvelopeKind.VIEW))
        app.shortcut(_ANYTHING)(self._listener(EnvelopeKind.SHORTCUT))
        app.event(_ANYTHING)(self._listener(EnvelopeKind.EVENT))
        return app

    def _listener(self, kind: EnvelopeKind) -> Callable[..., Awaitable[BoltResponse]]:
        async def listen(body: Payload) -> BoltResponse:  # Bolt goes by the argument's name
            return await self._receive(kind, body)

        return listen

    async def _receive(self, kind: EnvelopeKind, payload: Payload) -> BoltResponse:
        ours = await self._slack.identity()
        if kind is EnvelopeKind.EVENT and is_our_own(payload, ours):
            return _acknowledged(None)
        if is_foreign(payload, ours):
            log.info("slack delivery from another workspace dropped", kind=kind)
            return _acknowledged(visible_refusal(payload, _OUTSIDER))
        if kind is EnvelopeKind.COMMAND and payload.get("command") not in self._commands:
            return _acknowledged(visible_refusal(payload, self._names()))
        envelope = envelope_of(kind, payload, received_at=self._clock.now())
        try:
            async with asyncio.timeout(PREPARE_AND_PUT_SECONDS):
                return _acknowledged(await self._recorded(envelope))
        except (TimeoutError, UnknownOutcomeError):
            log.warning("slack delivery not confirmed as recorded", kind=kind, key=envelope.key)
            return await self._refused(payload, NOT_CONFIRMED)
        except Exception:  # the edge of what one delivery may break
            log.exception("slack delivery not recorded", kind=kind, key=envelope.key)
            return await self._refused(payload, NOT_RECORDED)

    async def _recorded(self, envelope: Envelope) -> Json | None:
        prepared = await self._prepare(envelope)
        if prepared.keep:
            async with asyncio.timeout(PUT_SECONDS):
                is_new = await self._inbox.put(envelope)
            if not is_new:
                log.info("slack delivered again", kind=envelope.kind, key=envelope.key)
        return prepared.answer

    async def _refused(self, payload: Payload, text: str) -> BoltResponse:
        """Tell the person; where that cannot be done, Slack does it when we do not acknowledge."""
        answer = visible_refusal(payload, text)
        if answer is not None:
            return _acknowledged(answer)
        if await self._told(str(payload.get("response_url") or ""), text):
            return _acknowledged(None)
        return BoltResponse(status=503, body="")

    async def _told(self, response_url: str, text: str) -> bool:
        if not response_url:
            return False
        body: Json = {"response_type": "ephemeral", "replace_original": False, "text": text}
        try:
            async with asyncio.timeout(TELL_SECONDS):
                return await self._slack.respond(response_url, body)
        except (TimeoutError, RetryableError, RefusedError) as error:
            log.warning("could not tell that a click was lost", error=type(error).__name__)
            return False

    def _names(self) -> str:
        return f"Please use {' or '.join(sorted(self._commands))}."


def _acknowledged(answer: Json | None) -> BoltResponse:
    return BoltResponse(status=200, body=answer if answer is not None else "")
