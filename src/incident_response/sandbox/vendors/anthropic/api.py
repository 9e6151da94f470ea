"""The Messages API as Anthropic serves it: `x-api-key`, JSON or server-sent events.

What belongs here: this wire's path, headers and errors. What does not: Bedrock's (`bedrock.py`).
"""

import json

from aiohttp import web

from incident_response.sandbox.vendors.anthropic.messages import (
    BadRequestError,
    Json,
    Model,
    read_request,
)
from incident_response.sandbox.vendors.anthropic.streaming import streamed, whole
from incident_response.sandbox.vendors.desk import Desk, bearer, same
from incident_response.sandbox.vendors.world import World

PREFIX = "/anthropic"
# Every error of the API by name; a fault of kind `error` takes one of them as its code.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_WORDS = {
    "overloaded_error": "Overloaded",
    "rate_limit_error": "This request would exceed your rate limit.",
    "api_error": "Internal server error",
}


def routes(world: World, model: Model, key: str) -> list[web.RouteDef]:
    """Return the API's one route under `/anthropic`, for callers with this key."""

    def refusal(request: web.Request) -> web.Response | None:
        given = request.headers.get("x-api-key") or bearer(request)
        if not same(given, key):
            return error("authentication_error", "invalid x-api-key")
        if "anthropic-version" not in request.headers:
            return error("invalid_request_error", "anthropic-version: header is required")
        return None

    async def messages(request: web.Request) -> web.StreamResponse:
        try:
            asked = read_request(await request.read())
        except BadRequestError as refused:
            return error("invalid_request_error", str(refused))
        if not asked.model:
            return error("invalid_request_error", "model: Field required")
        reply, pace = model.reply(asked, asked.model), model.script.pace
        if not asked.stream:
            return await whole(reply, pace, world.clock)
        return await streamed(
            request,
            reply,
            pace,
            clock=world.clock,
            content_type="text/event-stream",
            frame=_server_sent,
        )

    desk = Desk(world, "anthropic", refusal=refusal, error_body=_fault)
    desk.post(f"{PREFIX}/v1/messages", "messages", messages)
    return desk.routes


def error(kind: str, message: str) -> web.Response:
    """Return an error as the API writes it."""
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return web.json_response(body, status=_STATUSES.get(kind, 500))


def _fault(code: str) -> web.Response:
    kind = "rate_limit_error" if code == "ratelimited" else code
    return error(kind, _WORDS.get(kind, kind))


def _server_sent(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
