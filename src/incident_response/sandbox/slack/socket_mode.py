"""Socket Mode: which socket gets a payload, and what becomes of it.

A payload goes to exactly one socket, in turn; its acknowledgement counts from whichever socket it
comes. Events that are not acknowledged are sent again; interactions and commands never are.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from incident_response.sandbox.faults import Fault, FaultBoard
from incident_response.sandbox.slack.connections import Connection, Connections, SocketSettings
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.tasks import Tasks

__all__ = ["Ack", "SocketMode", "SocketSettings"]

log = structlog.get_logger(__name__)

EnvelopeType = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True, slots=True)
class Ack:
    """What came of a delivery: `payload` is the app's answer; `error` says why there is none."""

    payload: Json = field(default_factory=dict)
    error: Literal["operation_timeout", "app_unreachable"] | None = None


class SocketMode(Connections):
    """The app's sockets, and delivery over them.

    `deliver` waits for an answer, `announce` sees to it alone.
    """

    def __init__(
        self,
        *,
        app_id: str,
        faults: FaultBoard,
        tasks: Tasks,
        now: Callable[[], float],
        settings: SocketSettings,
    ) -> None:
        super().__init__(
            app_id=app_id, tasks=tasks, now=now, settings=settings, heard=self._received
        )
        self._faults = faults
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    async def deliver(self, kind: EnvelopeType, payload: Callable[[], Json]) -> Ack:
        """Send a payload and wait for the app's answer.

        `payload` is called when a socket is there, so that a trigger in it starts to age only
        then. Without a socket for `queue_seconds`: `app_unreachable`; without an answer within
        `ack_seconds`: `operation_timeout`.
        """
        socket = await self._next_socket()
        if socket is None:
            return Ack(error="app_unreachable")
        return await self._exchange(socket, _envelope(kind, payload()))

    def tell(self, kind: EnvelopeType, payload: Json) -> None:
        """Send a payload once; nobody waits for the answer."""
        self._tasks.start(self._tell(kind, payload), name=f"tell-{payload['type']}")

    async def _tell(self, kind: EnvelopeType, payload: Json) -> None:
        ack = await self.deliver(kind, lambda: payload)
        if ack.error is not None:
            log.info("payload_unanswered", type=payload["type"], error=ack.error)

    def announce(self, payload: Json) -> None:
        """See an event to the app, with Slack's retries; the caller does not wait."""
        self._tasks.start(self._announce(payload), name=f"event-{payload['event_id']}")

    async def _announce(self, payload: Json) -> None:
        ack = await self.deliver("events_api", lambda: payload)
        for attempt, delay in enumerate(self._settings.retry_delays, start=1):
            if ack.error is None:
                return
            await asyncio.sleep(delay * self._settings.retry_scale)
            socket = await self._next_socket()
            if socket is not None:
                reason = "timeout" if ack.error == "operation_timeout" else "connection_failed"
                envelope = _envelope("events_api", payload, attempt=attempt, reason=reason)
                ack = await self._exchange(socket, envelope)
        if ack.error is not None:
            log.warning("event_given_up", event_id=payload["event_id"], error=ack.error)

    async def _exchange(self, socket: Connection, envelope: Json) -> Ack:
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer
        fault = self._faults.take_socket()
        self._note(socket, envelope, fault)
        try:
            carrier = await self._carrier(socket, fault)
            async with asyncio.timeout(self._settings.ack_seconds):
                await self._put_out(carrier, envelope)
                if fault is not None and fault.kind == "duplicate_delivery":
                    await self._put_out(await self._next_socket(), _twin(envelope))
                return Ack(payload=await answer)
        except TimeoutError:
            return Ack(error="operation_timeout")
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def _carrier(self, socket: Connection, fault: Fault | None) -> Connection | None:
        """Who takes the envelope once a fault has had its way; None when it is lost."""
        if fault is None:
            return socket
        match fault.kind:
            case "swallow":
                return None
            case "drop_socket":
                self._abort(socket)
                return None
            case "disconnect":
                # As with a refresh: that socket gets nothing more, the payload goes to another.
                await self._ask_to_go(socket, fault.reason)
                return await self._next_socket()
            case "delay_delivery":
                await asyncio.sleep(fault.seconds)
            case _:
                pass
        return socket

    def _note(self, socket: Connection, envelope: Json, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else None
        self._faults.note("slack.socket", type=envelope["type"], socket=socket.number, fault=kind)

    async def _put_out(self, socket: Connection | None, envelope: Json) -> None:
        """Send over a socket, or, when it turns out to be gone, over the next that is not."""
        while socket is not None and not await socket.send(envelope):
            socket = await self._next_socket()

    def _received(self, socket: Connection, text: str) -> None:
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


def _twin(envelope: Json) -> Json:
    """The same payload in an envelope of its own."""
    return envelope | {"envelope_id": _envelope_id()}


def _envelope_id() -> str:
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
