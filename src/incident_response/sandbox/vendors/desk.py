"""One vendor's reception desk: every call passes the fault board, then authentication.

What belongs here: the order of things around a vendor's answers. What does not: any vendor's
answers.
"""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from incident_response.sandbox.faults import ErrorBody
from incident_response.sandbox.vendors.world import World

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Refusal = Callable[[web.Request], web.Response | None]


class Desk:
    """Collects one vendor's routes; `refusal` is the vendor's error for a caller it refuses."""

    def __init__(
        self, world: World, vendor: str, *, refusal: Refusal, error_body: ErrorBody
    ) -> None:
        self._world = world
        self._vendor = vendor
        self._refusal = refusal
        self._error_body = error_body
        self.routes: list[web.RouteDef] = []

    def get(self, path: str, name: str, answer: Answer) -> None:
        """Serve GET `path`; faults and the log know it as `<vendor>.<name>`."""
        self.routes.append(web.get(path, self._guarded(name, answer)))

    def post(self, path: str, name: str, answer: Answer) -> None:
        """Serve POST `path` likewise."""
        self.routes.append(web.post(path, self._guarded(name, answer)))

    def patch(self, path: str, name: str, answer: Answer) -> None:
        """Serve PATCH `path` likewise."""
        self.routes.append(web.patch(path, self._guarded(name, answer)))

    def put(self, path: str, name: str, answer: Answer) -> None:
        """Serve PUT `path` likewise."""
        self.routes.append(web.put(path, self._guarded(name, answer)))

    def _guarded(
        self, name: str, answer: Answer
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        target = f"{self._vendor}.{name}"

        async def handle(request: web.Request) -> web.StreamResponse:
            async def admitted() -> web.StreamResponse:
                return self._refusal(request) or await answer(request)

            return await self._world.board.guarded(
                request, target, admitted, error_body=self._error_body
            )

        return handle


def same(given: str, expected: str) -> bool:
    """Compare two credentials in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def bearer(request: web.Request) -> str:
    """Return the token of an `Authorization: Bearer` header, or an empty string."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(request: web.Request) -> str:
    """Return `user:password` of an `Authorization: Basic` header, or an empty string."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def natural(text: str) -> int:
    """Return a number written in at most 18 decimal digits. Raises `ValueError` for all else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError(f"invalid number {text[:20]!r}")
    return int(text)


def natural_argument(request: web.Request, name: str, default: int) -> int:
    """Return a query argument as a natural number, `default` where it is absent or empty.

    Raises `ValueError` when it is something else.
    """
    return natural(request.query.get(name) or str(default))
