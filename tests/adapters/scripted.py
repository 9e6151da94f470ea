"""A vendor that answers what a test tells it to, on a real socket, and clocks that do not wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.closing import close
from tests.fakes.clock import FakeClock

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HurriedClock(FakeClock):
    """Whoever sleeps finds the time passed at once; ``slept`` tells how long they wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Scripted:
    """Gives its answers one after the other, the last one again and again."""

    answers: list[Answer]
    requests: list[Received] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(
            Received(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                request.headers.copy(),
                await request.read(),
            )
        )
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await answer(request)
        finally:
            self.under_way -= 1


def says(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=dict(headers or {}))

    return answer


def says_text(text: str, *, status: int = 200, content_type: str = "text/html") -> Answer:
    """Anything but JSON."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=content_type)

    return answer


async def resets(request: web.Request) -> web.StreamResponse:
    """The connection is cut without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hangs(_: web.Request) -> web.StreamResponse:
    """Nothing comes, ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def drips(request: web.Request) -> web.StreamResponse:
    """Headers at once, then a byte now and then, without end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(*routes: web.AbstractRouteDef) -> AsyncIterator[str]:
    """Serve the routes on a free port; yields the address."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await close(runner)


@asynccontextmanager
async def vendor_that(*answers: Answer) -> AsyncIterator[tuple[str, Scripted]]:
    """A vendor that gives ``answers`` to whatever it is asked."""
    scripted = Scripted(list(answers))
    async with serving(web.route("*", "/{path:.*}", scripted.handle)) as url:
        yield url, scripted
