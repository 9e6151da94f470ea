"""A small workspace on a real socket, and a person's-eye view of it, for the tests beside."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from incident_response.sandbox.faults import FaultBoard
from incident_response.sandbox.slack.connections import SocketSettings
from incident_response.sandbox.slack.model import (
    Seed,
    SeedChannel,
    Shortcut,
    SlackApp,
    SlashCommand,
    Team,
    User,
    UserGroup,
)
from incident_response.sandbox.slack.server import SlackServer, SlackSettings
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.store import Store
from tests.closing import close

ADA, BEN, CY, GONE = "U00ADA", "U00BEN", "U00CY", "U00GONE"
GENERAL, ENG = "C00GENERAL", "C00ENG"
BOT = "U0INCIDENT"

EVERY_SCOPE = (
    "app_mentions:read",
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "mpim:read",
    "mpim:write",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
EVERY_EVENT = (
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "pin_added",
    "reaction_added",
    "reaction_removed",
)
APP = SlackApp(
    name="Incident Bot",
    bot_token="xoxb-sandbox",
    app_token="xapp-sandbox",
    bot_scopes=EVERY_SCOPE,
    events=EVERY_EVENT,
    commands=(
        SlashCommand("/inc", "Incidents", "[status|declare]"),
        SlashCommand("/raw", should_escape=False),
    ),
    shortcuts=(
        Shortcut("declare_from_message", "Declare an incident"),
        Shortcut("declare_anywhere", "Declare an incident", type="global"),
    ),
)
SEED = Seed(
    team=Team("T00SANDBOX", "Tidewater", "tidewater", "tidewater.example"),
    users=(
        User(ADA, "ada", "Ada Byron", "ada@tidewater.example", is_admin=True),
        User(BEN, "ben", "Ben Okri", "Ben.Okri@tidewater.example"),
        User(CY, "cy", "Cy Twombly", "cy@tidewater.example"),
        User(GONE, "gone", "Gone Girl", "gone@tidewater.example", deleted=True),
    ),
    channels=(
        SeedChannel(GENERAL, "general", (ADA, BEN, CY, BOT), ADA, is_general=True),
        SeedChannel(ENG, "eng", (ADA, BEN), ADA, topic="Engineering"),
    ),
    usergroups=(UserGroup("S00PAY", "payments", "Payments", [ADA, BEN]),),
)
QUICK = SocketSettings(ack_seconds=1.5, retry_delays=(0.0, 0.05, 0.1))


class HandClock:
    """Time that passes when told to; it sleeps not at all."""

    def __init__(self, start: float = 1_780_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Stand:
    """A running Slack: its server object, its address, and clients against it."""

    slack: SlackServer
    faults: FaultBoard
    clock: HandClock
    url: str = ""
    stops: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        return self.slack.workspace

    @property
    def api(self) -> str:
        return f"{self.url}/api/"

    def client(self, token: str = APP.bot_token) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=self.api, retry_handlers=[])

    async def stop(self) -> None:
        await self.slack.stop()
        for stop in reversed(self.stops):
            await stop()
        self.workspace.close()


async def open_stand(
    *,
    app: SlackApp = APP,
    path: Path | None = None,
    settings: SlackSettings | None = None,
    clock: HandClock | None = None,
) -> Stand:
    """Serve a workspace on a free loopback port; the caller stops it."""
    clock = clock or HandClock()
    faults = FaultBoard(clock)
    workspace = Workspace(seed=deepcopy(SEED), app=app, store=Store(path), now=clock.now)
    slack = SlackServer(
        workspace=workspace,
        faults=faults,
        public_url=lambda: stand.url,
        now=clock.now,
        settings=settings or SlackSettings(sockets=QUICK),
    )
    stand = Stand(slack, faults, clock)
    web_app = web.Application(client_max_size=32 * 2**20)
    slack.add_routes(web_app)
    runner = web.AppRunner(web_app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    stand.stops.append(lambda: close(runner))
    await slack.start()
    return stand
