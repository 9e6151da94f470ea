"""The whole program on one machine: webhook, processor and embedded backend, over a local Slack.

Used by ``local`` and by the drill. Not here: the command line, what is told to the person.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake, alert_spool
from incident_response.bootstrap.backend import backend_of
from incident_response.bootstrap.processor import Processor, build_processor
from incident_response.bootstrap.slack_app import (
    BOT_EVENTS,
    BOT_SCOPES,
    COMMAND_DESCRIPTION,
    COMMAND_HINT,
    SHORTCUTS,
)
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy
from incident_response.entrypoints.listening import listening
from incident_response.entrypoints.processor import processor_probes, run_processor
from incident_response.entrypoints.webhook.health import HealthServer
from incident_response.entrypoints.webhook.process import build_webhook
from incident_response.sandbox.alerts import Destination, sample_credentials
from incident_response.sandbox.app import Sandbox, SandboxConfig, VendorTokens
from incident_response.sandbox.company import Company
from incident_response.sandbox.slack.model import Shortcut, SlackApp, SlashCommand
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.linear.seed import PROJECTS, TEAM
from incident_response.settings import Settings

BOT_TOKEN = "xoxb-local-incident-response"  # noqa: S105 - opens nothing but the local Slack
APP_TOKEN = "xapp-local-incident-response"  # noqa: S105 - likewise
KEY_FILE = "webhook-key"
SLACK_FILE = "workspace.db"
HOST = "127.0.0.1"
CONTACTS = {
    "technical_lead": "claire",
    "commander": "jonas",
    "engineering_manager": "priya",
    "cto": "marcus",
}
"""Who the ladders of the shipped policy mean in the sandbox's company."""


Place = Callable[[Settings], Awaitable[Settings]]
"""Makes a place for what the stack keeps, and the settings that name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where it listens; 0 takes a free port."""

    page: int = 0
    webhook: int = 0
    health: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStack:
    """A running stack."""

    sandbox: Sandbox
    processor: Processor
    webhook_url: str
    health_url: str
    key_file: Path
    """Holds the key that alerts are signed with."""
    environment: Mapping[str, str]
    """Variables by which another process finds what it keeps."""

    @property
    def page_url(self) -> str:
        """Where a person opens the workspace."""
        return self.sandbox.url


@asynccontextmanager
async def local_stack(
    state_dir: Path, ports: Ports, *, latency_seed: int | None = None, place: Place | None = None
) -> AsyncIterator[LocalStack]:
    """The stack, running until the context ends and drained then.

    Everything lives in ``state_dir``, unless ``place`` gives another backend; the environment's
    settings and tokens are not looked at.
    Raises ``InvalidConfigurationError`` for a port or folder that cannot be used, or if another
    stack runs in the folder.
    """
    key = _key(state_dir)
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(sandbox_config(state_dir, ports.page, latency_seed=latency_seed))
        with listening(HOST, ports.page, setting="--port"):
            await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        settings = local_settings(state_dir, sandbox, key)
        if place is not None:
            settings = await place(settings)
        clock = SystemClock()
        opened = backend_of(settings).open_both(settings, clock)
        backend, ingress = await stack.enter_async_context(opened)
        await backend.claim_processor()
        intake = alert_intake(ingress, clock, spool=alert_spool(settings))
        server, webhook_probes = await build_webhook(
            settings, ingress=ingress, intake=intake, clock=clock
        )
        processor = await build_processor(
            settings,
            backend=backend,
            intake=intake,
            clock=clock,
            stack=stack,
            policy=local_policy(TIDEWATER),
        )
        probes = {**webhook_probes, **processor_probes(processor)}
        health = HealthServer(clock=clock, probes=probes)
        stack.push_async_callback(health.stop)
        stack.push_async_callback(server.stop)
        async with asyncio.TaskGroup() as tasks:
            stop = asyncio.Event()
            endless = [tasks.create_task(health.beat()), tasks.create_task(intake.run())]
            working = tasks.create_task(run_processor(processor, None, stop))
            try:
                with listening(HOST, ports.health, setting="--health-port"):
                    health_url = await health.start(host=HOST, port=ports.health)
                with listening(HOST, ports.webhook, setting="--webhook-port"):
                    webhook_url = await server.start(host=HOST, port=ports.webhook)
                sandbox.alerts.aim(Destination(webhook_url, sample_credentials(key)))
                yield LocalStack(
                    sandbox=sandbox,
                    processor=processor,
                    webhook_url=webhook_url,
                    health_url=health_url,
                    key_file=state_dir / KEY_FILE,
                    environment=_environment(settings),
                )
            finally:
                health.is_draining = True
                await server.stop()
                stop.set()
                await asyncio.wait([working])
                for task in endless:
                    task.cancel()


