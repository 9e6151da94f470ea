"""Every answer of the webhook: short JSON that never repeats a byte of the request.

The status and error codes are a contract with senders and dashboards. Not here: when which answer
is due (``app``, ``guard``).
"""

import json
import secrets
from collections.abc import Mapping

from aiohttp import web

from incident_response.domain.errors import PermanentError
from incident_response.domain.model import EventId
from incident_response.workflows.accept_alert import Acceptance, Outcome

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Server": "incident-response",
}

ENVIRONMENT = "X-Environment"
"""Header of every answer: which environment this is. A drill looks at it before it fires."""

_MESSAGES = {
    "bad_request": "This is not a well-formed HTTP request.",
    "unauthorized": "The request is not authenticated.",
    "not_found": "There is nothing here.",
    "method_not_allowed": "Alerts are posted.",
    "timeout": "The request took too long to arrive.",
    "too_large": "The body is larger than 262144 bytes.",
    "encoding_not_supported": "Send the body without a content encoding.",
    "content_type_not_supported": "Send the body as application/json.",
    "rate_limited": "Too many requests without valid authentication.",
    "headers_too_large": "The headers are larger than 16384 bytes or 64 lines.",
    "internal": "Something went wrong here.",
    "unavailable": "Alerts cannot be stored right now.",
}
_REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}
_GUARD_KINDS = {400: "bad_request", 408: "timeout", 431: "headers_too_large"}

_WORDS = {
    Outcome.ACCEPTED: (202, "accepted"),
    Outcome.REDRIVEN: (202, "accepted"),
    Outcome.QUARANTINED: (202, "quarantined"),
    Outcome.SPOOLED: (202, "spooled"),
    Outcome.DUPLICATE: (200, "duplicate"),
    Outcome.IGNORED: (200, "ignored"),
}


class RequestRefusedError(PermanentError):
    """The request is refused with a status and an error code.

    ``closes`` ends the connection, as after an answer given before the body was read.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        closes: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(_MESSAGES[kind])
        self.status = status
        self.kind = kind
        self.closes = closes
        self.headers = dict(headers or {})


def new_request_id() -> str:
    """Sixteen hex digits that tie an answer to its log lines."""
    return secrets.token_hex(8)


def accepted(acceptance: Acceptance, request_id: str) -> web.Response:
    """202 or 200 with ``{"status", "event_id", "request_id"}``."""
    status, word = _WORDS[acceptance.outcome]
    return _told(status, word, event_id=acceptance.event_id, request_id=request_id)


def _told(status: int, word: str, *, event_id: EventId, request_id: str) -> web.Response:
    content = {"status": word, "event_id": event_id, "request_id": request_id}
    return web.Response(status=status, body=_encoded(content), headers=HEADERS)


def refused(error: RequestRefusedError, request_id: str) -> web.Response:
    """The answer to a refused request."""
    response = web.Response(
        status=error.status,
        body=_refusal(error.kind, str(error), request_id),
        headers={**HEADERS, **error.headers},
    )
    if error.closes:
        response.force_close()
    return response


def invalid(
    status: int, kind: str, *, message: str, pointers: tuple[str, ...], request_id: str
) -> web.Response:
    """The answer to an authentic request that is no alert; ``pointers`` say where, if known."""
    body = _refusal(kind, message, request_id, pointers=pointers)
    return web.Response(status=status, body=body, headers=HEADERS)


def wire_refusal(status: int) -> bytes:
    """A whole response (400, 408 or 431) for bytes that never became a request."""
    kind = _GUARD_KINDS[status]
    body = _refusal(kind, _MESSAGES[kind], new_request_id())
    fields = {**HEADERS, "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {_REASONS[status]}\r\n{lines}\r\n".encode() + body


def _refusal(kind: str, message: str, request_id: str, *, pointers: tuple[str, ...] = ()) -> bytes:
    content: dict[str, object] = {"error": kind, "message": message, "request_id": request_id}
    if pointers:
        content["pointers"] = list(pointers)
    return _encoded(content)


def _encoded(content: Mapping[str, object]) -> bytes:
    return json.dumps(content).encode()
