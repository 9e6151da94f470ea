"""What keeps a page on this machine to this machine: host, origin and content rules.

The sandbox listens on loopback only, but a browser on the machine also runs other people's pages.
So a request must name a loopback host (no DNS rebinding), a change must come from this very page,
and what is served may load and run nothing but the sandbox's own files.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
BODY_LIMIT: Final = 256 * 1024
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def protected(handler: Handler) -> Handler:
    """Wrap a handler: strangers are refused, answers carry the page's headers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        require_loopback_host(request)
        if request.method != "GET":
            require_same_origin(request)
        reply = await handler(request)
        if not reply.prepared:
            reply.headers.update(HEADERS)
        return reply

    return answer


def require_loopback_host(request: web.Request) -> None:
    """Refuse a request that names another host than this machine's own.

    Raises:
        web.HTTPForbidden: the host is not a loopback name.
    """
    if hostname(f"//{request.host}") not in LOOPBACK:
        raise web.HTTPForbidden(text="this page answers on loopback names only\n")


def require_same_origin(request: web.Request) -> None:
    """Refuse a change that does not come from this page: its origin, as JSON, with its header.

    Raises:
        web.HTTPForbidden: another origin, or none of the marks of this page's own script.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="requests from other origins are refused\n")
    if request.content_type != "application/json" or request.headers.get("X-Sandbox") != "1":
        raise web.HTTPForbidden(text="send JSON with the header X-Sandbox: 1\n")


def hostname(address: str) -> str | None:
    """Give the host of an address, or ``None`` if it is not one."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def read_json(request: web.Request) -> dict[str, Any]:
    """Read a JSON object of bounded size.

    Raises:
        web.HTTPRequestEntityTooLarge: longer than 256 KiB.
        web.HTTPBadRequest: not a JSON object.
    """
    raw = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        raw += chunk
        if len(raw) > BODY_LIMIT:
            raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(raw))
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="the body is not JSON\n") from error
    if not isinstance(document, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object\n")
    return document
