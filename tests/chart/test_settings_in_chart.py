"""Every variable that the program reads can be set by the chart, in one place, and no other."""

import pytest

from incident_response.settings import Settings
from tests.chart.inventory import chart_values, documented_settings, secrets, settings
from tests.chart.rendering import ENVIRONMENTS, PROCESSES, environment_of, of_kind, one, render

MADE_BY_THE_CHART = {
    "webhook": {
        "WEBHOOK_PORT",
        "WEBHOOK_HEALTH_PORT",
        "WEBHOOK_SECRET_ID",
        "GENERIC_MAPPING_FILE",
    },
    "processor": {"PROCESSOR_HEALTH_PORT", "POLICY_FILE"},
    "both": {
        "BACKEND",
        "ENVIRONMENT",
        "STATE_DIR",
        "OTEL_SERVICE_NAME",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    },
}


def in_chart() -> dict[str, list[str]]:
    """Every variable, with the places that it can be set at."""
    values = chart_values()
    places = {
        "both": [*values["settings"], *MADE_BY_THE_CHART["both"]],
        **{
            process: [
                *values[process]["settings"],
                *values[process]["secrets"],
                *MADE_BY_THE_CHART[process],
            ]
            for process in PROCESSES
        },
    }
    found: dict[str, list[str]] = {}
    for place, names in places.items():
        for name in names:
            found.setdefault(name, []).append(place)
    return found


def test_the_chart_has_every_setting_and_no_other() -> None:
    assert set(in_chart()) == settings()


def test_the_document_has_every_setting_of_the_chart_and_no_other() -> None:
    assert set(in_chart()) == documented_settings()


def test_a_setting_has_one_place_unless_both_pods_need_the_secret() -> None:
    twice = {name: places for name, places in in_chart().items() if len(places) > 1}
    assert twice == {"OTEL_EXPORTER_OTLP_HEADERS": ["webhook", "processor"]}


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_program_takes_what_it_is_given(environment: str, process: str) -> None:
    variables = environment_of(render(environment), process)
    settings = Settings.isolated(**{name.lower(): value for name, value in variables.items()})
    assert settings.listen_host == "0.0.0.0"
    assert settings.log_format == "json"


@pytest.mark.parametrize("process", PROCESSES)
def test_what_is_left_to_the_program_is_not_set_at_all(process: str) -> None:
    variables = environment_of(render("development"), process)
    assert "" not in variables.values()
    assert "AWS_ENDPOINT_URL" not in variables


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_runs_on_aws_and_says_where_it_is(environment: str, process: str) -> None:
    variables = environment_of(render(environment), process)
    assert variables["BACKEND"] == "aws"
    assert variables["ENVIRONMENT"] == environment
    assert variables["OTEL_SERVICE_NAME"] == f"incident-response-{process}"
    for name in ("INCIDENTS_TABLE", "AUDIT_TABLE", "NUDGE_QUEUE_URL", "SCHEDULER_ROLE_ARN"):
        assert environment in variables[name]


def test_the_webhook_is_told_nothing_of_vendors() -> None:
    told = set(environment_of(render(), "webhook"))
    assert told & set(chart_values()["processor"]["settings"]) == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_secret_is_written_in_an_object(environment: str) -> None:
    objects = render(environment)
    for process in PROCESSES:
        assert not set(environment_of(objects, process)) & secrets()
    assert not of_kind(objects, "Secret")


def test_what_is_called_a_secret_in_the_chart_is_one_in_the_program() -> None:
    values = chart_values()
    named = {name for process in PROCESSES for name in values[process]["secrets"]}
    assert named == secrets()


def test_the_telemetrys_address_is_the_collector_that_the_policy_lets_through() -> None:
    objects = render(telemetry={"collector": {"service": "c", "namespace": "n", "port": 4319}})
    variables = environment_of(objects, "processor")
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://c.n.svc.cluster.local:4319"
    egress = one(objects, "NetworkPolicy", "outward")["spec"]["egress"]
    (rule,) = (rule for rule in egress if {"port": 4319, "protocol": "TCP"} in rule["ports"])
    (peer,) = rule["to"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "n"}


def test_without_telemetry_there_is_no_address() -> None:
    for telemetry in ({"enabled": False}, {"enabled": False, "endpoint": "https://c.example.com"}):
        variables = environment_of(render(telemetry=telemetry), "webhook")
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in variables
    elsewhere = render(telemetry={"endpoint": "https://c.example.com"})
    address = environment_of(elsewhere, "webhook")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert address == "https://c.example.com"
