"""A wire between the adapters and ministack, that counts what passes and can answer itself or
change what is asked.

Not here: what AWS answers when nothing is wrong (ministack).
"""

import asyncio
import json
import math
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tests.aws.ministack import Ministack
from tests.closing import close

Json = dict[str, Any]
OF_THE_WAY = {"host", "content-length"}
"""Headers that are not passed on."""
FORM = "application/x-www-form-urlencoded"
"""What IAM and STS are asked in; they answer XML."""


@dataclass
class Refusal:
    """An answer instead of AWS's."""

    code: str
    status: int = 400
    message: str = "no"
    also: Json = field(default_factory=dict)
    """What else is in it."""


@dataclass
class Request:
    """What an adapter asked for."""

    operation: str
    """Such as ``SendMessage``; of the scheduler the HTTP method, such as ``PUT``."""
    body: Json


@dataclass
class Between:
    """The wire."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, deque[Refusal | Json | None]] = field(default_factory=dict)
    """By operation, what is answered next without asking ministack; None: that one is asked."""
    is_down: bool = False
    """Connections are cut as long as this holds."""
    loses_answers: bool = False
    """Requests are carried out, and their answers lost, as long as this holds."""
    loses: set[str] = field(default_factory=set)
    """Operations of which that holds once."""
    holds: set[str] = field(default_factory=set)
    """Operations whose requests wait for ever."""
    passing: float = math.inf
    """How many requests are let through; the others wait for ever."""
    redirected: Callable[[Request], Json] = lambda request: request.body
    """What ministack is asked instead."""
    done: Callable[[Request], Awaitable[None]] | None = None
    """Told of everything that ministack did, before its answer is passed on."""
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request waits."""

    def of(self, operation: str) -> list[Json]:
        return [request.body for request in self.requests if request.operation == operation]

    def answer(self, operation: str, *answers: Refusal | Json | None) -> None:
        self.answers.setdefault(operation, deque()).extend(answers)


@asynccontextmanager
async def between(
    ministack: Ministack, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Between]:
    """A wire to ``ministack`` on a port of its own, behind ``tls`` where it is given."""
    wire = Between()
    async with aiohttp.ClientSession() as session:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            raw = await request.read()
            asked = _asked(request, raw)
            operation = asked.operation
            wire.requests.append(asked)
            if len(wire.requests) > wire.passing or operation in wire.holds:
                wire.holding.set()
                await asyncio.Event().wait()
            if wire.is_down:
                return _cut(request)
            waiting = wire.answers.get(operation)
            if waiting and (own := waiting.popleft()) is not None:
                return _answered(own, request)
            url = f"{ministack.url}{request.path_qs}"
            kept = {k: v for k, v in request.headers.items() if k.lower() not in OF_THE_WAY}
            body = wire.redirected(asked)
            if body is not asked.body:
                raw = json.dumps(body).encode()
            try:
                async with session.request(request.method, url, data=raw, headers=kept) as theirs:
                    answer, media = await theirs.read(), theirs.headers.get("Content-Type", "")
                    error = theirs.headers.get("x-amzn-errortype", "")
            except aiohttp.ServerDisconnectedError:  # as ministack does with a poll nobody awaits
                return _cut(request)
            if wire.done is not None and theirs.ok:
                await wire.done(asked)
            if wire.loses_answers or operation in wire.loses:
                wire.loses.discard(operation)
                return _cut(request)
            headers = {"Content-Type": media, **({"x-amzn-errortype": error} if error else {})}
            return web.Response(status=theirs.status, body=answer, headers=headers)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", pass_on)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        wire.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield wire
        finally:
            await close(runner)


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _asked(request: web.Request, raw: bytes) -> Request:
    if request.content_type == FORM:
        body = dict(parse_qsl(raw.decode()))
        return Request(body["Action"], body)
    operation = request.headers.get("X-Amz-Target", request.method).rpartition(".")[2]
    return Request(operation, json.loads(raw) if raw else {})


def _answered(answer: Refusal | Json, request: web.Request) -> web.StreamResponse:
    if not isinstance(answer, Refusal):
        return web.json_response(answer, content_type="application/x-amz-json-1.0")
    if request.content_type == FORM:
        error = f"<Code>{answer.code}</Code><Message>{answer.message}</Message>"
        text = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        return web.Response(text=text, status=answer.status, content_type="text/xml")
    body = {"__type": answer.code, "message": answer.message, "Message": answer.message}
    body |= answer.also
    headers = {"x-amzn-errortype": answer.code}
    return web.json_response(body, status=answer.status, headers=headers)
