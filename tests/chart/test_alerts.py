"""Each alert fires when it should, and not when it should not."""

import json
import re
from pathlib import Path

import pytest

from incident_response.domain.queues import AFTERCARE_QUEUE, INCIDENT_QUEUE, NUDGE_QUEUE
from incident_response.telemetry.metrics import ASSEMBLY_BUCKETS
from tests.chart.inventory import ROOT, asked_labels, attributes_of, metrics_in, prometheus_metrics
from tests.chart.promtool import alerts, check_firing, promtool, rules
from tests.chart.rendering import ENVIRONMENTS, of_kind, render

HEARTBEAT = 'incident_response_auditor_heartbeat_total{instance="a"}'
SOCKETS = 'incident_response_socket_connections{instance="a"}'
DEAD = 'incident_response_queue_dead_letters{queue="incident-events",instance="a"}'
WELL = {HEARTBEAT: "0+0.5x400", SOCKETS: "2x400", DEAD: "0x400"}
"""A processor that works: an audit a minute, two sockets, no dead letter."""


TICKETS = [(NUDGE_QUEUE, "ticket"), (AFTERCARE_QUEUE, "ticket")]


def published(outcome: str, instance: str = "a") -> str:
    labels = f'outcome="{outcome}",instance="{instance}"'
    return f"incident_response_publish_count_total{{{labels}}}"


def assembled(values: dict[str, str], instance: str = "a") -> dict[str, str]:
    """The buckets of the assembly's histogram, by upper bound."""
    name = "incident_response_assembly_duration_seconds_bucket"
    return {
        f'{name}{{le="{bound}",severity="P1",instance="{instance}"}}': series
        for bound, series in values.items()
    }


def test_a_processor_that_works_is_no_alert(tmp_path: Path) -> None:
    for at in ("1m", "10m", "90m"):
        check_firing(WELL, [], at=at, folder=tmp_path)


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    for environment in ENVIRONMENTS:
        spec = of_kind(render(environment), "PrometheusRule")["incident-response"]["spec"]
        (tmp_path / "rules.yaml").write_text(json.dumps(spec), encoding="utf-8")
        promtool("check", "rules", "rules.yaml", folder=tmp_path)


def test_rooms_slower_than_five_minutes(tmp_path: Path) -> None:
    slow = assembled({"300": "0x20 0x20", "420": "0x20 1x20", "+Inf": "0x20 1x20"})
    check_firing(WELL | slow, ["IncidentAssemblySlow"], at="15m", folder=tmp_path)


@pytest.mark.parametrize(("slow", "fires"), [(11, True), (9, False)])
def test_the_line_is_at_one_room_in_a_hundred_and_at_five_minutes(
    slow: int, fires: bool, tmp_path: Path
) -> None:
    quick = 1000 - slow
    rooms = assembled(
        {
            "240": "0x20 0x20",
            "300": f"0x20 {quick}x20",
            "420": "0x20 1000x20",
            "+Inf": "0x20 1000x20",
        }
    )
    firing = ["IncidentAssemblySlow"] if fires else []
    check_firing(WELL | rooms, firing, at="15m", folder=tmp_path)


def test_rooms_within_five_minutes(tmp_path: Path) -> None:
    quick = assembled({"240": "0+1x40", "300": "0+1x40", "+Inf": "0+1x40"})
    check_firing(WELL | quick, [], at="15m", folder=tmp_path)


def test_the_first_slow_room_of_a_process_counts_although_its_counter_is_born_with_it(
    tmp_path: Path,
) -> None:
    born = assembled({"300": "_x20 0x20", "420": "_x20 1x20", "+Inf": "_x20 1x20"})
    check_firing(WELL | born, ["IncidentAssemblySlow"], at="15m", folder=tmp_path)


def test_one_slow_room_in_two_hundred_is_no_alert(tmp_path: Path) -> None:
    few = assembled({"300": "0+10x40", "420": "0+10x20 201+10x20", "+Inf": "0+10x20 201+10x20"})
    check_firing(WELL | few, [], at="18m", folder=tmp_path)


def test_a_slow_room_is_forgotten_after_an_hour(tmp_path: Path) -> None:
    slow = assembled({"300": "0x20 0x200", "420": "0x20 1x200", "+Inf": "0x20 1x200"})
    check_firing(WELL | slow, [], at="80m", folder=tmp_path)


def test_a_room_that_slack_refuses(tmp_path: Path) -> None:
    steps = "incident_response_step_failures_total"
    refused = {f'{steps}{{plan="assemble",step="create_room"}}': "_x10 1x40"}
    check_firing(WELL | refused, ["IncidentAssemblySlow"], at="8m", folder=tmp_path)
    check_firing(WELL | refused, [], at="25m", folder=tmp_path)
    other = {f'{steps}{{plan="assemble",step="fetch_logs"}}': "_x10 1x40"}
    check_firing(WELL | other, [], at="8m", folder=tmp_path)


