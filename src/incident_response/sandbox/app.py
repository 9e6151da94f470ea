"""The sandbox as one server: Slack, the vendors, the control API and the page on one port.

What belongs here: configuration, composition, start and stop. What does not: behaviour of any
part. `Sandbox` runs in whatever event loop starts it: a test's, a local stack's, or a process of
its own.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web

from incident_response.sandbox.alert_groups import AlertGroups
from incident_response.sandbox.alerts import AlertSender, Destination
from incident_response.sandbox.clock import Clock, RealClock
from incident_response.sandbox.company import Company
from incident_response.sandbox.control import Control
from incident_response.sandbox.faults import FaultBoard
from incident_response.sandbox.latency import LatencyTable
from incident_response.sandbox.page.guard import require_loopback_host
from incident_response.sandbox.page.issue_tracker import IssueTrackerPage
from incident_response.sandbox.page.routes import Page
from incident_response.sandbox.page.status_page import StatusPage
from incident_response.sandbox.seeding import plant_talk, slack_seed
from incident_response.sandbox.slack.model import SlackApp
from incident_response.sandbox.slack.people import People
from incident_response.sandbox.slack.server import SlackServer, SlackSettings
from incident_response.sandbox.slack.socket_mode import SocketMode, SocketSettings
from incident_response.sandbox.slack.workspace import Workspace
from incident_response.sandbox.store import Store
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import (
    github,
    grafana_oncall,
    loki,
    mimir,
    tempo,
    workos,
)
from incident_response.sandbox.vendors.anthropic import api as anthropic
from incident_response.sandbox.vendors.anthropic import bedrock
from incident_response.sandbox.vendors.anthropic.messages import Model
from incident_response.sandbox.vendors.anthropic.script import Script
from incident_response.sandbox.vendors.grafana_cloud import GrafanaAccess
from incident_response.sandbox.vendors.linear import api as linear
from incident_response.sandbox.vendors.linear.quota import Quota
from incident_response.sandbox.vendors.linear.tracker import Tracker
from incident_response.sandbox.vendors.statuspage import api as statuspage
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.pace import Pace
from incident_response.sandbox.vendors.world import World

log = structlog.get_logger(__name__)

_LARGEST_BODY = 64 * 1024 * 1024  # files are uploaded through this server too
_SHUTDOWN_SECONDS = 0.5  # calls that hang on purpose are not worth waiting for


@dataclass(frozen=True, slots=True)
class VendorTokens:
    """The credentials the stand-ins accept, and nothing else accepts."""

    oncall: str = "sandbox-oncall"
    grafana: GrafanaAccess = field(
        default_factory=lambda: GrafanaAccess("412817", "sandbox-grafana")
    )
    workos: str = "sk_sandbox"
    github: str = "sandbox-github"
    statuspage: str = "sandbox-statuspage"
    linear: str = "lin_api_sandbox"
    anthropic: str = "sk-ant-sandbox"
    bedrock_access_key: str = "AKIASANDBOX"


@dataclass(frozen=True)
class SandboxConfig:
    """What a sandbox is started with.

    `app` is the installed Slack app with its tokens, scopes and commands. `port` 0 takes a free
    one. `state_path` None keeps everything in memory. `latency_seed` turns drawn latencies on.
    `alerts` says where sample alerts go; it can be set later, through `Sandbox.alerts`.
    Raises `ValueError` for a host that is not loopback: nothing here may be reached from outside.
    """

    app: SlackApp
    host: str = "127.0.0.1"
    port: int = 0
    state_path: Path | None = None
    tokens: VendorTokens = field(default_factory=VendorTokens)
    alerts: Destination | None = None
    rate_tiers: bool = False
    latency_seed: int | None = None
    sockets: SocketSettings = field(default_factory=SocketSettings)
    company: Company = TIDEWATER

    def __post_init__(self) -> None:
        if not _is_loopback(self.host):
            raise ValueError(f"the sandbox listens on loopback only, not on {self.host}")


class Sandbox:
    """A local Slack workspace and its vendors. `start` once, `stop` once.

    After `start`: `url` (no trailing slash; the Slack API is at `{url}/api/`), `people` (what a
    person can do), `board` (faults, latency, what was received), `alerts` (fire sample alerts),
    `sockets`, `script` (what the language model says), and `workspace`, `world`, `status_board`
    and `tracker` for a look behind the wire.
    """

    def __init__(self, config: SandboxConfig, *, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or RealClock()
        self._running = AsyncExitStack()
        self._url = ""
        latency = LatencyTable(self._clock, seed=config.latency_seed)
        self.board = FaultBoard(self._clock, latency=latency)
        groups, store = _opened(config.state_path)
        self.world = World(config.company, self._clock, self.board, groups)
        self.status_board = StatusBoard(
            config.company, Store(config.state_path, "statuspage"), now=self._clock.now()
        )
        self.tracker = Tracker(config.company, Store(config.state_path, "linear"))
        self.script = Script()
        self._pace = Pace()
        self._quota = Quota(self._clock)
        self.workspace = Workspace(
            seed=slack_seed(config.company, config.app.bot_user_id),
            app=config.app,
            now=self._clock.now,
            store=store,
        )
        plant_talk(self.workspace, config.company, self._clock.now())
        self._slack = SlackServer(
            workspace=self.workspace,
            faults=self.board,
            public_url=lambda: self.url,
            now=self._clock.now,
            settings=SlackSettings(rate_tiers=config.rate_tiers, sockets=config.sockets),
        )
        self.alerts = AlertSender(self.world, config.alerts)
        self._set_rate_tiers(config.rate_tiers)

    @property
    def url(self) -> str:
        """The address, once started."""
        if not self._url:
            raise RuntimeError("the sandbox has not been started")
        return self._url

    @property
    def people(self) -> People:
        """What a person in the workspace can do."""
        return self._slack.people

    @property
    def sockets(self) -> SocketMode:
        """The app's Socket Mode connections."""
        return self._slack.sockets

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken; nothing is left running then."""
        async with AsyncExitStack() as stack:
            stack.callback(self.world.groups.close)
            stack.callback(self.workspace.close)
            stack.callback(self.status_board.close)
            stack.callback(self.tracker.close)
            stack.push_async_callback(self.board.stop)
            runner = web.AppRunner(
                self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await self.alerts.start()
            stack.push_async_callback(self.alerts.stop)
            await self._slack.start()
            stack.push_async_callback(self._slack.stop)
            host = "127.0.0.1" if self._config.host == "localhost" else self._config.host
            site = web.TCPSite(runner, host, self._config.port)
            await site.start()
            stack.push_async_callback(site.stop)
            self._url = _url(runner.addresses[0])
            self._running = stack.pop_all()
        log.info("sandbox_started", url=self._url)

    async def stop(self) -> None:
        """Close every connection and the file. What was answered for is already kept."""
        await self._running.aclose()
        log.info("sandbox_stopped", url=self._url)

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[_loopback_only], client_max_size=_LARGEST_BODY)
        self._slack.add_routes(app)
        app.add_routes(_vendor_routes(self.world, self._config.tokens))
        app.add_routes(self._kept_vendor_routes(self._config.tokens))
        control = Control(
            self.world,
            self.alerts,
            sockets=self.sockets,
            rate_tiers=self._set_rate_tiers,
            script=self.script,
        )
        app.add_routes(control.routes())
        page = Page(
            workspace=self.workspace, people=self.people, world=self.world, clock=self._clock
        )
        page.add_routes(app)
        app.add_routes(StatusPage(self.status_board, self._clock).routes())
        app.add_routes(IssueTrackerPage(self.tracker).routes())
        return app

    def _kept_vendor_routes(self, tokens: VendorTokens) -> list[web.RouteDef]:
        """Return the routes of vendors that keep what they are told."""
        model = Model(self.script)
        return [
            *statuspage.routes(self.world, self.status_board, tokens.statuspage, pace=self._pace),
            *linear.routes(self.world, self.tracker, tokens.linear, quota=self._quota),
            *anthropic.routes(self.world, model, tokens.anthropic),
            *bedrock.routes(self.world, model, tokens.bedrock_access_key),
        ]

    def _set_rate_tiers(self, on: bool) -> None:
        self._slack.rates.enabled = on
        self._pace.enabled = on
        self._quota.enabled = on


def _opened(state_path: Path | None) -> tuple[AlertGroups, Store]:
    """Open the file for both of its users; its folder is made where it is missing."""
    if state_path is not None:
        state_path.parent.mkdir(parents=True, exist_ok=True)
    return AlertGroups(state_path), Store(state_path)


def _vendor_routes(world: World, tokens: VendorTokens) -> list[web.RouteDef]:
    return [
        *grafana_oncall.routes(world, tokens.oncall),
        *mimir.routes(world, tokens.grafana),
        *loki.routes(world, tokens.grafana),
        *tempo.routes(world, tokens.grafana),
        *workos.routes(world, tokens.workos),
        *github.routes(world, tokens.github),
    ]


@web.middleware
async def _loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse requests that name another host: a foreign name resolved to loopback (rebinding)."""
    require_loopback_host(request)
    return await handler(request)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"http://{host}:{address[1]}"
