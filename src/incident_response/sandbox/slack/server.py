"""The wire around the workspace: Web API, sockets, response addresses and uploads, as routes."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from incident_response.sandbox.faults import FaultBoard
from incident_response.sandbox.slack.answers import Answers
from incident_response.sandbox.slack.arguments import decoded, raw_arguments
from incident_response.sandbox.slack.changes import Change
from incident_response.sandbox.slack.connections import SocketSettings
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.events import Events
from incident_response.sandbox.slack.interactions import ResponseUrls, Triggers
from incident_response.sandbox.slack.methods import METHODS
from incident_response.sandbox.slack.methods.spec import Call, Doors, Method, missing_scope
from incident_response.sandbox.slack.model import Json, ResponseUrl
from incident_response.sandbox.slack.people import People
from incident_response.sandbox.slack.rate import RateTiers
from incident_response.sandbox.slack.socket_mode import SocketMode
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.tasks import Tasks

log = structlog.get_logger(__name__)

SCHEDULE_TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Switches: rate tiers are off unless asked for."""

    rate_tiers: bool = False
    sockets: SocketSettings = field(default_factory=SocketSettings)


class SlackServer:
    """One Slack workspace on the wire.

    `public_url` gives the address the server is reached at, without a trailing slash, once it is
    known. Call `add_routes`, then `start` inside the running loop, and `stop` before it ends.
    `people` is what the page and tests act through; `sockets`, `rates` and `triggers` are for
    controls and tests.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        faults: FaultBoard,
        public_url: Callable[[], str],
        now: Callable[[], float],
        settings: SlackSettings | None = None,
    ) -> None:
        settings = settings or SlackSettings()
        self.workspace = workspace
        self._faults = faults
        self._public_url = public_url
        self._tasks = Tasks()
        self.triggers = Triggers(now)
        self._urls = ResponseUrls(workspace.state)
        self._answers = Answers(workspace)
        self._events = Events(workspace)
        self._upload_tickets: dict[str, str] = {}
        self.rates = RateTiers(now, enabled=settings.rate_tiers)
        self.sockets = SocketMode(
            app_id=workspace.app.app_id,
            faults=faults,
            tasks=self._tasks,
            now=now,
            settings=settings.sockets,
        )
        self.people = People(
            workspace=workspace,
            sockets=self.sockets,
            triggers=self.triggers,
            response_address=self._response_address,
        )
        self._doors = Doors(
            triggers=self.triggers,
            socket_url=self._socket_url,
            upload_url=self._upload_url,
            team_url=lambda: f"{public_url()}/",
        )

    def add_routes(self, app: web.Application) -> None:
        """Put `/api/...`, `/link/...`, `/response/...` and `/files/upload/...` into an app."""
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link/{ticket}", self._link)
        app.router.add_post("/response/{response_id}", self._response)
        app.router.add_route("*", "/files/upload/{ticket}", self._upload)

    async def start(self) -> None:
        """Begin telling the app of changes, and posting what was scheduled."""
        self.workspace.feed.observe(self._changed)
        self._tasks.start(self._post_scheduled(), name="post-scheduled")

    async def stop(self) -> None:
        """Close the sockets and end the background work. The workspace stays open."""
        await self.sockets.stop()
        await self._tasks.stop()

    # --- Web API ---------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        return await self._faults.guarded(
            request,
            f"slack.{name}",
            lambda: self._answer(request, name),
            error_body=lambda code: web.json_response({"ok": False, "error": code}),
        )

    async def _answer(self, request: web.Request, name: str) -> web.Response:
        headers = {"x-oauth-scopes": ",".join(self.workspace.app.bot_scopes)}
        method = METHODS.get(name)
        if method is None:
            refusal = {"ok": False, "error": "unknown_method", "req_method": name}
            return web.json_response(refusal)
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        try:
            answer = await self._called(request, method)
        except SlackError as error:
            return _refused(method, error, headers)
        return web.json_response({"ok": True, **answer}, headers=headers)

    async def _called(self, request: web.Request, method: Method) -> Json:
        raw = await raw_arguments(request, takes_json=method.takes_json)
        self._authorise(method, _token(request, raw.pop("token", None)))
        args = decoded(method.args, raw)
        channel = args.get("channel")
        wait = self.rates.retry_after(method.name, method.tier, channel)
        if wait is not None:
            raise SlackError("ratelimited", retry_after=wait)
        with self.workspace.state.store.together():
            return method.handle(Call(self.workspace, self._doors, args, raw))

    def _authorise(self, method: Method, token: str | None) -> None:
        """The token must be there, be ours, be of the right kind, and carry a scope that does."""
        if method.caller == "nobody":
            return
        if not token:
            raise SlackError("not_authed")
        app = self.workspace.app
        kinds = {app.bot_token: "bot", app.app_token: "app"}
        if token not in kinds:
            raise SlackError("invalid_auth")
        if method.caller not in {"anyone", kinds[token]}:
            raise SlackError("not_allowed_token_type")
        if method.scopes and not set(method.scopes) & set(app.bot_scopes):
            raise missing_scope(method.scopes, app.bot_scopes)

    # --- the other doors -------------------------------------------------------------------

    async def _link(self, request: web.Request) -> web.StreamResponse:
        return await self.sockets.handle(request)

    async def _response(self, request: web.Request) -> web.StreamResponse:
        return await self._faults.guarded(
            request,
            "slack.response_url",
            lambda: self._respond(request),
            error_body=lambda code: web.json_response({"ok": False, "error": code}, status=400),
        )

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            where = self._urls.use(request.match_info["response_id"])
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code}, status=404)
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise SlackError("invalid_payload")
            self._answers.say(where, body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code}, status=400)
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        return await self._faults.guarded(
            request,
            "slack.upload",
            lambda: self._receive(request),
            error_body=lambda code: web.Response(text=code, status=500),
        )

    async def _receive(self, request: web.Request) -> web.Response:
        """Take a file as raw bytes, or as the first part of a form."""
        file = self._upload_tickets.pop(request.match_info["ticket"], None)
        if file is None:
            raise web.HTTPNotFound(text="file_not_found")
        content = await _uploaded_bytes(request)
        self.workspace.files.receive(file, content)
        return web.Response(text=f"OK - {len(content)}")

    def _socket_url(self) -> str:
        ticket = self.sockets.new_ticket()
        return f"ws{self._public_url().removeprefix('http')}/link/{ticket}"

    def _upload_url(self, file: str) -> str:
        ticket = secrets.token_urlsafe(18)
        self._upload_tickets[ticket] = file
        return f"{self._public_url()}/files/upload/{ticket}"

    def _response_address(self, issued: ResponseUrl) -> str:
        return f"{self._public_url()}/response/{issued.id}"

    # --- behind ----------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        for payload in self._events.told_of(change):
            self.sockets.announce(payload)

    async def _post_scheduled(self) -> None:
        while True:
            for refusal in self.workspace.scheduled.post_due():
                log.warning("scheduled_message_dropped", error=refusal.code)
            await asyncio.sleep(SCHEDULE_TICK_SECONDS)


def _refused(method: Method, error: SlackError, headers: dict[str, str]) -> web.Response:
    code = error.code
    if not method.may_give(code):
        # A slip of ours: the method's page knows no such error, so no client can expect it.
        log.error("undeclared_error", method=method.name, error=code)
        code = "internal_error"
    extra = dict(error.extra)
    wait = extra.pop("retry_after", None)
    if wait is not None:
        headers = headers | {"Retry-After": str(wait)}
    status = 429 if wait is not None else 200
    return web.json_response({"ok": False, "error": code, **extra}, status=status, headers=headers)


def _token(request: web.Request, argument: Any) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        return token.strip()
    return str(argument) if argument else None


async def _uploaded_bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    raise web.HTTPBadRequest(text="no file in the form")