@pytest.mark.parametrize(
    ("values", "fires"),
    [("_x10 3x40", True), ("0x10 3x40", True), ("_x10 2x40", False), ("50x50", False)],
)
def test_a_directory_that_fails_for_three_rooms(values: str, fires: bool, tmp_path: Path) -> None:
    series = {'incident_response_directory_failures_total{instance="a"}': values}
    firing = ["DirectoryFailing"] if fires else []
    # What has been there for 15 minutes is no failure of now.
    at = "8m" if values != "50x50" else "20m"
    check_firing(WELL | series, firing, at=at, folder=tmp_path)


@pytest.mark.parametrize("outcome", ["refused", "needs_human", "blocked"])
@pytest.mark.parametrize("values", ["_x10 1x40", "0x10 1x40", "7x10 8x40"])
def test_a_message_that_did_not_reach_customers(outcome: str, values: str, tmp_path: Path) -> None:
    series = {published(outcome): values}
    # The rise is at 5 minutes, and is told for 15.
    fired = [f"PublishFailing/outcome {outcome}"]
    check_firing(WELL | series, fired, at="19m", folder=tmp_path)
    check_firing(WELL | series, [], at="25m", folder=tmp_path)


def test_old_failures_are_not_new_after_a_gap_in_what_prometheus_knows(tmp_path: Path) -> None:
    series = {published("refused"): "7x4 _x40 7x80"}
    for at in ("22m30s", "25m", "38m"):
        check_firing(WELL | series, [], at=at, folder=tmp_path)


def test_two_processes_failures_are_one_alert(tmp_path: Path) -> None:
    series = {published("refused", "a"): "_x10 1x40", published("refused", "b"): "0x10 1x40"}
    fired = ["PublishFailing/outcome refused"]
    check_firing(WELL | series, fired, at="10m", folder=tmp_path)


@pytest.mark.parametrize("outcome", ["published", "confirmed", "postponed", "uncertain"])
def test_what_mends_itself_is_no_alert(outcome: str, tmp_path: Path) -> None:
    check_firing(WELL | {published(outcome): "_x10 1+1x40"}, [], at="10m", folder=tmp_path)


def test_dead_letters_until_they_are_put_back(tmp_path: Path) -> None:
    series = WELL | {DEAD: "0x10 1x20 0x40"}
    other = 'incident_response_queue_dead_letters{queue="incident-events",instance="b"}'
    fired = ["DeadLettersWaiting/queue incident-events"]
    check_firing(series, [], at="6m", folder=tmp_path)
    check_firing(series, fired, at="8m", folder=tmp_path)
    check_firing(series | {other: "0x10 1x20 0x40"}, fired, at="8m", folder=tmp_path)
    check_firing(series, [], at="17m", folder=tmp_path)


@pytest.mark.parametrize(("queue", "severity"), [(INCIDENT_QUEUE, "page"), *TICKETS])
def test_an_alert_that_was_given_up_wakes_somebody_and_a_reminder_does_not(
    queue: str, severity: str, tmp_path: Path
) -> None:
    series = WELL | {f'incident_response_queue_dead_letters{{queue="{queue}"}}': "1x20"}
    fired = [f"DeadLettersWaiting/severity {severity}"]
    check_firing(series, fired, at="4m", folder=tmp_path, by="severity")


def test_an_auditor_that_stops(tmp_path: Path) -> None:
    stopped = WELL | {HEARTBEAT: "0+0.5x40 20x100"}
    check_firing(stopped, [], at="23m", folder=tmp_path)
    check_firing(stopped, ["AuditorSilent"], at="28m", folder=tmp_path)


def test_an_auditor_of_whom_nothing_is_known(tmp_path: Path) -> None:
    nothing = {name: values for name, values in WELL.items() if name != HEARTBEAT}
    check_firing(nothing, ["AuditorSilent"], at="5m", folder=tmp_path)


def test_a_second_processor_that_audits_is_enough(tmp_path: Path) -> None:
    other = HEARTBEAT.replace('"a"', '"b"')
    series = WELL | {HEARTBEAT: "0+0.5x40 20x100", other: "0+0.5x200"}
    check_firing(series, [], at="40m", folder=tmp_path)


def test_a_restart_of_the_processor_is_no_alert(tmp_path: Path) -> None:
    new = {
        HEARTBEAT.replace('"a"', '"b"'): "_x42 1+0.5x80",
        SOCKETS.replace('"a"', '"b"'): "_x41 2x80",
    }
    series = WELL | {HEARTBEAT: "0+0.5x40", SOCKETS: "2x40"} | new
    for at in ("20m", "21m", "22m", "24m", "28m"):
        check_firing(series, [], at=at, folder=tmp_path)


