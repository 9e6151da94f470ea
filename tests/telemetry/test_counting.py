from collections.abc import Callable, Mapping
from datetime import timedelta
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from incident_response import telemetry
from incident_response.domain.leaks import LeakKind
from incident_response.domain.redaction import Material
from incident_response.telemetry import metrics
from tests.fakes.drafter import FakeDrafter
from tests.telemetry_reading import attributes, counted, counted_since
from tests.workflows.house import World, house


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
    grown = {name: counted_since(before[name], name) for name in names}
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


def test_every_metric_takes_the_attributes_it_names_and_no_others() -> None:
    written: dict[str, set[str]] = {}

    def note(name: str) -> Callable[[float, Mapping[str, str]], None]:
        return lambda _amount, given: written.setdefault(name, set()).update(given)

    with pytest.MonkeyPatch.context() as patch:
        for metric in metrics.METRICS:
            patch.setitem(metrics._writers, metric.name, note(metric.name))
        write_everything()
    assert written == {metric.name: set(metric.attributes) for metric in metrics.METRICS}


def write_everything() -> None:
    second = timedelta(seconds=1)
    telemetry.count_alert(source="s", outcome="accepted")
    telemetry.count_opened(severity="P1", source="s")
    telemetry.measure_assembly(1.0, severity="P1")
    telemetry.count_step_failure(plan="assemble", step="resolve_directory")
    telemetry.measure_approval(second, severity="P1")
    telemetry.count_publish("published")
    telemetry.count_nudge(to="room")
    telemetry.count_resolved(severity="P1")
    telemetry.count_postmortem(severity="P1")
    telemetry.measure_queue_age(second, queue="q")
    telemetry.measure_queue_depth(1, queue="q")
    telemetry.measure_dead_letters(1, queue="q")
    telemetry.measure_sockets(1)
    telemetry.count_clean_audit()
    telemetry.count_model_use(model="m", task="t", tokens={"input": 1}, cost_usd=0.1)
    telemetry.count_draft(task="t", by="model")
    telemetry.count_redactions({"email": 1})


def test_metrics_are_named_once_and_in_seconds() -> None:
    names = [metric.name for metric in metrics.METRICS]
    assert len(names) == len(set(names))
    for metric in metrics.METRICS:
        assert metric.name.startswith("incident_response.")
        assert metric.unit in ("s", "USD") or metric.unit.startswith("{")
        assert (metric.kind is metrics.MetricKind.HISTOGRAM) == bool(metric.buckets)
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_the_promise_of_five_minutes_is_an_edge_of_a_bucket() -> None:
    assert 300 in metrics.ASSEMBLY_BUCKETS
