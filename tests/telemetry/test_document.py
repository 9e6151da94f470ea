"""docs/telemetry.md says of metrics and spans what the code sends."""

import re
from pathlib import Path

from incident_response.telemetry import METRICS
from incident_response.workflows.accept_alert import Outcome

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")


def test_every_metric_is_described_as_it_is_and_no_other_is() -> None:
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in DOCUMENT.splitlines()
        if line.startswith("| `incident_response.")
    ]
    assert [row[:5] for row in rows] == [
        (
            f"`{metric.name}`",
            f"`{metric.prometheus}`",
            metric.kind.value,
            f"`{metric.unit}`",
            ", ".join(f"`{name}`" for name in metric.attributes),
        )
        for metric in METRICS
    ]


def test_every_outcome_of_an_alert_is_described() -> None:
    (line,) = re.findall(r"^\* `outcome` of `alert\.count`: (.*)\.$", DOCUMENT, re.MULTILINE)
    told = set(re.findall(r"`([\w-]+)`", line))
    assert told == {outcome.value for outcome in Outcome} | {"unavailable"}


def test_every_outcome_of_a_publication_is_described() -> None:
    text = DOCUMENT.partition("* `outcome` of `publish.count`:")[2].partition("\n* ")[0]
    told = set(re.findall(r"`(\w+)`", text))
    source = ROOT / "src" / "incident_response"
    files = ("adapters/telling_store.py", "workflows/publishing.py")
    code = "".join((source / name).read_text("utf-8") for name in files)
    counted = {
        word
        for call in re.findall(r"count_publish\((.*?)\)\n|count_publish\((.*?)\),", code)
        for word in re.findall(r'"(\w+)"', "".join(call))
    }
    assert told == counted


def test_every_attribute_of_a_span_is_named() -> None:
    text = DOCUMENT.partition("Attributes begin with")[2].partition("An answered request")[0]
    told = set(re.findall(r"`([a-z_.]+)`", text)) - {"incident_response."}
    used: set[str] = set()
    for path in (ROOT / "src" / "incident_response").rglob("*.py"):
        code = path.read_text("utf-8")
        for call in re.findall(r"\bannotate\(([^*]*?)\)\n", code):
            used |= set(re.findall(r"\b(\w+)=", call))
        used |= set(re.findall(r'"incident_response\.((?:incident\.id|source))"', code))
    assert told == used