@pytest.mark.parametrize("values", ["2x20 0x40", "2x20"])
def test_no_socket_to_slack(values: str, tmp_path: Path) -> None:
    series = WELL | {SOCKETS: values}
    check_firing(series, [], at="10m", folder=tmp_path)
    check_firing(series, ["SocketDown"], at="18m", folder=tmp_path)


def test_one_processor_without_a_socket_beside_one_that_has_some(tmp_path: Path) -> None:
    series = WELL | {SOCKETS.replace('"a"', '"b"'): "0x100"}
    check_firing(series, [], at="20m", folder=tmp_path)


@pytest.mark.parametrize("outcome", ["spooled", "unavailable"])
def test_alerts_that_the_store_does_not_take(outcome: str, tmp_path: Path) -> None:
    labels = f'source="generic",outcome="{outcome}"'
    series = WELL | {f"incident_response_alert_count_total{{{labels}}}": "_x10 1x60"}
    fired = [f"AlertsNotStored/outcome {outcome}"]
    check_firing(series, fired, at="7m", folder=tmp_path)
    check_firing(series, [], at="15m", folder=tmp_path)


def test_another_environments_metrics_count_only_without_a_selector(tmp_path: Path) -> None:
    elsewhere = {
        'incident_response_queue_dead_letters{deployment_environment="staging",queue="q"}': "3x40"
    }
    ours = {
        name.replace("}", ',deployment_environment="production"}'): values
        for name, values in WELL.items()
    }
    fired = ["DeadLettersWaiting/queue q"]
    check_firing(ours | elsewhere, fired, at="10m", folder=tmp_path)
    selector = {"selector": {"deployment_environment": "production"}}
    check_firing(ours | elsewhere, [], at="10m", folder=tmp_path, alerts=selector)
    both_silent = ["AuditorSilent", "SocketDown"]
    check_firing(elsewhere, both_silent, at="10m", folder=tmp_path, alerts=selector)


def test_with_a_selector_every_metric_of_every_alert_is_selected() -> None:
    for rule in alerts(alerts={"selector": {"tenant": "us"}}):
        found = re.findall(r"incident_response_\w+(\{[^}]*\})?", rule["expr"])
        assert found, rule
        assert all('tenant="us"' in selector for selector in found), rule


def test_every_alert_says_what_to_do_and_how_urgent_it_is() -> None:
    for rule in alerts(alerts={"runbookUrl": "https://example.com/runbook"}):
        assert rule["labels"]["severity"] in {"page", "ticket"}
        address = f"https://example.com/runbook#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook_url"] == address
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
    assert all("runbook_url" not in rule["annotations"] for rule in alerts())


def test_alerts_name_only_metrics_that_the_program_writes() -> None:
    for rule in alerts():
        assert metrics_in(rule["expr"]) <= prometheus_metrics(), rule["alert"]


def test_alerts_ask_for_attributes_that_their_metrics_have() -> None:
    for rule in alerts():
        for metric, labels in asked_labels(rule["expr"]):
            assert labels <= {*attributes_of(metric), "le"}, rule["alert"]


def test_the_threshold_of_slow_rooms_is_one_of_the_buckets_and_not_the_last() -> None:
    """A quantile above the highest bucket is told as its bound: the alert could never fire."""
    assert 300 in ASSEMBLY_BUCKETS
    assert max(ASSEMBLY_BUCKETS) > 300


def test_the_runbook_has_a_section_and_a_row_for_every_alert_and_for_no_other() -> None:
    text = (ROOT / "artifacts" / "runbook.md").read_text(encoding="utf-8")
    names = {rule["alert"] for rule in alerts()}
    rows = set(re.findall(r"^\| \[(\w+)\]\(#\w+\) \|", text, re.MULTILINE))
    sections = set(re.findall(r"^## ([A-Z]\w+)$", text, re.MULTILINE))
    assert rows == names
    assert sections == names | {"Regular"}


def test_the_runbook_says_whether_an_alert_wakes_somebody() -> None:
    text = (ROOT / "artifacts" / "runbook.md").read_text(encoding="utf-8")
    for name, wakes in re.findall(r"^\| \[(\w+)\]\(.*\| ([^|]+) \|$", text, re.MULTILINE):
        told = {word for word, said in (("page", "yes"), ("ticket", "in hours")) if said in wakes}
        urgent = {rule["labels"]["severity"] for rule in alerts() if rule["alert"] == name}
        assert told == urgent, name


def test_the_rules_are_evaluated_as_often_as_metrics_come() -> None:
    (group,) = rules()["groups"]
    assert group["interval"] == "30s"
