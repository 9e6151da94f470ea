"""What other files say there is, for the chart to be compared with: settings, secrets, metrics."""

import re
from pathlib import Path

import yaml

from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.secret_inventory import secret_variables
from incident_response.settings import Settings
from incident_response.telemetry.metrics import METRICS, Metric

ROOT = Path(__file__).parents[2]


def settings() -> set[str]:
    """Every variable that the program reads."""
    return {name.upper() for name in Settings.model_fields}


def secrets() -> set[str]:
    """Those of them that hold a secret."""
    return set(secret_variables())


def webhook_keys() -> set[str]:
    """The secrets of the alert sources."""
    return {f"{source.name.upper().replace('-', '_')}_WEBHOOK_KEY" for source in ALERT_SOURCES}


def documented_settings() -> set[str]:
    """The variables that docs/configuration.md has a row of."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def chart_values() -> dict[str, dict[str, dict[str, object]]]:
    """The chart's own values."""
    text = (ROOT / "chart" / "values.yaml").read_text(encoding="utf-8")
    values: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(text)
    return values


_BY_NAME = {metric.prometheus: metric for metric in METRICS}
_QUERIED = re.compile(r"\b(incident_response_\w+)(?:\{([^}]*)\})?")


def prometheus_metrics() -> set[str]:
    """What Prometheus has of us."""
    return set(_BY_NAME)


def attributes_of(metric: str) -> set[str]:
    """The labels of ``metric`` that we give it."""
    found: Metric = _BY_NAME[metric]
    return set(found.attributes)


def metrics_in(expression: str) -> set[str]:
    """Our metrics that a query names; a histogram without ``_bucket``, ``_sum``, ``_count``."""
    return {_base(name) for name, _labels in _QUERIED.findall(expression)}


def asked_labels(expression: str) -> list[tuple[str, set[str]]]:
    """Each of our metrics that a query names with the labels that it selects by."""
    return [
        (_base(name), set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels)))
        for name, labels in _QUERIED.findall(expression)
    ]


def _base(name: str) -> str:
    return re.sub(r"_(bucket|sum|count)$", "", name) if "_seconds_" in name else name
