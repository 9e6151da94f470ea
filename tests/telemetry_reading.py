"""What the program measured and traced in this test process, for tests to look at.

OpenTelemetry takes one provider a process: this is it.
"""

from dataclasses import dataclass

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

_reader = InMemoryMetricReader()
_spans = InMemorySpanExporter()
metrics.set_meter_provider(MeterProvider([_reader]))
_tracers = TracerProvider()
_tracers.add_span_processor(SimpleSpanProcessor(_spans))
trace.set_tracer_provider(_tracers)

Attributes = frozenset[tuple[str, object]]


def counted(name: str) -> dict[Attributes, float]:
    """The counter's sums since the process began, by their attributes."""
    data = _reader.get_metrics_data()
    found: dict[Attributes, float] = {}
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in (m for m in scope.metrics if m.name == name):
                for point in metric.data.data_points:
                    attributes = frozenset((point.attributes or {}).items())
                    found[attributes] = getattr(point, "value", 0.0)
    return found


@dataclass(frozen=True)
class Measured:
    """A histogram's measurements."""

    count: int = 0
    total: float = 0.0

    def since(self, before: "Measured") -> "Measured":
        return Measured(self.count - before.count, self.total - before.total)


def measured(name: str, **attributes: str) -> Measured:
    """The histogram's measurements of exactly these attributes since the process began."""
    data = _reader.get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in (m for m in scope.metrics if m.name == name):
                for point in metric.data.data_points:
                    if dict(point.attributes or {}) == attributes:
                        return Measured(getattr(point, "count", 0), getattr(point, "sum", 0.0))
    return Measured()


def counted_since(before: dict[Attributes, float], name: str) -> dict[Attributes, float]:
    """By how much each sum grew."""
    grown = {key: value - before.get(key, 0.0) for key, value in counted(name).items()}
    return {key: value for key, value in grown.items() if value}


def attributes(**values: str) -> Attributes:
    """The key of a sum."""
    return frozenset(values.items())


def spans(trace_id: str) -> list[ReadableSpan]:
    """The ended spans of a trace, in the order in which they ended."""
    return [
        span
        for span in _spans.get_finished_spans()
        if span.context and trace.format_trace_id(span.context.trace_id) == trace_id
    ]


def everything_measured() -> str:
    """All metrics and spans as one text."""
    data = _reader.get_metrics_data()
    spans = "\n".join(span.to_json() for span in _spans.get_finished_spans())
    return f"{data.to_json() if data else ''}\n{spans}"
