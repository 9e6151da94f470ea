"""Wrong values are refused before anything is rendered, in words that name them."""

import json
from typing import Any

import helm_python as helm
import pytest

from tests.chart.inventory import chart_values
from tests.chart.rendering import CHART, ENVIRONMENTS, file_values, loaded, render

FREE = {"annotations", "labels", "namespaceLabels", "nodeSelector", "podAnnotations", "podLabels"}
FREE |= {"limits", "requests", "selector"}
"""Objects whose keys are the installation's own."""


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("image__digest", "sha256:abc", "digest"),
        ("image__pullpolicy", "Always", "pullpolicy"),
        ("settings__AWS_REGION", "Frankfurt", "AWS_REGION"),
        ("settings__INCIDENT_QUEUE_URL", "arn:aws:sqs:eu-central-1:1:q.fifo", "INCIDENT_QUEUE"),
        ("settings__INCIDENT_QUEUE_URL", "https://sqs.example.com/1/queue", "INCIDENT_QUEUE_URL"),
        ("settings__SCHEDULER_ROLE_ARN", "scheduler", "SCHEDULER_ROLE_ARN"),
        ("settings__LOG_LEVEL", "loud", "LOG_LEVEL"),
        ("settings__UNHEARD_OF", "x", "UNHEARD_OF"),
        ("webhook__roleArn", "", "roleArn"),
        ("webhook__replicas", 0, "replicas"),
        ("webhook__settings__GENERIC_WEBHOOK_AUTH", "none", "GENERIC_WEBHOOK_AUTH"),
        ("webhook__settings__SLACK_COMMAND", "/x", "SLACK_COMMAND"),
        ("webhook__secrets__GENERIC_WEBHOOK_KEY", "hunter2", "GENERIC_WEBHOOK_KEY"),
        ("webhook__secrets__LEDGER_KEY", True, "LEDGER_KEY"),
        ("processor__replicas", "two", "replicas"),
        ("processor__settings__LINEAR_TEAM_ID", "OPS", "LINEAR_TEAM_ID"),
        ("processor__settings__SLACK_SOCKETS", "11", "SLACK_SOCKETS"),
        ("processor__settings__GITHUB_REPO_MAP", "checkout=x", "GITHUB_REPO_MAP"),
        ("processor__secrets__SLACK_BOT_TOKEN", False, "SLACK_BOT_TOKEN"),
        ("ingress__host", "", "host"),
        ("ingress__className", "", "className"),
        ("networkPolicy", {"https": []}, "https"),
        ("telemetry", {"endpoint": "otlp.example.com"}, "endpoint"),
        ("alerts", {"runbookUrl": "runbook"}, "runbookUrl"),
    ],
)
def test_what_cannot_work_is_refused(path: str, value: Any, named: str) -> None:
    with pytest.raises(helm.HelmError, match=named):
        render(**{path: value})


def test_without_a_values_file_nothing_is_installed() -> None:
    for values in ({}, {**file_values("staging"), "environment": "prod"}):
        with pytest.raises(helm.HelmError, match="environment"):
            loaded().render(values, name="incident-response", namespace="x")


def test_a_webhook_without_any_key_is_refused() -> None:
    keys = dict.fromkeys(chart_values()["webhook"]["secrets"], False)
    with pytest.raises(helm.HelmError, match="secrets"):
        render(webhook__secrets=keys)


def test_an_ingress_that_is_off_needs_neither_host_nor_class() -> None:
    assert render(ingress={"enabled": False, "host": "", "className": ""})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_misspelt_value_is_refused_in_every_environment(environment: str) -> None:
    with pytest.raises(helm.HelmError, match="replicaCount"):
        render(environment, replicaCount=3)


def test_the_schema_knows_every_value_of_the_chart_and_no_other() -> None:
    """Otherwise a value would be offered that does nothing, or refused that does something."""

    def compare(part: dict[str, Any], values: dict[str, Any], path: str) -> None:
        assert part["additionalProperties"] is False, path
        known = set(part["properties"]) - {"global"}
        assert known == set(values) == set(part["required"]), path
        for name, value in values.items():
            if isinstance(value, dict) and name not in FREE:
                compare(part["properties"][name], value, f"{path}.{name}")

    compare(schema(), chart_values(), "values")
