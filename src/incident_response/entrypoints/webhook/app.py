"""What is asked of a request before it counts as an alert, and in which order.

The order is part of the contract: method, path, length, encoding, authentication, type, JSON,
shape. Nothing is parsed before it is authenticated, and nothing is answered before it is durable.
Not here: how fast bytes must come (``guard``), what any sender calls its fields
(``alert_sources``).
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import structlog
from aiohttp import web

from incident_response.alert_sources import strict_json
from incident_response.alert_sources.authentication import Authenticator, SignedRequest, Verdict
from incident_response.domain.alert import Alert
from incident_response.domain.errors import (
    IncidentResponseError,
    InvalidAlertError,
    InvalidConfigurationError,
)
from incident_response.entrypoints.webhook import answers
from incident_response.entrypoints.webhook.answers import RequestRefusedError
from incident_response.entrypoints.webhook.inner_transport import CONTINUE
from incident_response.entrypoints.webhook.keys import KeyRing
from incident_response.entrypoints.webhook.throttle import Throttle
from incident_response.ports.clock import Clock
from incident_response.routing.alert_mapping import AlertMapping
from incident_response.routing.alert_source import AlertSource, ParseContext
from incident_response.routing.table import unique_table
from incident_response.telemetry import Kind, annotate, count_alert, span, traceparent
from incident_response.workflows.accept_alert import Acceptance, AlertIntake

STORE_SECONDS = 3.0
"""Budget for keys, store and spool together: Grafana OnCall gives up, and sends again, after
four.
"""

_CONTENT_TYPE = re.compile(rb'application/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?', re.IGNORECASE)
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBinding:
    """An alert source as this installation uses it."""

    source: AlertSource
    authenticator: Authenticator
    key: str
    """Name of the secret its requests are checked with."""
    mapping: AlertMapping | None = None


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A request whose body is here."""

    request: web.BaseRequest
    binding: SourceBinding
    signed: SignedRequest
    request_id: str


