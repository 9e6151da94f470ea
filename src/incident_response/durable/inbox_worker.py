"""Works off the inbox: what people did, each thing once, those of one place in order.

Not here: what a click or command means (routing).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from incident_response.domain.errors import PermanentError, RetryableError
from incident_response.durable.failures import innermost
from incident_response.durable.waiting import until_set
from incident_response.ports.clock import Clock
from incident_response.ports.inbox import Envelope, Inbox
from incident_response.telemetry import Kind, note_failure, span

VISIBILITY = timedelta(seconds=15)
"""How long a claimed envelope stays ours without a heartbeat: a dead owner keeps the person
waiting as long.
"""
BATCH = 20
IN_HAND = 200
"""Envelopes in hand at the same time, the waiting ones included: the rest stays in the inbox, so
that draining ends and others have something to do.
"""
LONG_POLL = timedelta(seconds=20)
AT_ONCE = timedelta()
MAX_ATTEMPTS = 5
"""Claims before an envelope is given up and the person is told."""
PAUSE_SECONDS = 1.0
"""Pause before something that failed is tried again, times the attempt; and when the inbox does
not answer.
"""

log = structlog.get_logger(__name__)

Handle = Callable[[Envelope], Awaitable[None]]
OnBuried = Callable[[Envelope, str], Awaitable[None]]
PlaceOf = Callable[[Envelope], str]


class InboxWorker:
    """Hands each envelope to ``handle``; ``place_of`` names what must stay in order, such as a
    channel. One that is cut off is given back.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        handle: Handle,
        on_buried: OnBuried,
        place_of: PlaceOf,
        clock: Clock,
    ) -> None:
        self._inbox = inbox
        self._handle = handle
        self._on_buried = on_buried
        self._place_of = place_of
        self._clock = clock
        self._places: dict[str, _Place] = {}
        self._in_hand: set[str] = set()
        self._settled = asyncio.Event()
        self._stopping = asyncio.Event()

    def drain(self) -> None:
        """Claim nothing more; ``run`` returns when what is in hand is settled."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until drained."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                claimed = await until_set(self._stopping, self._try_claim())
                for envelope in claimed or ():
                    if envelope.key not in self._in_hand:
                        self._in_hand.add(envelope.key)
                        tasks.create_task(self._settle(envelope), name=f"envelope {envelope.key}")

    async def _try_claim(self) -> list[Envelope]:
        while len(self._in_hand) >= IN_HAND:
            self._settled.clear()
            await self._settled.wait()
        limit = min(BATCH, IN_HAND - len(self._in_hand))
        try:
            return await self._inbox.claim(limit=limit, visibility=VISIBILITY, wait=LONG_POLL)
        except RetryableError as error:
            log.warning("cannot read the inbox", reason=str(error))
            await self._clock.sleep(PAUSE_SECONDS)
            return []

    async def _settle(self, envelope: Envelope) -> None:
        name = self._place_name(envelope)
        place = self._places.setdefault(name, _Place())
        place.waiting += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(self._heartbeat(envelope))
                try:
                    async with place.lock:
                        await self._handle_until_settled(envelope)
                finally:
                    beating.cancel()
        except asyncio.CancelledError:
            await self._give_back(envelope)
            raise
        except Exception as error:  # one envelope's trouble must not stop the others
            reason = innermost(error)
            is_known = isinstance(reason, RetryableError)
            log.warning(
                "cannot settle envelope",
                key=envelope.key,
                reason=str(reason),
                exc_info=None if is_known else reason,
            )
        finally:
            place.waiting -= 1
            if not place.waiting:
                del self._places[name]
            self._in_hand.discard(envelope.key)
            self._settled.set()

    def _place_name(self, envelope: Envelope) -> str:
        try:
            return self._place_of(envelope)
        except Exception as error:  # noqa: BLE001 - its handler will fail too, and that is settled
            log.warning("envelope has no place", key=envelope.key, reason=str(error))
            return f"envelope {envelope.key}"

    async def _handle_until_settled(self, envelope: Envelope) -> None:
        failure = _Failure(text="it was begun too often", is_final=True)
        for attempt in range(max(envelope.attempts, 1), MAX_ATTEMPTS + 1):
            outcome = await self._try_handle(envelope)
            if outcome is None:
                await self._inbox.done(envelope.key)
                return
            failure = outcome
            if failure.is_final or attempt == MAX_ATTEMPTS:
                break
            if self._stopping.is_set():
                await self._give_back(envelope)
                return
            await self._clock.sleep(PAUSE_SECONDS * attempt)
        await self._bury(envelope, failure.text)

    async def _give_back(self, envelope: Envelope) -> None:
        """Whoever looks next goes on with it at once."""
        try:
            await self._inbox.extend(envelope, AT_ONCE)
        except RetryableError as error:  # it comes again when its claim ends
            log.warning("cannot give back", key=envelope.key, reason=str(error))

    async def _heartbeat(self, envelope: Envelope) -> None:
        while True:
            await self._clock.sleep(VISIBILITY.total_seconds() / 3)
            try:
                await self._inbox.extend(envelope, VISIBILITY)
            except RetryableError as error:
                log.warning("cannot extend", key=envelope.key, reason=str(error))

    async def _try_handle(self, envelope: Envelope) -> "_Failure | None":
        with span(f"handle {envelope.kind.value}", parent="", kind=Kind.CONSUMER):
            try:
                await self._handle(envelope)
            except Exception as failure:  # noqa: BLE001 - the envelope is settled by it
                error = innermost(failure)
                note_failure(error)
                return self._failure(envelope, error)
        return None

    def _failure(self, envelope: Envelope, error: BaseException) -> "_Failure":
        if isinstance(error, RetryableError):
            log.warning("envelope will be tried again", key=envelope.key, reason=str(error))
            return _Failure(text=str(error), is_final=False)
        if isinstance(error, PermanentError):
            return _Failure(text=str(error), is_final=True)
        log.error("envelope broke", key=envelope.key, kind=envelope.kind, exc_info=error)
        return _Failure(text="an error in this program; its log has the details", is_final=True)

    async def _bury(self, envelope: Envelope, reason: str) -> None:
        await self._inbox.bury(envelope.key, reason)
        try:
            await self._on_buried(envelope, reason)
        except Exception:
            log.exception("cannot tell of a buried envelope", key=envelope.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why handling failed, and whether trying again is pointless."""

    text: str
    is_final: bool


@dataclass(slots=True)
class _Place:
    """Keeps the envelopes of one place in order."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
