"""Every setting, with its environment variable, default and meaning; the only reader of the
environment.

A field's name in capitals is its variable. Not here: what is made of a setting (bootstrap).
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

# Before it builds its first model, pydantic would search every installed package for plugins.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _split(value: object) -> object:
    return tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value


def _decode(value: object) -> object:
    """Decode JSON here, so that what is wrong is told like any other wrong setting."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError('this is no JSON object such as {"name": "value"}') from None


def _folder(address: str) -> str:
    """An address that method names can be appended to."""
    return address if address.endswith("/") else f"{address}/"


_HEADER = re.compile(r" *[A-Za-z0-9!#$%&'*+.^_`|~-]+ *= *([ !#-+\--:<-\[\]-~]*)")
"""``name=value`` as the exporter reads it; the value has no ``" , ; \\`` unless URL-encoded."""


def _headers(value: SecretStr) -> SecretStr:
    """Refused here, where the text is not repeated: the exporter would log what it cannot read."""
    for part in value.get_secret_value().split(","):
        header = _HEADER.fullmatch(part)
        sent = unquote(header[1]) if header is not None else ""
        if header is None or not (sent.isascii() and sent.isprintable()):
            raise ValueError("this is no list such as name=value,name=value")
    return value


AuthScheme = Literal["hmac-body", "hmac-timestamp", "bearer"]
"""How the sender of an alert proves itself (``alert_sources.authentication``)."""
Schemes = Annotated[tuple[AuthScheme, ...], BeforeValidator(_split)]
"""Schemes separated by commas; one of them has to hold."""
Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 takes a free one."""
TableName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
"""As DynamoDB takes it."""
Names = Annotated[dict[str, str], BeforeValidator(_decode)]
"""A JSON object of strings."""


class Settings(BaseModel):
    """What an installation can choose. An empty variable counts as unset.

    Raises ``pydantic.ValidationError`` that names the variable at fault.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    # The program itself
    state_dir: Path = Field(
        default=Path(".incident-response"), description="Folder of the embedded backend's file"
    )
    environment: Literal["development", "staging", "production"] = Field(
        default="development", description="Told by webhook, traces and metrics; drills go by it"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = Field(
        default="json", description="One JSON object a line, or lines for people"
    )
    listen_host: str = Field(
        default="127.0.0.1", description="Address that webhook and probes listen on"
    )
    webhook_port: Port = 8080
    webhook_health_port: Port = 8081
    processor_health_port: Port = 8082
    ledger_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Seals the ledger; made and kept in the backend if unset",
    )

    # Where everything durable is kept
    backend: Literal["embedded", "aws"] = Field(
        default="embedded", description="One file on this machine, or AWS"
    )
    aws_region: str = ""
    aws_endpoint_url: str = Field(default="", description="Another AWS than Amazon's, for trials")
    incidents_table: TableName = Field(
        default="incident-response-incidents", description="Incidents and what is at work on them"
    )
    audit_table: TableName = Field(default="incident-response-audit", description="The ledgers")
    incident_queue_url: str = ""
    nudge_queue_url: str = ""
    sla_queue_url: str = ""
    schedule_group: str = Field(default="incident-response", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    scheduler_role_arn: str = Field(
        default="", description="The role with which EventBridge Scheduler sends to the queues"
    )
    webhook_secret_id: str = Field(
        default="incident-response/webhook",
        description="Path in Secrets Manager under which the keys of the alert sources lie",
    )

    # Traces and metrics
    otel_exporter_otlp_endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$",
        description="Base address of an OTLP/HTTP collector; nothing is sent if unset",
    )
    otel_exporter_otlp_headers: Annotated[SecretStr, AfterValidator(_headers)] | None = Field(
        default=None, description="name=value,… sent with every export; values may be URL-encoded"
    )
    otel_service_name: str = Field(
        default="", description="incident-response-webhook or -processor if unset"
    )

    # Slack
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-…")
    slack_app_token: SecretStr | None = Field(default=None, description="xapp-…, Socket Mode")
    slack_api_url: Annotated[str, AfterValidator(_folder)] = Field(
        default="https://slack.com/api/",
        pattern=r"^https?://\S+$",
        description="Another address for a local Slack",
    )
    slack_sockets: int = Field(
        default=2, ge=1, le=10, description="Sockets held open (Slack allows ten an app)"
    )
    slack_command: str = Field(default="/incident-response", pattern=r"^/[a-z0-9_-]{1,31}$")
    slack_command_alias: str = Field(
        default="/inc", pattern=r"^(/[a-z0-9_-]{1,31})?$", description="A second name, or empty"
    )
    incidents_channel: str = Field(
        default="incidents", description="Public channel where rooms are announced"
    )
    operators_channel: str = Field(
        default="",
        description="For what needs an operator; the incidents channel if unset",
    )

    # What follows from a severity
    policy_file: Path | None = Field(
        default=None, description="YAML of severities, ladders and approvals; shipped if unset"
    )

    # Customers
    statuspage_url: str = "https://api.statuspage.io/v1"
    statuspage_api_key: SecretStr | None = None
    statuspage_page_id: str = ""

    # Postmortems
    linear_url: str = "https://api.linear.app/graphql"
    linear_api_key: SecretStr | None = None
    linear_team_id: str = Field(default="", description="A UUID, not the team's key")
    linear_project_id: str = ""
    linear_labels: Annotated[tuple[str, ...], BeforeValidator(_split)] = ("postmortem",)

    # Who writes drafts
    anthropic_api_key: SecretStr | None = Field(default=None, description="Anthropic directly")
    anthropic_url: str = "https://api.anthropic.com"
    bedrock_region: str = Field(default="", description="Anthropic on Amazon Bedrock")
    bedrock_url: str = Field(default="", description="Another endpoint than the region's")
    draft_model: str = Field(default="claude-sonnet-4-6", description="Drafts and postmortems")
    classify_model: str = Field(
        default="claude-haiku-4-5", description="Tells updates from other messages"
    )
    model_budget_usd: float = Field(
        default=2.0, ge=0, description="For one incident; beyond it the template writes"
    )
    internal_domains: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=("internal", "local", "corp", "lan"),
        description="Ends of host names that must not leave",
    )
    customer_id_prefixes: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=("acct", "cus", "cust"),
        description="What customer ids begin with, before an underscore; they must not leave",
    )

    # Alert sources
    grafana_oncall_webhook_auth: Schemes = ("hmac-body", "bearer")
    grafana_oncall_webhook_key: SecretStr | None = None
    alertmanager_webhook_auth: Schemes = ("bearer",)
    alertmanager_webhook_key: SecretStr | None = None
    generic_webhook_auth: Schemes = ("hmac-timestamp", "bearer")
    generic_webhook_key: SecretStr | None = None
    generic_mapping_file: Path | None = Field(
        default=None, description="YAML that says which JSON field means what"
    )

    # Who is on call
    grafana_oncall_url: str = ""
    grafana_oncall_token: SecretStr | None = None
    workos_url: str = "https://api.workos.com"
    workos_api_key: SecretStr | None = None
    workos_team_group_map: Names = Field(
        default_factory=dict, description='JSON: team → directory group id, {"payments": "dir…"}'
    )

    # Context
    mimir_url: str = Field(default="", description="Up to and including /prometheus or /api/prom")
    mimir_user: str = ""
    mimir_token: SecretStr | None = None
    loki_url: str = ""
    loki_user: str = ""
    loki_token: SecretStr | None = None
    tempo_url: str = ""
    tempo_user: str = ""
    tempo_token: SecretStr | None = None
    grafana_url: str = Field(default="", description="Grafana itself, for links that people open")
    github_url: str = "https://api.github.com"
    github_token: SecretStr | None = None
    github_repo_map: Names = Field(
        default_factory=dict, description='JSON: service → repository, {"api": "acme/api"}'
    )

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        """Take ``values``; without any, read the environment."""
        super().__init__(**(_environment(type(self)) if values is None else values))

    @classmethod
    def isolated(cls, **values: object) -> "Settings":
        """Settings of exactly these values and the defaults, whatever the environment says."""
        return cls(values)


def _environment(settings: type[Settings]) -> dict[str, object]:
    variables = {name: os.environ.get(name.upper(), "") for name in settings.model_fields}
    return {name: value for name, value in variables.items() if value}