class WebhookApp:
    """Turns requests into answers; ``server.WebhookServer`` puts it on a port.

    ``intake`` must be running (``AlertIntake.run``). Raises ``InvalidConfigurationError`` if two
    bindings answer on one path, or there are none.
    """

    def __init__(
        self,
        *,
        bindings: Iterable[SourceBinding],
        intake: AlertIntake,
        keys: KeyRing,
        clock: Clock,
        max_body_bytes: int = strict_json.MAX_BYTES,
        store_seconds: float = STORE_SECONDS,
        environment: str = "",
    ) -> None:
        self._paths = unique_table("alert path", ((p, b) for b in bindings for p in _paths(b)))
        if not self._paths:
            raise InvalidConfigurationError("no alert source is configured")
        self._intake = intake
        self._keys = keys
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self._store_seconds = store_seconds
        self._throttle = Throttle(clock)
        self._environment = environment
        self.is_draining = False
        """Once set, every answer asks the sender to connect anew."""

    @property
    def bindings(self) -> Mapping[str, SourceBinding]:
        """What answers on which path."""
        return self._paths

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises for anything a sender or a store can do."""
        request_id = answers.new_request_id()
        response = await self._answer(request, request_id)
        if self._environment:
            response.headers[answers.ENVIRONMENT] = self._environment
        if self.is_draining:
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest, request_id: str) -> web.Response:
        try:
            arrival = await self._arrival(request, request_id)
            acceptance = await self._within_budget(arrival)
        except RequestRefusedError as error:
            return answers.refused(error, request_id)
        except InvalidAlertError as error:
            _log.warning(
                "alert not understood",
                request_id=request_id,
                kind=error.kind,
                pointers=error.pointers,
            )
            return answers.invalid(
                error.status,
                error.kind,
                message=str(error),
                pointers=error.pointers,
                request_id=request_id,
            )
        except Exception:  # noqa: BLE001 - the outermost edge: the sender is told, and we go on
            _log.exception("request failed", request_id=request_id)
            return answers.refused(RequestRefusedError(500, "internal"), request_id)
        return answers.accepted(acceptance, request_id)

    async def _arrival(self, request: web.BaseRequest, request_id: str) -> _Arrival:
        """Method, path, length, encoding; then the body."""
        if request.method != "POST":
            raise _early(405, "method_not_allowed", headers={"Allow": "POST"})
        binding = self._paths.get(request.path)
        if binding is None:
            raise _early(404, "not_found")
        self._check_length(request)
        if request.headers.getall("Content-Encoding", ["identity"]) != ["identity"]:
            raise _early(415, "encoding_not_supported")
        received_at = self._clock.now()
        body = await self._body(request)
        signed = SignedRequest(request.raw_headers, body, received_at)
        return _Arrival(request, binding, signed, request_id)

    def _check_length(self, request: web.BaseRequest) -> None:
        length = request.content_length
        if length is None and "Transfer-Encoding" not in request.headers:
            raise _early(400, "bad_request")
        if length is not None and length > self._max_body_bytes:
            raise _early(413, "too_large")

    async def _body(self, request: web.BaseRequest) -> bytes:
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(CONTINUE)
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in request.content.iter_any():
                size += len(piece)
                if size > self._max_body_bytes:
                    raise _early(413, "too_large")
                pieces.append(piece)
        except (ConnectionError, web.RequestPayloadError):
            _log.info("sender hung up", reason="body incomplete")
            raise _early(400, "bad_request") from None
        return b"".join(pieces)

    async def _within_budget(self, arrival: _Arrival) -> Acceptance:
        try:
            async with asyncio.timeout(self._store_seconds) as budget:
                await self._authenticate(arrival)
                with _traced(arrival):
                    return await self._take_in(arrival, within=_left(budget))
        except (RequestRefusedError, InvalidAlertError):
            raise
        except (TimeoutError, IncidentResponseError) as error:
            code = error.code if isinstance(error, IncidentResponseError) else "timeout"
            _log.error(
                "alert not stored", request_id=arrival.request_id, error=code, reason=str(error)
            )
            count_alert(source=arrival.binding.source.name, outcome="unavailable")
            headers = {"Retry-After": "5"}
            raise RequestRefusedError(503, "unavailable", headers=headers) from error

    async def _authenticate(self, arrival: _Arrival) -> None:
        binding = arrival.binding
        versions = await self._keys.current(binding.key)
        verdict = binding.authenticator.check(arrival.signed, versions.accepted)
        if verdict is Verdict.MISMATCH:
            fresh = await self._keys.newer(binding.key, than=versions)
            if fresh is not None:
                verdict = binding.authenticator.check(arrival.signed, fresh.accepted)
        if verdict is not Verdict.AUTHENTIC:
            raise self._unauthorized(arrival, verdict)

    def _unauthorized(self, arrival: _Arrival, verdict: Verdict) -> RequestRefusedError:
        """The same answer whatever was wrong; the log says what."""
        peer = arrival.request.remote or ""
        suppressed = self._throttle.take((arrival.request.path, peer))
        if suppressed is None:
            return RequestRefusedError(429, "rate_limited", headers={"Retry-After": "1"})
        _log.warning(
            "request not authentic",
            request_id=arrival.request_id,
            source=arrival.binding.source.name,
            peer=peer,
            verdict=verdict.value,
            suppressed=suppressed,
        )
        return RequestRefusedError(401, "unauthorized")

    async def _take_in(self, arrival: _Arrival, *, within: float) -> Acceptance:
        """Type, JSON, shape; then the store, or what takes its place."""
        content_type = arrival.signed.sole("Content-Type")
        if content_type is None or not _CONTENT_TYPE.fullmatch(content_type):
            raise RequestRefusedError(415, "content_type_not_supported")
        alert = _parse(arrival)
        acceptance = await self._intake.accept(
            alert, raw=arrival.signed.body, trace=traceparent(), within=within
        )
        outcome = acceptance.outcome.value
        annotate(event_id=acceptance.event_id, outcome=outcome)
        count_alert(source=alert.source, outcome=outcome)
        _log.info(
            "alert taken in",
            request_id=arrival.request_id,
            source=alert.source,
            event_id=acceptance.event_id,
            outcome=outcome,
        )
        return acceptance


def _traced(arrival: _Arrival) -> AbstractContextManager[object]:
    """From its arrival on, in the sender's trace if it names one; only of who is authentic."""
    source, trace = arrival.binding.source.name, arrival.signed.sole("traceparent") or b""
    return span(
        "take in alert",
        parent=trace.decode("ascii") if _TRACEPARENT.fullmatch(trace) else "",
        kind=Kind.SERVER,
        began_at=arrival.signed.received_at,
        attributes={"incident_response.source": source},
    )


def _left(budget: asyncio.Timeout) -> float:
    """Seconds until it ends."""
    ends_at = budget.when()
    assert ends_at is not None
    return ends_at - asyncio.get_running_loop().time()


def _parse(arrival: _Arrival) -> Alert:
    received_at = arrival.signed.received_at
    assert received_at is not None
    payload = strict_json.parse(arrival.signed.body)
    context = ParseContext(
        source=arrival.binding.source.name,
        received_at=received_at,
        raw=arrival.signed.body,
        mapping=arrival.binding.mapping,
    )
    return arrival.binding.source.parse(payload, context)


def _paths(binding: SourceBinding) -> tuple[str, ...]:
    return binding.source.all_paths


def _early(
    status: int, kind: str, *, headers: Mapping[str, str] | None = None
) -> RequestRefusedError:
    """A refusal before the body is read: the connection cannot be used any further."""
    return RequestRefusedError(status, kind, closes=True, headers=headers)
