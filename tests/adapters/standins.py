"""The sandbox's stand-ins for the vendors on a real socket, and the real adapters before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from incident_response.adapters.anthropic_drafter import (
    Access,
    AnthropicDrafter,
    Models,
    bedrock,
    direct,
)
from incident_response.adapters.github import GitHubCodeHost
from incident_response.adapters.grafana_cloud import (
    LokiLogSource,
    MimirMetricsSource,
    TempoTraceSource,
)
from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_oncall import GrafanaOnCall
from incident_response.adapters.http import vendor_session
from incident_response.adapters.linear import LinearTracker
from incident_response.adapters.statuspage import StatuspagePage
from incident_response.adapters.system_clock import SystemClock
from incident_response.adapters.workos import WorkOSDirectory
from incident_response.sandbox.alert_groups import AlertGroups
from incident_response.sandbox.clock import RealClock
from incident_response.sandbox.faults import Fault, FaultBoard
from incident_response.sandbox.store import Store
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import github, grafana_oncall, loki, mimir, tempo, workos
from incident_response.sandbox.vendors.anthropic import api as anthropic_api
from incident_response.sandbox.vendors.anthropic import bedrock as bedrock_api
from incident_response.sandbox.vendors.anthropic.messages import Model
from incident_response.sandbox.vendors.anthropic.script import Script
from incident_response.sandbox.vendors.grafana_cloud import GrafanaAccess as StandInAccess
from incident_response.sandbox.vendors.linear import api as linear
from incident_response.sandbox.vendors.linear.quota import Quota
from incident_response.sandbox.vendors.linear.seed import PROJECTS, TEAM
from incident_response.sandbox.vendors.linear.tracker import Tracker
from incident_response.sandbox.vendors.statuspage import api as statuspage
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.pace import Pace
from incident_response.sandbox.vendors.world import World
from tests.adapters.scripted import HurriedClock, serving

TOKEN = "a-token-for-tests"
INSTANCE = "412817"
ACCESS_KEY = "AKIASTANDIN"
"""What the process's AWS credentials name, see ``aws_credentials``."""
UI_URL = "https://grafana.tidewater.example"


@dataclass(frozen=True)
class StandIns:
    """The vendors of Tidewater Systems at ``url``, with their fault switches."""

    url: str
    board: FaultBoard
    http: aiohttp.ClientSession
    groups: AlertGroups
    tracker_records: Tracker
    """What Linear's stand-in keeps."""
    quota: Quota
    script: Script
    """What the language model says."""
    status_board: StatusBoard

    def break_down(self, target: str) -> None:
        """Every call to ``target`` (fnmatch) fails until ``mend``."""
        self.board.add(Fault(target=target, kind="server_error"))

    def mend(self) -> None:
        self.board.clear()

    def calls(self, target: str) -> int:
        return self.board.received.calls_by_target[target]

    def on_call(self, *, token: str = TOKEN) -> GrafanaOnCall:
        return GrafanaOnCall(
            base_url=f"{self.url}/oncall", token=token, http=self.http, clock=SystemClock()
        )

    def directory(self, *, api_key: str = TOKEN) -> WorkOSDirectory:
        return WorkOSDirectory(
            base_url=f"{self.url}/workos",
            api_key=api_key,
            groups={team.name: team.directory_group_id for team in TIDEWATER.teams},
            http=self.http,
            clock=SystemClock(),
        )

    def metrics(self, *, token: str = TOKEN) -> MimirMetricsSource:
        return MimirMetricsSource(self._grafana("/mimir/prometheus", token))

    def logs(self, *, token: str = TOKEN) -> LokiLogSource:
        return LokiLogSource(self._grafana("/loki", token))

    def traces(self, *, token: str = TOKEN) -> TempoTraceSource:
        return TempoTraceSource(self._grafana("/tempo", token))

    def _grafana(self, path: str, token: str) -> GrafanaAccess:
        return GrafanaAccess(
            base_url=f"{self.url}{path}",
            instance_id=INSTANCE,
            token=token,
            http=self.http,
            clock=SystemClock(),
            ui_url=UI_URL,
        )

    @asynccontextmanager
    async def drafter(
        self, *, on_bedrock: bool = False, key: str = TOKEN
    ) -> AsyncIterator[AnthropicDrafter]:
        """A model, directly or on Bedrock (then ``aws_credentials`` have to be set)."""
        access = (
            bedrock(region="us-east-1", base_url=f"{self.url}/bedrock")
            if on_bedrock
            else direct(api_key=key, base_url=f"{self.url}/anthropic")
        )
        async with drafter_over(access) as drafter:
            yield drafter

    def code_host(self, *, token: str = TOKEN) -> GitHubCodeHost:
        return GitHubCodeHost(
            base_url=f"{self.url}/github",
            token=token,
            repositories={service.name: service.repo for service in TIDEWATER.services},
            http=self.http,
            clock=SystemClock(),
        )

    def tracker(
        self,
        *,
        api_key: str = TOKEN,
        team_id: str = TEAM.id,
        project_id: str = PROJECTS[0].id,
        path: str = linear.PATH,
    ) -> LinearTracker:
        return LinearTracker(
            base_url=f"{self.url}{path}",
            api_key=api_key,
            team_id=team_id,
            project_id=project_id,
            http=self.http,
            clock=SystemClock(),
        )

    def status_page(self, *, api_key: str = TOKEN) -> StatuspagePage:
        """Hurried: one call a second is for Statuspage, not for tests."""
        return StatuspagePage(
            base_url=f"{self.url}/statuspage/v1",
            api_key=api_key,
            page_id=TIDEWATER.status_page_id,
            http=self.http,
            clock=HurriedClock(),
        )


@asynccontextmanager
async def drafter_over(access: Access) -> AsyncIterator[AnthropicDrafter]:
    models = Models(drafts="claude-sonnet-4-6", classification="claude-haiku-4-5")
    drafter = AnthropicDrafter(access, models=models, clock=SystemClock())
    try:
        yield drafter
    finally:
        await drafter.close()


def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the process that the stand-in for Bedrock takes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-no-use-anywhere")


@asynccontextmanager
async def stand_ins() -> AsyncIterator[StandIns]:
    clock = RealClock()
    board = FaultBoard(clock)
    groups = AlertGroups()
    world = World(TIDEWATER, clock, board, groups)
    access = StandInAccess(INSTANCE, TOKEN)
    records, quota = Tracker(TIDEWATER, Store(table="linear")), Quota(clock)
    script = Script()
    model = Model(script)
    status_board = StatusBoard(TIDEWATER, Store(table="statuspage"), now=clock.now())
    routes = (
        *grafana_oncall.routes(world, TOKEN),
        *workos.routes(world, TOKEN),
        *mimir.routes(world, access),
        *loki.routes(world, access),
        *tempo.routes(world, access),
        *github.routes(world, TOKEN),
        *linear.routes(world, records, TOKEN, quota=quota),
        *anthropic_api.routes(world, model, TOKEN),
        *bedrock_api.routes(world, model, ACCESS_KEY),
        *statuspage.routes(world, status_board, TOKEN, pace=Pace()),
    )
    async with serving(*routes) as url, vendor_session() as http:
        yield StandIns(url, board, http, groups, records, quota, script, status_board)
    await board.stop()
    records.close()
    status_board.close()
