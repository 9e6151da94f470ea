"""Monitoring without a wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_response.domain.context import (
    LogExcerpt,
    LogLine,
    ServiceHealth,
    TraceExcerpt,
    TraceSummary,
)
from tests.fakes.behaviour import Behaviour


@dataclass
class FakeTelemetry:
    """``MetricsSource``, ``LogSource`` and ``TraceSource`` of ``ports.telemetry_source`` in one,
    each with a behaviour of its own; a service that is not in a mapping has no data there.
    """

    healths: Mapping[str, ServiceHealth] = field(default_factory=dict)
    lines: Mapping[str, Sequence[LogLine]] = field(default_factory=dict)
    summaries: Mapping[str, Sequence[TraceSummary]] = field(default_factory=dict)
    metrics: Behaviour = field(default_factory=Behaviour)
    logs: Behaviour = field(default_factory=Behaviour)
    traces: Behaviour = field(default_factory=Behaviour)

    async def health(self, service: str, *, at: datetime) -> ServiceHealth:
        if await self.metrics.meet():
            return ServiceHealth()
        return self.healths.get(service, ServiceHealth())

    async def errors(self, service: str, *, until: datetime, limit: int) -> LogExcerpt:
        if await self.logs.meet():
            return LogExcerpt()
        start = until - timedelta(hours=2)
        found = [line for line in self.lines.get(service, ()) if start <= line.at <= until]
        newest = sorted(found, key=lambda line: line.at, reverse=True)
        return LogExcerpt(lines=tuple(newest[:limit]))

    async def suspicious(self, service: str, *, until: datetime, limit: int) -> TraceExcerpt:
        if await self.traces.meet():
            return TraceExcerpt()
        start = until - timedelta(hours=1)
        found = [trace for trace in self.summaries.get(service, ()) if start <= trace.at <= until]
        return TraceExcerpt(traces=tuple(found[:limit]))
