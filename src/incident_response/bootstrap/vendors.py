"""The table of vendors, and connecting those that are configured.

To add one: write its adapter, add its settings, and add its line to ``VENDORS``. Not here: what is
asked of them.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields

import aiohttp
import structlog
from pydantic import SecretStr

from incident_response.adapters.anthropic_drafter import (
    Access,
    AnthropicDrafter,
    Models,
    bedrock,
    direct,
)
from incident_response.adapters.github import GitHubCodeHost
from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_cloud.loki import LokiLogSource
from incident_response.adapters.grafana_cloud.mimir import MimirMetricsSource
from incident_response.adapters.grafana_cloud.tempo import TempoTraceSource
from incident_response.adapters.grafana_oncall import GrafanaOnCall
from incident_response.adapters.linear import LinearTracker
from incident_response.adapters.statuspage import StatuspagePage
from incident_response.adapters.workos import WorkOSDirectory
from incident_response.ports.clock import Clock
from incident_response.ports.drafter import Drafter
from incident_response.ports.issue_tracker import IssueTracker
from incident_response.ports.page_board import PageBoard
from incident_response.ports.pager import Pager
from incident_response.ports.status_page import StatusPage
from incident_response.settings import Settings
from incident_response.workflows.war_room import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is connected of the world outside; None is what is not configured."""

    sources: Sources = field(default_factory=Sources)
    page_board: PageBoard | None = None
    status_page: StatusPage | None = None
    tracker: IssueTracker | None = None
    pager: Pager | None = None
    drafter: Drafter | None = None
    """None: everything is written by the template."""


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What every vendor shares."""

    http: aiohttp.ClientSession
    clock: Clock
    stack: AsyncExitStack
    """Closed when the program ends: for what has connections of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor."""

    name: str
    """For people."""
    provides: tuple[str, ...]
    """The fields of ``Outside`` or of its ``sources`` that it stands behind."""
    needs: tuple[str, ...]
    """Settings without which it is off."""
    connect: Callable[[Settings, Connection], object]
    """Makes the adapter; asks nothing yet."""

    def is_configured(self, settings: Settings) -> bool:
        """Whether every setting it needs is there."""
        return not self.missing(settings)

    def missing(self, settings: Settings) -> tuple[str, ...]:
        """What it needs and is not set."""
        return tuple(need for need in self.needs if not getattr(settings, need))


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


def _grafana_oncall(s: Settings, c: Connection) -> GrafanaOnCall:
    token = _secret(s.grafana_oncall_token)
    return GrafanaOnCall(
        base_url=s.grafana_oncall_url,
        token=token,
        http=c.http,
        clock=c.clock,
        grafana_url=s.grafana_url,
    )


def _workos(s: Settings, c: Connection) -> WorkOSDirectory:
    return WorkOSDirectory(
        base_url=s.workos_url,
        api_key=_secret(s.workos_api_key),
        groups=s.workos_team_group_map,
        http=c.http,
        clock=c.clock,
    )


def _mimir(s: Settings, c: Connection) -> MimirMetricsSource:
    return MimirMetricsSource(_grafana(s, c, s.mimir_url, user=s.mimir_user, token=s.mimir_token))


def _loki(s: Settings, c: Connection) -> LokiLogSource:
    return LokiLogSource(_grafana(s, c, s.loki_url, user=s.loki_user, token=s.loki_token))


def _tempo(s: Settings, c: Connection) -> TempoTraceSource:
    return TempoTraceSource(_grafana(s, c, s.tempo_url, user=s.tempo_user, token=s.tempo_token))


def _grafana(
    s: Settings, c: Connection, url: str, *, user: str, token: SecretStr | None
) -> GrafanaAccess:
    return GrafanaAccess(
        base_url=url,
        token=_secret(token),
        instance_id=user,
        http=c.http,
        clock=c.clock,
        ui_url=s.grafana_url,
    )


def _github(s: Settings, c: Connection) -> GitHubCodeHost:
    return GitHubCodeHost(
        base_url=s.github_url,
        token=_secret(s.github_token),
        repositories=s.github_repo_map,
        http=c.http,
        clock=c.clock,
    )


def _linear(s: Settings, c: Connection) -> LinearTracker:
    return LinearTracker(
        base_url=s.linear_url,
        api_key=_secret(s.linear_api_key),
        team_id=s.linear_team_id,
        project_id=s.linear_project_id,
        http=c.http,
        clock=c.clock,
    )


def _statuspage(s: Settings, c: Connection) -> StatuspagePage:
    return StatuspagePage(
        base_url=s.statuspage_url,
        api_key=_secret(s.statuspage_api_key),
        page_id=s.statuspage_page_id,
        http=c.http,
        clock=c.clock,
    )


def _anthropic(s: Settings, c: Connection) -> AnthropicDrafter:
    access = direct(api_key=_secret(s.anthropic_api_key), base_url=s.anthropic_url)
    return _drafter(access, s, c)


def _bedrock(s: Settings, c: Connection) -> AnthropicDrafter:
    return _drafter(bedrock(region=s.bedrock_region, base_url=s.bedrock_url), s, c)


def _drafter(access: Access, s: Settings, c: Connection) -> AnthropicDrafter:
    models = Models(drafts=s.draft_model, classification=s.classify_model)
    drafter = AnthropicDrafter(access, models=models, clock=c.clock)
    c.stack.push_async_callback(drafter.close)
    return drafter


VENDORS = (
    Vendor(
        name="Grafana OnCall",
        provides=("on_call", "pager"),
        needs=("grafana_oncall_url", "grafana_oncall_token"),
        connect=_grafana_oncall,
    ),
    Vendor(name="WorkOS", provides=("directory",), needs=("workos_api_key",), connect=_workos),
    Vendor(
        name="Mimir", provides=("metrics",), needs=("mimir_url", "mimir_token"), connect=_mimir
    ),
    Vendor(name="Loki", provides=("logs",), needs=("loki_url", "loki_token"), connect=_loki),
    Vendor(name="Tempo", provides=("traces",), needs=("tempo_url", "tempo_token"), connect=_tempo),
    Vendor(name="GitHub", provides=("code_host",), needs=("github_token",), connect=_github),
    Vendor(
        name="Linear",
        provides=("tracker",),
        needs=("linear_api_key", "linear_team_id"),
        connect=_linear,
    ),
    Vendor(
        name="Anthropic", provides=("drafter",), needs=("anthropic_api_key",), connect=_anthropic
    ),
    # After the line before it, so that it wins where both are set: there the text stays in the
    # company's own cloud.
    Vendor(
        name="Anthropic on Bedrock",
        provides=("drafter",),
        needs=("bedrock_region",),
        connect=_bedrock,
    ),
    Vendor(
        name="Statuspage",
        provides=("status_page", "page_board"),
        needs=("statuspage_api_key", "statuspage_page_id"),
        connect=_statuspage,
    ),
)


def connect_vendors(settings: Settings, connection: Connection) -> Outside:
    """Everything outside that is configured; the rest is off, and said so."""
    connected: dict[str, object] = {}
    for vendor in VENDORS:
        if vendor.is_configured(settings):
            made = vendor.connect(settings, connection)
            connected |= dict.fromkeys(vendor.provides, made)
        else:
            log.info("vendor is off", vendor=vendor.name, needs=vendor.needs)
    sources = {name: connected.pop(name) for name in _SOURCES if name in connected}
    # A test connects each and uses it.
    return Outside(
        sources=Sources(**sources),  # type: ignore[arg-type]
        **connected,  # type: ignore[arg-type]
    )


_SOURCES = tuple(source.name for source in fields(Sources))
