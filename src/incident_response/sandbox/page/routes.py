"""The page's routes: the document, its files, its event stream, and what a person does.

``Page`` is what the sandbox composes; everything else in this package is behind it.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from incident_response.sandbox.clock import Clock
from incident_response.sandbox.page.assets import load_assets, serve
from incident_response.sandbox.page.conversation import SHOWN_AT_ONCE
from incident_response.sandbox.page.document import Where, document
from incident_response.sandbox.page.doings import Doings
from incident_response.sandbox.page.events import EventStreams
from incident_response.sandbox.page.guard import protected, read_json
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.page.sheet import theme_of
from incident_response.sandbox.page.viewer import zone_named
from incident_response.sandbox.page.workbench import Workbench
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Channel, User
from incident_response.sandbox.slack.people import People
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.vendors.world import World

MOST_SHOWN: Final = 5_000


class Page:
    """The web page over one workspace and one world."""

    def __init__(
        self, *, workspace: Workspace, people: People, world: World, clock: Clock
    ) -> None:
        self._workspace = workspace
        self._people = people
        self._world = world
        self._clock = clock
        self._workbench = Workbench(world)
        self._doings = Doings(workspace, people)
        self._streams = EventStreams(workspace)
        self._assets = load_assets()

    def add_routes(self, app: web.Application) -> None:
        """Serve the page from ``app``; its streams end when the app shuts down."""
        app.add_routes(
            [
                web.get("/", protected(self._front)),
                web.get("/c/{channel}", protected(self._conversation)),
                web.get("/app", protected(self._app)),
                web.get("/static/{name}", protected(self._file)),
                web.get("/page/events", protected(self._events)),
                web.post("/page/{doing}", protected(self._do)),
            ]
        )
        app.on_shutdown.append(self._streams.close)

    async def _front(self, request: web.Request) -> web.StreamResponse:
        me = self._who(request)
        raise _go(self._first_channel(me).id, me)

    async def _app(self, request: web.Request) -> web.StreamResponse:
        """Open the direct conversation with the app."""
        me = self._who(request)
        app = self._workspace.app.bot_user_id
        channel = await self._people.open_direct(user=me.id, other=app)
        raise _go(channel.id, me)

    async def _conversation(self, request: web.Request) -> web.StreamResponse:
        me = self._who(request)
        try:
            channel = self._workspace.channels.seen_by(me.id, request.match_info["channel"])
        except SlackError:
            raise _go(self._first_channel(me).id, me) from None
        zone = zone_named(request.cookies.get("zone", "UTC"))
        reading = Reading(self._workspace, me, zone=zone, now=self._clock.now())
        where = _where(request, channel)
        written = document(where, reading, self._workbench, theme=theme_of(request.cookies))
        headers = {"Cache-Control": "no-store"}
        return web.Response(text=written, content_type="text/html", headers=headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="no such file\n")
        return serve(asset, request)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await self._streams.serve(request, self._who(request).id)

    async def _do(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        me = self._person(str(body.get("me", "")))
        if me is None:
            return web.json_response({"ok": False, "error": "user_not_found"}, status=404)
        try:
            outcome = await self._doings.do(request.match_info["doing"], me, body)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code})
        return web.json_response(outcome)

    def _who(self, request: web.Request) -> User:
        """Tell who the browser says it is; somebody sensible when it does not say."""
        asked = request.query.get("me", "")
        return self._person(asked) or self._default_person()

    def _person(self, user_id: str) -> User | None:
        user = self._workspace.directory.find(user_id)
        return user if user and not user.deleted and not user.is_bot else None

    def _default_person(self) -> User:
        """Choose the first of the company's people who can be here, the same at every start."""
        seeded = (self._person(person.slack_id) for person in self._world.company.people)
        return next(user for user in seeded if user is not None)

    def _first_channel(self, me: User) -> Channel:
        """Choose where to begin: this person's newest private room, else the general channel."""
        visible = self._workspace.channels.visible(me.id)
        mine = [channel for channel in visible if me.id in channel.members]
        candidates = mine or visible
        if not candidates:
            raise web.HTTPNotFound(text="this person is in no channel\n")
        rooms = [c for c in mine if c.is_private and c.name and not c.is_archived]
        if rooms:
            return max(rooms, key=lambda room: (room.created, room.id))
        return next((c for c in candidates if c.is_general), candidates[0])


def _go(channel_id: str, me: User) -> web.HTTPFound:
    return web.HTTPFound(f"/c/{channel_id}?me={me.id}")


def _where(request: web.Request, channel: Channel) -> Where:
    query = request.query
    limit = query.get("limit", "")
    shown = int(limit) if limit.isdecimal() and len(limit) < 6 else SHOWN_AT_ONCE
    return Where(
        channel,
        pane=query.get("pane", ""),
        tab=query.get("tab", ""),
        limit=max(1, min(shown, MOST_SHOWN)),
        since=query.get("since", ""),
    )
