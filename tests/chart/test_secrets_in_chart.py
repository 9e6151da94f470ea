"""Each pod has its own secrets and no other, from where they are seeded."""

import json
import re
from fnmatch import fnmatch
from typing import Any

import pytest

from incident_response.bootstrap.secret_inventory import ENVIRONMENTS as SEEDED
from incident_response.bootstrap.secret_inventory import inventory
from tests.chart.inventory import ROOT, chart_values, secrets, webhook_keys
from tests.chart.rendering import (
    PROCESSES,
    Object,
    container,
    environment_of,
    of_kind,
    one,
    render,
)
from tests.entrypoints.processes import run

NAMES = re.compile(r"`([A-Z*_]+)`")
EVERYTHING: dict[str, Any] = {
    f"{process}__secrets__{name}": True
    for process in PROCESSES
    for name in chart_values()[process]["secrets"]
}


def references(objects: list[Object], process: str) -> dict[str, tuple[str, str]]:
    """Each variable of a pod's Secret with the id and property it comes from."""
    data = one(objects, "ExternalSecret", process)["spec"]["data"]
    return {
        each["secretKey"]: (each["remoteRef"]["key"], each["remoteRef"].get("property", ""))
        for each in data
    }


@pytest.mark.parametrize("process", PROCESSES)
def test_a_pod_mounts_the_secret_that_is_made_for_it(process: str) -> None:
    objects = render()
    (source,) = container(objects, process)["envFrom"]
    external = one(objects, "ExternalSecret", process)
    assert source["secretRef"]["name"] == external["spec"]["target"]["name"]
    assert "optional" not in source["secretRef"], "a pod without it should not start"
    assert not any("secret" in volume for volume in container(objects, process)["volumeMounts"])


def test_the_webhook_holds_no_secret_but_its_own() -> None:
    objects = render(**EVERYTHING)
    assert set(references(objects, "webhook")) == webhook_keys() | {"OTEL_EXPORTER_OTLP_HEADERS"}


def test_the_processor_holds_no_key_of_an_alert_source() -> None:
    objects = render(**EVERYTHING)
    assert set(references(objects, "processor")) == secrets() - webhook_keys()


def test_a_key_of_an_alert_source_is_where_the_webhook_reads_it_itself() -> None:
    objects = render("staging", **EVERYTHING)
    path = environment_of(objects, "webhook")["WEBHOOK_SECRET_ID"]
    assert path == "incident-response/staging/webhook"
    found = references(objects, "webhook")
    assert found["GRAFANA_ONCALL_WEBHOOK_KEY"] == (f"{path}/grafana-oncall-webhook-key", "")
    assert found["GENERIC_WEBHOOK_KEY"] == (f"{path}/generic-webhook-key", "")


def test_the_processors_secrets_are_properties_of_one() -> None:
    found = references(render("production"), "processor")
    assert found["SLACK_BOT_TOKEN"] == (
        "incident-response/production/processor",
        "SLACK_BOT_TOKEN",
    )
    assert {key for key, _ in found.values()} == {"incident-response/production/processor"}
    assert all(name == property_ for name, (_, property_) in found.items())


def test_every_secret_has_an_environment_in_its_id() -> None:
    for environment in ("staging", "production"):
        objects = render(environment, **EVERYTHING)
        for process in PROCESSES:
            for key, _ in references(objects, process).values():
                assert key.startswith(f"incident-response/{environment}/")


def test_only_what_is_said_to_be_there_is_asked_for() -> None:
    objects = render("production", processor__secrets__LINEAR_API_KEY=False)
    assert "LINEAR_API_KEY" not in references(objects, "processor")
    assert "ANTHROPIC_API_KEY" not in references(objects, "processor")
    assert "MIMIR_TOKEN" in references(objects, "processor")


def test_without_the_operator_the_secrets_names_are_the_same() -> None:
    objects = render(secrets={"external": False})
    assert not of_kind(objects, "ExternalSecret")
    for process in PROCESSES:
        (source,) = container(objects, process)["envFrom"]
        assert source["secretRef"]["name"] == f"incident-response-{process}"


@pytest.mark.parametrize("environment", SEEDED)
async def test_the_seeders_inventory_is_the_charts(environment: str) -> None:
    seeded = {
        (variable, secret.secret_id, variable if secret.is_json else "")
        for secret in inventory(environment)
        for variable in secret.variables
    }
    objects = render(environment, **EVERYTHING)
    mounted = {
        (variable, *reference)
        for process in PROCESSES
        for variable, reference in references(objects, process).items()
    }
    assert mounted == seeded
    code, said = await run("secrets", "list", "--environment", environment)
    assert (code, set(said.split())) == (0, {key for _, key, _ in mounted})


async def test_the_form_for_the_seeder_has_a_line_for_every_secret_of_the_chart() -> None:
    code, said = await run("secrets", "template")
    assert code == 0
    assert set(json.loads(said)) == {path.rpartition("__")[2] for path in EVERYTHING}


def test_the_document_of_secrets_says_where_each_comes_from() -> None:
    text = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")
    table = text.partition("| Variable |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in NAMES.findall(row.split("|")[1])}
    assert {name for name in secrets() if not any(fnmatch(name, each) for each in named)} == set()
    assert {each for each in named if not any(fnmatch(name, each) for name in secrets())} == set()


def test_no_template_and_no_values_file_holds_something_like_a_secret() -> None:
    prefixes = ("xoxb-", "xapp-", "sk-ant-", "lin_api_", "ghp_", "AKIA")
    for path in (ROOT / "chart").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert not [prefix for prefix in prefixes if prefix in text], path
