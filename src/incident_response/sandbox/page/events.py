"""The event stream: tells a browser that something it may see has changed.

It says *that*, never *what*: the page is fetched again, so there is one way to draw it and one
place that decides who sees what.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.client_exceptions import ClientConnectionResetError

from incident_response.sandbox.page.guard import HEADERS
from incident_response.sandbox.slack.changes import Change, Subscription
from incident_response.sandbox.slack.workspace import Workspace

HEARTBEAT_SECONDS: Final = 15.0
_HELLO: Final = b"retry: 1000\n\n"
_POKE: Final = b"event: change\ndata: {}\n\n"
_HEARTBEAT: Final = b": still here\n\n"
_PRIVATE_KINDS: Final = frozenset({"ephemeral", "view_changed"})


class EventStreams:
    """All open streams; ``close`` ends them, so that the server can stop."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: set[Subscription] = set()

    async def serve(self, request: web.Request, user: str) -> web.StreamResponse:
        """Poke one browser until it goes away or the server stops."""
        reply = web.StreamResponse(headers={**HEADERS, "Cache-Control": "no-store"})
        reply.content_type = "text/event-stream"
        await reply.prepare(request)
        with self._workspace.changes() as changes:
            self._open.add(changes)
            try:
                await reply.write(_HELLO)
                await self._poke(reply, changes, user)
            except ClientConnectionResetError:
                pass  # the browser left, which is how every stream ends
            finally:
                self._open.discard(changes)
        return reply

    async def close(self, _app: web.Application | None = None) -> None:
        """End every stream."""
        for changes in tuple(self._open):
            changes.close()

    async def _poke(self, reply: web.StreamResponse, changes: Subscription, user: str) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    change = await anext(changes, None)
            except TimeoutError:
                await reply.write(_HEARTBEAT)
                continue
            if change is None:
                return
            if self._concerns(change, user):
                await reply.write(_POKE)

    def _concerns(self, change: Change, user: str) -> bool:
        """Tell whether this person's page may look different after the change."""
        if change.kind in _PRIVATE_KINDS or change.cause == "read":
            return change.user == user
        if change.channel is None or change.kind == "member_changed":
            return True
        channel = self._workspace.state.channels.get(change.channel)
        return channel is None or channel.visible_to(user)
