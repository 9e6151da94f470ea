"""The dashboard asks Prometheus for what there is, in words that it understands."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from tests.chart.inventory import asked_labels, attributes_of, metrics_in, prometheus_metrics
from tests.chart.promtool import promtool
from tests.chart.rendering import CHART, of_kind, one, render

FILE = CHART / "dashboards" / "incident-response.json"
GRAFANAS_OWN = {"$__range": "24h", "$__rate_interval": "2m"}
"""Grafana fills these in."""


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_grafanas_sidecar_gets_the_dashboard_as_it_is_in_the_file() -> None:
    found = one(render(), "ConfigMap", "dashboard")
    assert json.loads(found["data"]["incident-response.json"]) == dashboard()
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert "incident-response-dashboard" not in of_kind(
        render(dashboard={"enabled": False}), "ConfigMap"
    )


def test_it_names_every_metric_that_the_program_writes_and_no_other() -> None:
    named = {name for query in queries() for name in metrics_in(query)}
    assert named == prometheus_metrics()


def test_it_asks_for_attributes_that_the_metrics_have() -> None:
    for query in queries():
        for metric, labels in asked_labels(query):
            assert labels <= attributes_of(metric), query
        grouped = {
            label.strip()
            for labels in re.findall(r"\bby \(([^)]*)\)", query)
            for label in labels.split(",")
        }
        known = {label for metric in metrics_in(query) for label in attributes_of(metric)}
        assert grouped <= known | {"le"}, query


def test_a_legend_names_only_what_the_query_leaves() -> None:
    for panel in panels():
        for target in panel["targets"]:
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            summed = re.sub(r"^histogram_quantile\([0-9.]+, ", "", target["expr"])
            grouped = re.match(r"\w+ by \(([^)]*)\)", summed)
            left = set(grouped[1].split(", ")) - {"le"} if grouped else set()
            assert named == left, panel["title"]


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    written = []
    for number, query in enumerate(queries()):
        for name, value in GRAFANAS_OWN.items():
            query = query.replace(name, value)
        assert "$" not in query, query
        written.append({"record": f"panel:query:{number}", "expr": query})
    rules = {"groups": [{"name": "dashboard", "rules": written}]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    promtool("check", "rules", "rules.yaml", folder=tmp_path)


def test_a_panel_that_turns_red_at_nothing_says_nothing_where_nobody_reports() -> None:
    """Without a processor there are no values, which Grafana would show in no colour at all."""
    red_at_none = [
        panel
        for panel in panels()
        if panel["type"] == "stat"
        and panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] == "red"
    ]
    assert {panel["title"] for panel in red_at_none} == {
        "Sockets to Slack",
        "Audits in five minutes",
    }
    for panel in red_at_none:
        assert all(target["expr"].endswith(" or vector(0)") for target in panel["targets"])


def test_no_panel_lies_on_another() -> None:
    def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        return {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}

    everything = dashboard()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    for first, second in combinations(everything, 2):
        assert not cells(first) & cells(second), (first["title"], second["title"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in everything)


def test_every_panel_asks_the_chosen_prometheus_and_says_what_it_shows() -> None:
    for panel in panels():
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(source["uid"] == "${datasource}" for source in sources), panel["title"]
        assert panel["title"]
        assert panel["description"]
