"""An OTLP/HTTP collector for tests: decodes what it is sent, and can be as bad as a real one."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.closing import close

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A received span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    is_failed: bool
    attributes: Attributes


@dataclass(frozen=True)
class Point:
    """The newest value of a metric for a set of attributes."""

    service: str
    unit: str
    attributes: Attributes
    value: float
    """Of a histogram: its sum."""
    count: int = 0
    bounds: tuple[float, ...] = ()


@dataclass
class Collector:
    """Everything it was sent, decoded and as it came."""

    url: str = ""
    status: int = 200
    """What it answers."""
    refused: str = ""
    """Which of the two, ``traces`` or ``metrics``, it does not let in."""
    hangs: bool = False
    """Whether it never answers."""
    requests: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    points: dict[str, list[Point]] = field(default_factory=dict)
    resources: list[Attributes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests += 1
        if self.hangs:
            await asyncio.sleep(60)
        if request.path == f"/v1/{self.refused}":
            return web.Response(status=401)
        if self.status != 200:
            return web.Response(status=self.status)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.bodies.append(body)
        if request.path == "/v1/traces":
            self._take_spans(ExportTraceServiceRequest.FromString(body))
        else:
            self._take_metrics(ExportMetricsServiceRequest.FromString(body))
        return web.Response(content_type="application/x-protobuf")

    def _take_spans(self, sent: ExportTraceServiceRequest) -> None:
        for of in sent.resource_spans:
            resource = _attributes(of.resource.attributes)
            self.resources.append(resource)
            for scope in of.scope_spans:
                self.spans += [
                    Span(
                        service=resource["service.name"],
                        name=span.name,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        kind=span.kind,
                        is_failed=span.status.code == 2,
                        attributes=_attributes(span.attributes),
                    )
                    for span in scope.spans
                ]

    def _take_metrics(self, sent: ExportMetricsServiceRequest) -> None:
        for of in sent.resource_metrics:
            resource = _attributes(of.resource.attributes)
            self.resources.append(resource)
            for scope in of.scope_metrics:
                for metric in scope.metrics:
                    name = resource["service.name"]
                    self.points[metric.name] = list(_points(name, metric))

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


def _points(service: str, metric: Any) -> Iterable[Point]:
    data = getattr(metric, metric.WhichOneof("data"))
    for point in data.data_points:
        is_histogram = hasattr(point, "explicit_bounds")
        yield Point(
            service=service,
            unit=metric.unit,
            attributes=_attributes(point.attributes),
            value=point.sum if is_histogram else point.as_double or point.as_int,
            count=point.count if is_histogram else 0,
            bounds=tuple(point.explicit_bounds) if is_histogram else (),
        )


def _attributes(pairs: Iterable[Any]) -> Attributes:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector on a free port of this machine."""
    collector = Collector()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/{signal:traces|metrics}", collector.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await close(runner)
