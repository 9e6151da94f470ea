"""A small Slack on a free loopback port, and an open client of ours to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from aiohttp import web

from incident_response.adapters.slack.chat import SlackChat
from incident_response.adapters.slack.client import SlackAccess, SlackClient
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.model import Json
from incident_response.sandbox.clock import RealClock
from incident_response.sandbox.faults import Fault, FaultBoard
from incident_response.sandbox.slack.model import (
    Message,
    Seed,
    SeedChannel,
    Shortcut,
    SlackApp,
    SlashCommand,
    Team,
    User,
)
from incident_response.sandbox.slack.people import Container, Outcome, People
from incident_response.sandbox.slack.server import SlackServer, SlackSettings
from incident_response.sandbox.slack.socket_mode import SocketSettings
from incident_response.sandbox.slack.workspace import Workspace
from tests.closing import close

ADA, BEN, GUEST, GONE = "U00ADA", "U00BEN", "U00GUEST", "U00GONE"
GENERAL = "C00GENERAL"

APP = SlackApp(
    name="Incident Response",
    bot_token="xoxb-local",
    app_token="xapp-local",
    bot_scopes=(
        "bookmarks:read",
        "bookmarks:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "groups:write",
        "im:write",
        "pins:read",
        "pins:write",
        "usergroups:read",
        "reactions:read",
        "users:read",
        "users:read.email",
    ),
    events=("message.channels", "message.groups", "member_joined_channel", "reaction_added"),
    commands=(SlashCommand("/incident-response"), SlashCommand("/inc"), SlashCommand("/other")),
    shortcuts=(
        Shortcut("declare", "Declare an incident"),
        Shortcut("declare_anywhere", "Declare an incident", type="global"),
    ),
)
SEED = Seed(
    team=Team("T00LOCAL", "Tidewater", "tidewater", "tidewater.example"),
    users=(
        User(ADA, "ada", "Ada Byron", "ada@tidewater.example", is_admin=True),
        User(BEN, "ben", "Ben Okri", "Ben.Okri@tidewater.example"),
        User(GUEST, "rosa", "Rosa Kim", "rosa@elsewhere.example", is_restricted=True),
        User(GONE, "gone", "Gone Girl", "gone@tidewater.example", deleted=True),
    ),
    channels=(SeedChannel(GENERAL, "general", (ADA, BEN, APP.bot_user_id), ADA, is_general=True),),
)
QUICK = SocketSettings(queue_seconds=2.0, retry_delays=(0.0, 0.05, 0.1))


@dataclass
class LocalSlack:
    """The server, what goes wrong in it, and who acts in it."""

    server: SlackServer
    faults: FaultBoard
    url: str
    told_url: list[str]
    """The address Slack tells in what it answers."""

    @property
    def workspace(self) -> Workspace:
        return self.server.workspace

    @property
    def people(self) -> People:
        return self.server.people

    def access(self, *, timeout: float = 5.0, bot_token: str = APP.bot_token) -> SlackAccess:
        return SlackAccess(
            bot_token=bot_token,
            app_token=APP.app_token,
            base_url=f"{self.url}/api/",
            timeout=timedelta(seconds=timeout),
        )

    def strike(self, method: str, kind: str, *, times: int | None = 1, **details: object) -> str:
        fault = {"target": f"slack.{method}", "kind": kind, "times": times, **details}
        return self.faults.add(Fault.model_validate(fault))

    def calls(self, method: str) -> int:
        """How many requests of this method arrived."""
        return self.faults.received.calls_by_target[f"slack.{method}"]

    @contextmanager
    def telling_a_wrong_address(self) -> Iterator[None]:
        """Where nobody listens."""
        self.told_url[0] = "http://127.0.0.1:9"
        yield
        self.told_url[0] = self.url

    def post_button(self, *, channel: str = GENERAL) -> Message:
        """A message of the bot's with one button."""
        button: Json = {
            "type": "button",
            "action_id": "take_command",
            "value": "inc-1",
            "text": {"type": "plain_text", "text": "Take command"},
        }
        blocks = [{"type": "actions", "block_id": "deeds", "elements": [button]}]
        message = Message(
            channel=channel,
            ts="",
            user=APP.bot_user_id,
            bot_id=APP.bot_id,
            app_id=APP.app_id,
            text="A card",
            blocks=[dict(block) for block in blocks],
        )
        return self.workspace.messages.post(message)

    async def click(self, message: Message, *, user: str = ADA) -> Outcome:
        action = {
            "type": "button",
            "block_id": "deeds",
            "action_id": "take_command",
            "value": "inc-1",
        }
        where = Container(channel=message.channel, ts=message.ts)
        return await self.people.click(user=user, container=where, action=action)


@asynccontextmanager
async def local_slack(
    *, app: SlackApp = APP, sockets: SocketSettings = QUICK
) -> AsyncIterator[LocalSlack]:
    """Serve a fresh workspace for the length of the block."""
    clock = RealClock()
    faults = FaultBoard(clock)
    urls: list[str] = []
    server = SlackServer(
        workspace=Workspace(seed=replace(SEED), app=app, now=clock.now),
        faults=faults,
        public_url=lambda: urls[0],
        now=clock.now,
        settings=SlackSettings(sockets=sockets),
    )
    web_app = web.Application()
    server.add_routes(web_app)
    runner = web.AppRunner(web_app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await server.start()
    try:
        yield LocalSlack(server, faults, urls[0], urls)
    finally:
        await server.stop()
        await close(runner)
        server.workspace.close()


@asynccontextmanager
async def slack_client(access: SlackAccess) -> AsyncIterator[SlackClient]:
    """Our client, closed at the end of the block."""
    client = SlackClient(access)
    try:
        yield client
    finally:
        await client.close()


def chat_on(client: SlackClient) -> SlackChat:
    """The adapter with the machine's clock."""
    return SlackChat(client, SystemClock())
