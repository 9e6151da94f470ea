from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from incident_response.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings read the environment, so the tests' own has to be out of the way."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_setting_has_a_default_so_that_nothing_is_needed_to_begin() -> None:
    settings = Settings()
    assert settings.state_dir == Path(".incident-response")
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.slack_bot_token is None


def test_every_default_is_a_value_that_may_be_set() -> None:
    defaults = Settings.isolated()
    assert Settings.isolated(**defaults.model_dump(exclude_none=True)) == defaults


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")
    monkeypatch.setenv("WEBHOOK_PORT", "")
    assert Settings().slack_bot_token is None
    assert Settings().webhook_port == 8080


def test_isolated_settings_do_not_look_at_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBHOOK_PORT", "9999")
    assert Settings().webhook_port == 9999
    assert Settings.isolated().webhook_port == 8080
    assert Settings.isolated(webhook_port=7).webhook_port == 7


def test_lists_and_maps_are_read_from_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERIC_WEBHOOK_AUTH", "bearer, hmac-body")
    monkeypatch.setenv("GITHUB_REPO_MAP", '{"shop": "acme/shop"}')
    settings = Settings()
    assert settings.generic_webhook_auth == ("bearer", "hmac-body")
    assert settings.github_repo_map == {"shop": "acme/shop"}


def test_slacks_address_may_come_without_its_last_slash() -> None:
    settings = Settings.isolated(slack_api_url="http://127.0.0.1:8000/api")
    assert settings.slack_api_url == "http://127.0.0.1:8000/api/"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEBHOOK_PORT", "65536"),
        ("WEBHOOK_PORT", "-1"),
        ("LOG_LEVEL", "debug"),
        ("SLACK_SOCKETS", "0"),
        ("SLACK_COMMAND", "inc"),
        ("SLACK_COMMAND", "/Inc"),
        ("SLACK_COMMAND_ALIAS", "/in c"),
        ("SLACK_API_URL", "slack.com/api"),
        ("LEDGER_KEY", "fifteen letters"),
        ("ENVIRONMENT", "prod"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:password@collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318?token=1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer abc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,"),
        ("OTEL_EXPORTER_OTLP_HEADERS", 'a="b"'),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0ac: d"),
        ("ALERTMANAGER_WEBHOOK_AUTH", "basic"),
        ("ALERTMANAGER_WEBHOOK_AUTH", "bearer,"),
        ("WORKOS_TEAM_GROUP_MAP", "payments=group"),
        ("WORKOS_TEAM_GROUP_MAP", '["payments"]'),
        ("GITHUB_REPO_MAP", '{"shop": 7}'),
        ("GITHUB_REPO_MAP", "[" * 100_000),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert {str(error["loc"][0]).upper() for error in refusal.value.errors()} == {name}
    assert "input_value" not in str(refusal.value)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    secrets = {
        name: SecretStr("never=to be seen")
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert {"slack_bot_token", "ledger_key", "generic_webhook_key"} <= secrets.keys()
    assert "never=to be seen" not in repr(Settings.isolated(**secrets))


def test_whatever_is_called_a_key_or_token_is_a_secret() -> None:
    for name, field in Settings.model_fields.items():
        if name.endswith(("_key", "_token", "_headers")):
            assert "SecretStr" in str(field.annotation), name
