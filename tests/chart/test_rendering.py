"""Every values file makes objects that Kubernetes takes."""

import json
from typing import Any

import helm_python as helm
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from kubernetes_validate.utils import ValidationError, latest_version, validate

from tests.chart.rendering import CHART, ENVIRONMENTS, Object, file_values, loaded, one, render
from tests.chart.vendor_schemas import SCHEMAS

VERSIONS = ("1.30", latest_version())
"""The oldest that Chart.yaml takes, and the newest that is known."""

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "two processors": {"processor__replicas": 2},
    "files of its own": {"processor__policy": "a: 1\n", "webhook__genericMapping": "b: 2\n"},
    "nothing optional": {
        "ingress__enabled": False,
        "networkPolicy": {"enabled": False},
        "alerts": {"enabled": False},
        "dashboard": {"enabled": False},
        "telemetry": {"enabled": False},
        "secrets": {"external": False},
    },
    "everything optional": {
        "imagePullSecrets": [{"name": "registry"}],
        "image": {"digest": f"sha256:{'a' * 64}"},
        "webhook__podAnnotations": {"reloader.stakater.com/auto": "true"},
        "webhook__priorityClassName": "critical",
        "webhook__nodeSelector": {"arch": "amd64"},
        "webhook__tolerations": [{"key": "spot", "operator": "Exists"}],
        "processor__podAnnotations": {"reloader.stakater.com/auto": "true"},
        "processor__priorityClassName": "critical",
        "processor__nodeSelector": {"arch": "amd64"},
        "processor__tolerations": [{"key": "spot", "operator": "Exists"}],
        "networkPolicy": {"podIdentity": True, "dns": {"cidrs": ["169.254.20.10/32"]}},
        "alerts": {
            "labels": {"release": "prometheus"},
            "selector": {"deployment_environment": "production"},
            "runbookUrl": "https://example.com/runbook",
        },
        "dashboard": {"annotations": {"folder": "Incidents"}},
    },
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_takes_every_object(environment: str, variant: str) -> None:
    objects = render(environment, **VARIANTS[variant])
    names = [(found["kind"], found["metadata"]["name"]) for found in objects]
    assert len(names) == len(set(names))
    for found in objects:
        check(found)


def check(found: Object) -> None:
    """Raises if an API server would refuse the object, or pass over a field of it in silence."""
    if found["kind"] in SCHEMAS:
        jsonschema.validate(found, SCHEMAS[found["kind"]])
        return
    for version in VERSIONS:
        validate(found, version, strict=True)


def test_a_field_in_the_wrong_place_would_be_seen() -> None:
    deployment = one(render(), "Deployment", "webhook")
    deployment["spec"]["replica"] = 2
    with pytest.raises(ValidationError):
        check(deployment)
    secret = one(render(), "ExternalSecret", "webhook")
    secret["spec"]["data"][0]["remoteref"] = {}
    with pytest.raises(jsonschema.ValidationError):
        check(secret)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_helm_finds_nothing_to_complain_of(environment: str) -> None:
    report = helm.lint(CHART, file_values(environment), strict=True, namespace="incidents")
    assert report["errors"] == []
    told = [message["error"] for message in report["messages"] if message["severity"] >= 1]
    assert told == ["icon is recommended"]


def test_two_installations_in_one_namespace_share_no_name() -> None:
    chart, values = helm.Chart.load(CHART), file_values("staging")
    first = json.dumps(chart.render(values, name="incident-response", namespace="x"))
    second = json.dumps(chart.render(values, name="other", namespace="x"))
    assert "name: incident-response-webhook" in first
    assert "name: other-incident-response-webhook" in second
    assert "name: incident-response-webhook" not in second


def test_the_notes_say_so_when_the_account_is_the_example() -> None:
    chart = helm.Chart.load(CHART)
    values = file_values("production")
    notes = chart.render(values, name="x", namespace="y")["incident-response/templates/NOTES.txt"]
    assert "WARNING: account 111122223333 is an example" in notes


def test_the_oldest_kubernetes_that_is_checked_is_the_oldest_that_is_taken() -> None:
    assert loaded().metadata["kubeVersion"] == f">={VERSIONS[0]}.0-0"
