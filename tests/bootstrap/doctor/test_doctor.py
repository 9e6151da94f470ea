"""The doctor over the sandbox: a healthy installation passes, and each thing that can be wrong is
told by its own check, with what to do, and by no other.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.doctor import CHECKS, Found, Health, Process, examine
from incident_response.bootstrap.doctor.check import EVERY_PROCESS, Check, Patient, fine
from incident_response.bootstrap.embedded import FILE_NAME
from incident_response.bootstrap.slack_app import BOT_SCOPES
from incident_response.bootstrap.vendors import VENDORS
from incident_response.domain.errors import UnavailableError
from incident_response.entrypoints.local_stack import sandbox_config, sandbox_settings
from incident_response.ports.clock import Clock
from incident_response.sandbox.app import Sandbox
from incident_response.sandbox.faults import Fault
from incident_response.settings import Settings
from tests.fakes.clock import FakeClock
from tests.telemetry.collector import collecting

KEYS = ("grafana_oncall_webhook_key", "alertmanager_webhook_key", "generic_webhook_key")
KEY = "c4n4ry-key-of-these-tests"


@dataclass
class Installation:
    """The whole of it, over the sandbox."""

    sandbox: Sandbox
    state_dir: Path
    clock: Clock

    def settings(self, **changes: object) -> Settings:
        """As the environment would give them, with these in place of the right ones."""
        right: dict[str, object] = dict.fromkeys(KEYS, KEY)
        right |= {"state_dir": self.state_dir, **sandbox_settings(self.sandbox.url)}
        return Settings.isolated(**(right | changes))

    async def looked(
        self,
        *checks: str,
        processes: frozenset[Process] = EVERY_PROCESS,
        **changes: object,
    ) -> dict[str, Found]:
        """What the named checks (all if none is named) find with these settings changed."""
        chosen = [check for check in CHECKS if not checks or check.name in checks]
        assert len(chosen) == (len(checks) or len(CHECKS))  # every name is known
        found = await examine(
            self.settings(**changes), checks=chosen, processes=processes, clock=self.clock
        )
        return {finding.check: finding.found for finding in found}

    async def found(self, check: str, **changes: object) -> Found:
        """What one check finds."""
        return (await self.looked(check, processes=EVERY_PROCESS, **changes))[check]


@asynccontextmanager
async def installed(
    folder: Path, *, scopes: tuple[str, ...] | None = None, clock: Clock | None = None
) -> AsyncIterator[Installation]:
    config = sandbox_config(folder, 0)
    if scopes is not None:
        config = replace(config, app=replace(config.app, bot_scopes=scopes))
    sandbox = Sandbox(replace(config, state_path=None))
    await sandbox.start()
    try:
        yield Installation(sandbox, folder, clock or SystemClock())
    finally:
        await sandbox.stop()


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installed(tmp_path) as opened:
        yield opened


async def test_a_healthy_installation_has_nothing_wrong(installation: Installation) -> None:
    async with collecting() as collector:
        found = await installation.looked(otel_exporter_otlp_endpoint=collector.url)
    assert list(found) == [c.name for c in CHECKS if c.applies(installation.settings())]
    assert {n: f for n, f in found.items() if f.health is not Health.OK} == {
        "Anthropic on Bedrock": Found(
            Health.OFF, "not configured", "to use it, set BEDROCK_REGION"
        )
    }
    assert found["Slack token"].text == "@incident_bot in Tidewater Systems, all 16 scopes"
    assert found["Slack channels"].text == "#incidents"
    assert found["Linear"].text.startswith("files in ")
    assert found["Anthropic"].text == "claude-haiku-4-5 and claude-sonnet-4-6 answer"
    assert found["Vendors"].text.startswith("9 of 10 ")
    assert all(f.text and KEY not in f.text + f.remedy for f in found.values())


async def test_it_changes_nothing_and_opens_no_socket(
    installation: Installation, tmp_path: Path
) -> None:
    await installation.looked()
    asked = set(installation.sandbox.board.received.calls_by_target)
    of_slack = {target for target in asked if target.startswith("slack.")}
    assert of_slack == {
        "slack.auth.test",
        "slack.apps.connections.open",
        "slack.conversations.list",
    }
    assert {target for target in asked if target.startswith("statuspage.")} == {"statuspage.page"}
    assert installation.sandbox.sockets.connected == 0
    assert os.listdir(tmp_path) == []


# --- Slack -------------------------------------------------------------------------------------


async def test_a_scope_that_the_manifest_asks_for_and_the_token_lacks_is_named(
    tmp_path: Path,
) -> None:
    scopes = tuple(s for s in BOT_SCOPES if s not in ("pins:write", "groups:write"))
    async with installed(tmp_path, scopes=(*scopes, "files:read")) as installation:
        found = await installation.found("Slack token")
        assert found.health is Health.WRONG
        assert found.text == "the token lacks groups:write, pins:write"
        assert "install it again" in found.remedy


async def test_a_scope_too_many_is_told_and_is_not_wrong(tmp_path: Path) -> None:
    async with installed(tmp_path, scopes=(*BOT_SCOPES, "files:read")) as installation:
        found = await installation.found("Slack token")
        assert found.health is Health.OK
        assert "it may also files:read, which nothing here needs" in found.text


@pytest.mark.parametrize(
    ("check", "setting", "value", "words"),
    [
        ("Slack token", "slack_bot_token", None, "SLACK_BOT_TOKEN is not set"),
        ("Slack token", "slack_bot_token", "xoxb-c4n4ry", "the token is not valid"),
        ("Slack token", "slack_api_url", "http://127.0.0.1:9/api/", "could not be reached"),
        ("Slack socket", "slack_app_token", None, "SLACK_APP_TOKEN is not set"),
        ("Slack socket", "slack_app_token", "xapp-c4n4ry", "the token is not valid"),
        ("Slack channels", "incidents_channel", "nowhere", "no public channel #nowhere"),
        ("Slack channels", "operators_channel", "hidden", "no public channel #hidden"),
        ("Store", "state_dir", "/dev/null/state", "/dev/null cannot be written"),
        ("Alert sources", "generic_mapping_file", "/nowhere.yaml", "GENERIC_MAPPING_FILE"),
        ("Policy", "policy_file", "/nowhere.yaml", "POLICY_FILE"),
        ("Linear", "linear_team_id", "OPS", "LINEAR_TEAM_ID must be the team's UUID"),
        (
            "Linear",
            "linear_team_id",
            "8a3f2c1e-0000-4000-8000-000000000000",
            "LINEAR_TEAM_ID names no team that this key can see",
        ),
        ("Linear", "linear_api_key", "lin_api_c4n4ry", "LINEAR_API_KEY"),
        ("Statuspage", "statuspage_api_key", "c4n4ry", "STATUSPAGE_API_KEY"),
        ("Statuspage", "statuspage_page_id", "nopage", "Statuspage knows no such thing"),
        ("Grafana OnCall", "grafana_oncall_token", "c4n4ry", "GRAFANA_ONCALL_TOKEN"),
        ("WorkOS", "workos_api_key", "sk_c4n4ry", "WORKOS_API_KEY"),
        ("Mimir", "mimir_token", "c4n4ry", "MIMIR_TOKEN"),
        ("Loki", "loki_token", "c4n4ry", "LOKI_TOKEN"),
        ("Tempo", "tempo_token", "c4n4ry", "TEMPO_TOKEN"),
        ("GitHub", "github_token", "c4n4ry", "GITHUB_TOKEN"),
        ("Anthropic", "anthropic_api_key", "sk-c4n4ry", "ANTHROPIC_API_KEY"),
        ("Anthropic", "anthropic_url", "http://127.0.0.1:9", "ANTHROPIC_URL"),
        ("Vendors", "linear_team_id", "", "Linear is off: LINEAR_TEAM_ID is not set"),
        ("Vendors", "statuspage_api_key", None, "Statuspage is off: STATUSPAGE_API_KEY"),
    ],
)
async def test_what_is_wrong_is_told_by_its_check_with_what_to_do(
    installation: Installation, check: str, setting: str, value: str | None, words: str
) -> None:
    found = await installation.found(check, **{setting: value})
    assert found.health is Health.WRONG
    assert words in found.text
    assert found.remedy
    assert "c4n4ry" not in found.text + found.remedy


async def test_without_slack_what_hangs_on_it_is_not_wrong_a_second_time(
    installation: Installation,
) -> None:
    found = await installation.looked("Slack channels", "Clock", slack_bot_token=None)
    assert {f.health for f in found.values()} == {Health.OFF}


async def test_a_webhook_without_any_key_is_wrong(installation: Installation) -> None:
    found = await installation.found("Alert sources", **dict.fromkeys(KEYS))
    assert found.health is Health.WRONG
    assert "set GRAFANA_ONCALL_WEBHOOK_KEY" in found.remedy


@pytest.mark.parametrize("process", Process)
async def test_a_process_is_asked_only_for_what_it_needs(
    installation: Installation, process: Process
) -> None:
    """So that the webhook, which holds no secret but its own, is healthy by itself."""
    found = await installation.looked(
        processes=frozenset({process}),
        **({"slack_bot_token": None} if process is Process.WEBHOOK else {}),
    )
    assert not [name for name, f in found.items() if f.health is Health.WRONG]
    assert ("Alert sources" in found) is (process is Process.WEBHOOK)
    assert ("Linear" in found) is (process is Process.PROCESSOR)
    assert "Store" in found


# --- telemetry ---------------------------------------------------------------------------------


async def test_the_collector_is_asked_as_everything_is_sent_and_sent_nothing(
    installation: Installation,
) -> None:
    async with collecting() as collector:
        found = await installation.found(
            "Telemetry",
            otel_exporter_otlp_endpoint=collector.url,
            otel_exporter_otlp_headers=SecretStr(f"X-Scope=one,Authorization=Bearer%20{KEY}"),
        )
    assert found == fine(f"{collector.url} takes traces and metrics")
    assert collector.requests == 2
    for headers in collector.headers:
        assert (headers["x-scope"], headers["authorization"]) == ("one", f"Bearer {KEY}")
    assert not collector.spans
    assert not collector.points


async def test_without_a_collector_it_is_said_that_nothing_is_sent(
    installation: Installation,
) -> None:
    found = await installation.found("Telemetry")
    assert (found.health, found.text) == (Health.OFF, "nothing is sent")


@pytest.mark.parametrize("signal", ["traces", "metrics"])
async def test_a_collector_that_takes_one_of_the_two_is_told(
    installation: Installation, signal: str
) -> None:
    async with collecting() as collector:
        collector.refused = signal
        found = await installation.found(
            "Telemetry",
            otel_exporter_otlp_endpoint=collector.url,
            otel_exporter_otlp_headers=SecretStr(f"Authorization=Bearer%20{KEY}"),
        )
    assert found.health is Health.WRONG
    assert found.text.startswith(f"no {signal}: ")
    assert "401" in found.text
    assert KEY not in found.text


async def test_a_collector_that_is_not_there_is_told_with_its_address(
    installation: Installation,
) -> None:
    address = "http://collector.invalid:4318"
    found = await installation.found("Telemetry", otel_exporter_otlp_endpoint=address)
    assert found.health is Health.WRONG
    assert "collector.invalid" in found.text
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in found.remedy


# --- vendors, store, clock ---------------------------------------------------------------------


async def test_a_vendor_that_is_down_takes_no_other_with_it(
    installation: Installation,
) -> None:
    installation.sandbox.board.add(Fault(target="linear.*", kind="server_error"))
    found = await installation.looked()
    assert [name for name, f in found.items() if f.health is Health.WRONG] == ["Linear"]


async def test_every_vendor_that_is_down_is_told(installation: Installation) -> None:
    board = installation.sandbox.board
    for family in ("oncall", "workos", "mimir", "loki", "tempo", "github", "anthropic"):
        board.add(Fault(target=f"{family}.*", kind="server_error"))
    found = await installation.looked()
    wrong = {name for name, f in found.items() if f.health is Health.WRONG}
    up = {"Linear", "Statuspage", "Anthropic on Bedrock"}
    assert wrong == {vendor.name for vendor in VENDORS} - up
    assert all("docs/troubleshooting.md" in found[name].remedy for name in wrong)


BEDROCK_DENIED = "check the AWS credentials and their right to bedrock:InvokeModel"


@pytest.mark.parametrize(
    ("access_key", "region", "health", "words"),
    [  # a region of its own each: the SDK remembers a region's credentials
        ("AKIASANDBOX", "us-west-2", Health.OK, "and us.anthropic.claude-sonnet-4-6 answer"),
        ("AKIANOBODY", "us-east-2", Health.WRONG, BEDROCK_DENIED),
        ("", "us-west-1", Health.WRONG, BEDROCK_DENIED),
    ],
)
async def test_a_model_on_bedrock_is_asked_with_the_credentials_that_drafts_will_have(
    monkeypatch: pytest.MonkeyPatch,
    installation: Installation,
    access_key: str,
    *,
    region: str,
    health: Health,
    words: str,
) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    if access_key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-no-use-anywhere")
    url = f"{installation.sandbox.url}/bedrock"
    found = await installation.found(
        "Anthropic on Bedrock", bedrock_region=region, bedrock_url=url
    )
    assert found.health is health
    assert words in found.text
    assert (health is Health.WRONG) == ("docs/troubleshooting.md" in found.remedy)


async def test_the_store_beside_a_processor_at_work_is_read_and_left_as_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    backend = EmbeddedBackend.open(tmp_path / FILE_NAME, clock=SystemClock())
    await backend.claim_processor()
    try:
        found = await installation.found("Store")
        assert found.health is Health.OK
        assert found.text.endswith(f"{FILE_NAME}, 0 incidents")
        await backend.ping()
    finally:
        await backend.close()


async def test_a_store_that_is_no_file_of_ours_is_wrong(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 99)
    found = await installation.found("Store")
    assert (found.health, "not a database" in found.text) == (Health.WRONG, True)


@pytest.mark.parametrize(
    ("shift", "health", "words"),
    [
        (timedelta(seconds=20), Health.OK, "of Slack's"),
        (timedelta(seconds=-20), Health.OK, "of Slack's"),
        (timedelta(minutes=4), Health.WRONG, "ahead of Slack's"),
        (timedelta(minutes=-4), Health.WRONG, "behind Slack's"),
    ],
)
async def test_a_clock_that_differs_from_slacks_is_told_with_the_direction(
    tmp_path: Path, shift: timedelta, health: Health, words: str
) -> None:
    clock = FakeClock(SystemClock().now() + shift)
    async with installed(tmp_path, clock=clock) as installation:
        found = await installation.found("Clock")
        assert found.health is health
        assert words in found.text
        assert (health is Health.WRONG) == ("NTP" in found.remedy)


# --- the examination itself --------------------------------------------------------------------


async def never(_patient: Patient) -> Found:
    await asyncio.sleep(60)
    raise AssertionError


async def broken(_patient: Patient) -> Found:
    raise KeyError("c4n4ry")


async def down(_patient: Patient) -> Found:
    raise UnavailableError("it is down")


async def test_a_check_that_hangs_or_breaks_is_a_finding_and_hides_no_other() -> None:
    checks = [Check(name=look.__name__, remedy="mend it", look=look) for look in LOOKS]
    found = await examine(
        Settings.isolated(),
        checks=checks,
        processes=EVERY_PROCESS,
        clock=SystemClock(),
        check_seconds=0.1,
    )
    assert [finding.found for finding in found] == [
        Found(Health.WRONG, "it took longer than 0.1 s", "mend it"),
        Found(Health.WRONG, "the check itself broke: KeyError", "report it, with the log"),
        Found(Health.WRONG, "it is down", "mend it"),
        Found(Health.OK, "well"),
    ]


async def well(_patient: Patient) -> Found:
    return fine("well")


LOOKS = (never, broken, down, well)


async def test_a_check_of_another_backend_is_not_made() -> None:
    elsewhere = Check(name="Tables", applies=lambda _settings: False, look=broken)
    found = await examine(
        Settings.isolated(), checks=[elsewhere], processes=EVERY_PROCESS, clock=SystemClock()
    )
    assert found == ()


def test_every_vendor_of_the_table_has_a_check_and_no_two_checks_one_name() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert {vendor.name for vendor in VENDORS} <= set(names)
