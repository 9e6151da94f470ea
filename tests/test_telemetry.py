from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from incident_response import telemetry
from incident_response.domain.leaks import LeakKind
from incident_response.domain.redaction import Material
from incident_response.telemetry import metrics
from tests.fakes.drafter import FakeDrafter
from tests.telemetry_reading import Attributes, counted
from tests.workflows.house import World, house


def more(name: str, before: dict[Attributes, float]) -> dict[Attributes, float]:
    """By how much each sum grew."""
    grown = {key: value - before.get(key, 0.0) for key, value in counted(name).items()}
    return {key: value for key, value in grown.items() if value}


def attributes(**values: str) -> Attributes:
    return frozenset(values.items())


async def test_drafts_tokens_cost_and_redactions_are_counted() -> None:
    names = (metrics.DRAFTS, metrics.MODEL_TOKENS, metrics.MODEL_COST, metrics.REDACTIONS)
    before = {name: counted(name) for name in names}
    model = FakeDrafter()
    async with house(World(drafter=model)) as home:
        incident = await home.assembled()
        material = (Material(label="log", text="a@b.io 10.1.2.3 c@b.io"),)
        await home.workflows.drafting.catchup(incident, material)
        model.why_unfit = "It was cut"
        await home.workflows.drafting.catchup(incident, ())
    grown = {name: more(name, before[name]) for name in names}
    by_model = attributes(task="catchup", by="model", why="")
    by_template = attributes(task="catchup", by="template", why="unfit_draft")
    assert grown[metrics.DRAFTS] == {by_model: 1, by_template: 1}
    read = attributes(model="fake", task="catchup", kind="input")
    written = attributes(model="fake", task="catchup", kind="output")
    assert grown[metrics.MODEL_TOKENS] == {read: 200, written: 20}
    spent = attributes(model="fake", task="catchup")
    assert grown[metrics.MODEL_COST] == pytest.approx({spent: 0.02})
    assert grown[metrics.REDACTIONS] == {
        attributes(kind=LeakKind.EMAIL.value): 2,
        attributes(kind=LeakKind.IP.value): 1,
    }


def test_a_counter_that_breaks_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Mock(side_effect=RuntimeError("the exporter is gone"))
    monkeypatch.setitem(metrics._writers, metrics.DRAFTS, broken)
    with capture_logs() as logs:
        telemetry.count_draft(task="catchup", by="model")
    assert [(entry["event"], entry["metric"]) for entry in logs] == [
        ("not counted", "incident_response.drafts")
    ]
