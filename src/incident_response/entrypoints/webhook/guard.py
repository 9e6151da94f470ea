"""Stands between a connection and aiohttp: lets through whole, timely, unambiguous requests.

aiohttp by itself waits for ever for a head or a body that never ends, and repeats what it cannot
read in its answer. Requests on one connection are let through one after the other, so that a
refusal is never taken for the answer to an earlier one. Not here: anything about a request that
needs its path or method (``app``).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast

import structlog

from incident_response.entrypoints.webhook.answers import wire_refusal
from incident_response.entrypoints.webhook.framing import BodyReader, FramingError, read_head
from incident_response.entrypoints.webhook.inner_transport import InnerTransport

LINGER_SECONDS = 1.0
"""How long a refused sender may still send into the void: an early close could destroy the answer
on its way."""
MAX_HELD_BYTES = 65_536
"""Bytes of later requests a sender may send ahead; nobody who sends alerts does."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a request may take to arrive; seconds, and bytes a second."""

    head_seconds: float = 2.0
    body_seconds: float = 5.0
    """From the end of the head."""
    grace_seconds: float = 2.0
    """Time after the head from which a body must keep up ``min_rate``, on average."""
    min_rate: int = 1024
    check_seconds: float = 0.5


class _Phase(Enum):
    IDLE = auto()
    """Between two requests."""
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    """The request is through; its answer is awaited."""
    REFUSED = auto()


class Guard(asyncio.Protocol):
    """The protocol of one connection, around aiohttp's ``inner``.

    ``on_close`` is called when the connection is gone.
    """

    def __init__(
        self, inner: asyncio.Protocol, pace: Pace, on_close: Callable[["Guard"], None]
    ) -> None:
        self._inner: asyncio.Protocol | None = inner
        self._pace = pace
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self._phase = _Phase.HEAD
        self._data = b""
        self._body: BodyReader | None = None
        self._body_began = 0.0
        self._body_bytes = 0
        self._is_answered = False
        self._is_draining = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection that says nothing has as long as one that says too little."""
        # A stream's transport is one that writes; uvloop's is no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._inner_transport = InnerTransport(self._transport, self._wrote)
        self._start_timer(self._pace.head_seconds, self._head_late)
        if self._inner is not None:
            self._inner.connection_made(self._inner_transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell aiohttp, unless it was told already."""
        self._stop_timer()
        self._part(exc)
        self._on_close(self)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and pass on what is in order."""
        if self._phase is _Phase.REFUSED:
            return
        self._data += data
        try:
            self._advance()
        except FramingError as error:
            self._refuse(error.status)

    def eof_received(self) -> bool:
        """The sender sends no more; it may still want its answer. True: not to be closed yet."""
        if self._phase is _Phase.ANSWER:
            self._is_draining = True
            return True
        if self._phase is _Phase.BODY or (self._data and self._phase is not _Phase.REFUSED):
            self._refuse(400)
            return True
        return False

    def pause_writing(self) -> None:
        """Passed on to aiohttp."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Passed on to aiohttp."""
        if self._inner is not None:
            self._inner.resume_writing()

    def drain(self) -> None:
        """Close as soon as no request is under way; at once if none is."""
        self._is_draining = True
        is_waiting = self._phase is _Phase.HEAD and not self._data
        if is_waiting or self._phase in (_Phase.IDLE, _Phase.REFUSED):
            self._transport.close()

    def cut(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()

    def _advance(self) -> None:
        while self._data:
            if self._phase in (_Phase.IDLE, _Phase.HEAD):
                if not self._take_head():
                    return
            elif self._phase is _Phase.BODY:
                self._take_body()
            else:
                self._hold()
                return

    def _take_head(self) -> bool:
        """Whether a whole head was there, and is passed on."""
        head = read_head(self._data)
        if head is None:
            if self._phase is _Phase.IDLE:
                self._phase = _Phase.HEAD
                self._start_timer(self._pace.head_seconds, self._head_late)
            return False
        self._stop_timer()
        self._body = BodyReader(head)
        self._body_began, self._body_bytes = self._loop.time(), 0
        self._phase = _Phase.BODY
        end = head.size
        if not head.is_chunked:  # the usual request comes in one piece: pass it on in one
            end += self._body.take(self._data[end : end + head.length])
            self._body_bytes = end - head.size
        self._pass(end)
        self._end_body()
        return True

    def _take_body(self) -> None:
        assert self._body is not None
        taken = self._body.take(self._data)
        self._body_bytes += taken
        self._pass(taken)
        self._end_body()

    def _end_body(self) -> None:
        assert self._body is not None
        if not self._body.is_complete:
            if self._timer is None:
                self._start_timer(self._pace.grace_seconds, self._check_body)
            return
        self._stop_timer()
        self._phase = _Phase.ANSWER
        if self._is_answered:
            self._loop.call_soon(self._next)

    def _pass(self, size: int) -> None:
        passed, self._data = self._data[:size], self._data[size:]
        if self._inner is not None:
            self._inner.data_received(passed)

    def _hold(self) -> None:
        if len(self._data) > MAX_HELD_BYTES:
            _log.info("connection cut", reason="sends ahead")
            self._transport.abort()

    def _wrote(self) -> None:
        """Aiohttp has begun an answer; it writes all of a short one in the same step."""
        self._is_answered = True
        if self._phase is _Phase.ANSWER:
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        """The answer is out: on to the next request, which may be here already."""
        if self._phase is not _Phase.ANSWER or not self._is_answered:
            return
        self._phase, self._is_answered = _Phase.IDLE, False
        if self._is_draining and not self._data:
            self._transport.close()
        elif self._data:
            self.data_received(b"")

    def _head_late(self) -> None:
        self._timer = None
        self._refuse(408)

    def _check_body(self) -> None:
        self._timer = None
        seconds = self._loop.time() - self._body_began
        is_slow = self._body_bytes < self._pace.min_rate * seconds
        if is_slow or seconds >= self._pace.body_seconds:
            self._refuse(408)
            return
        left = self._pace.body_seconds - seconds
        self._start_timer(min(self._pace.check_seconds, left), self._check_body)

    def _refuse(self, status: int) -> None:
        """Answer in aiohttp's place, unless it has answered already, and close."""
        _log.info("request refused", status=status, stage="wire")
        self._stop_timer()
        self._phase = _Phase.REFUSED
        self._data = b""
        self._part(ConnectionResetError("refused by the guard"))
        if not self._is_answered:
            self._transport.write(wire_refusal(status))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._timer = self._loop.call_later(LINGER_SECONDS, self._transport.close)

    def _part(self, exc: Exception | None) -> None:
        """Aiohttp is done with this connection."""
        inner, self._inner = self._inner, None
        if inner is not None:
            self._inner_transport.detach()
            inner.connection_lost(exc)

    def _start_timer(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