def sandbox_config(
    state_dir: Path, port: int, *, latency_seed: int | None = None
) -> SandboxConfig:
    """A workspace with our app installed."""
    return SandboxConfig(
        app=slack_app(),
        port=port,
        state_path=state_dir / SLACK_FILE,
        latency_seed=latency_seed,
    )


def slack_app() -> SlackApp:
    """Our app as a workspace sees it."""
    defaults = Settings.isolated()
    commands = tuple(
        SlashCommand(name=name, description=COMMAND_DESCRIPTION, usage_hint=COMMAND_HINT)
        for name in (defaults.slack_command, defaults.slack_command_alias)
    )
    return SlackApp(
        name="Incident Response",
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        bot_scopes=BOT_SCOPES,
        events=BOT_EVENTS,
        commands=commands,
        shortcuts=tuple(Shortcut(callback_id=i, name=title) for i, title in SHORTCUTS),
    )


def local_settings(state_dir: Path, sandbox: Sandbox, key: str) -> Settings:
    """Settings of a stack over the sandbox; ``key`` is what alerts are signed with."""
    return Settings.isolated(
        state_dir=state_dir,
        grafana_oncall_webhook_key=key,
        alertmanager_webhook_key=key,
        generic_webhook_key=key,
        **sandbox_settings(sandbox.url),
    )


def local_policy(company: Company) -> Policy:
    """The shipped policy with the sandbox company's people as contacts; it has no CEO in Slack."""
    contacts = {key: company.person(handle).email for key, handle in CONTACTS.items()}
    shipped = shipped_policy()
    return shipped.model_copy(update={"contacts": {**shipped.contacts, **contacts}})


def sandbox_settings(url: str) -> dict[str, object]:
    """Settings by name that point Slack and every vendor at the sandbox at ``url``."""
    tokens, company = VendorTokens(), TIDEWATER
    return {
        "slack_bot_token": BOT_TOKEN,
        "slack_app_token": APP_TOKEN,
        "slack_api_url": f"{url}/api/",
        "grafana_oncall_url": f"{url}/oncall",
        "grafana_oncall_token": tokens.oncall,
        "workos_url": f"{url}/workos",
        "workos_api_key": tokens.workos,
        "workos_team_group_map": {t.name: t.directory_group_id for t in company.teams}
        | {t.key: t.directory_group_id for t in company.teams},
        "mimir_url": f"{url}/mimir/prometheus",
        "mimir_user": tokens.grafana.instance_id,
        "mimir_token": tokens.grafana.token,
        "loki_url": f"{url}/loki",
        "loki_user": tokens.grafana.instance_id,
        "loki_token": tokens.grafana.token,
        "tempo_url": f"{url}/tempo",
        "tempo_user": tokens.grafana.instance_id,
        "tempo_token": tokens.grafana.token,
        "github_url": f"{url}/github",
        "github_token": tokens.github,
        "github_repo_map": _repositories(company),
        "linear_url": f"{url}/linear/graphql",
        "linear_api_key": tokens.linear,
        "linear_team_id": TEAM.id,
        "linear_project_id": PROJECTS[0].id,
        "anthropic_url": f"{url}/anthropic",
        "anthropic_api_key": tokens.anthropic,
        "statuspage_url": f"{url}/statuspage/v1",
        "statuspage_api_key": tokens.statuspage,
        "statuspage_page_id": company.status_page_id,
    }


def _environment(settings: Settings) -> dict[str, str]:
    if settings.backend == "embedded":
        return {"STATE_DIR": str(settings.state_dir)}
    assert settings.ledger_key is not None, "the AWS backend does not open without"
    return {
        "BACKEND": settings.backend,
        "AWS_REGION": settings.aws_region,
        "AWS_ENDPOINT_URL": settings.aws_endpoint_url,
        "INCIDENTS_TABLE": settings.incidents_table,
        "AUDIT_TABLE": settings.audit_table,
        "LEDGER_KEY": settings.ledger_key.get_secret_value(),
    }


def _repositories(company: Company) -> dict[str, str]:
    return {service.name: service.repo for service in company.services}


def _key(state_dir: Path) -> str:
    """The key for alerts: made once, readable by its owner alone."""
    path = state_dir / KEY_FILE
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise InvalidConfigurationError(
            f"the folder {state_dir} (--state-dir) cannot be used: {error.strerror}"
        ) from error
