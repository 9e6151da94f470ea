"""Tempo: failed and slow traces of a service.

Deadline: 5 s, for two searches at the same time. Not here: whole traces.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field, TypeAdapter

from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_cloud.explore import Explore
from incident_response.adapters.grafana_cloud.moments import Nanoseconds, moment_of
from incident_response.adapters.grafana_cloud.queries import filled
from incident_response.adapters.http import Bounds, Breaker, Vendor, Wire
from incident_response.domain.context import TraceExcerpt, TraceSummary

WINDOW = timedelta(hours=1)
FAILED_QUERY = "{ resource.service.name = $service && status = error }"
SLOW_QUERY = "{ resource.service.name = $service && duration > 1s }"
LONGEST_NAME = 200
"""Characters of a root span's name that are kept."""

_VENDOR = Vendor(name="Tempo", url_setting="TEMPO_URL", credential_setting="TEMPO_TOKEN")
# A trace search is slow when it is most wanted: one attempt may take nearly all of the time.
_BOUNDS = Bounds(total_seconds=5.0, attempt_seconds=4.5)
_PING_WINDOW = timedelta(minutes=5)


class _Trace(Wire):
    trace_id: str = Field(alias="traceID")
    root_service: str = Field(default="", alias="rootServiceName")
    root_name: str = Field(default="", alias="rootTraceName")
    started_at: Nanoseconds = Field(alias="startTimeUnixNano")
    # Protobuf's JSON leaves a zero out: a trace without it took under a millisecond.
    duration_ms: int = Field(default=0, alias="durationMs")


class _Answer(Wire):
    traces: list[_Trace] | None = None


_ANSWER = TypeAdapter(_Answer)


class TempoTraceSource:
    """``ports.telemetry_source.TraceSource`` on Tempo's search.

    ``access.base_url`` is what precedes ``/api/search``: on Grafana Cloud it ends in ``/tempo``.
    """

    def __init__(
        self,
        access: GrafanaAccess,
        *,
        datasource_uid: str = "grafanacloud-traces",
        failed_query: str = FAILED_QUERY,
        slow_query: str = SLOW_QUERY,
    ) -> None:
        self._http = access.client(_VENDOR, _BOUNDS)
        self._clock = access.clock
        self._explore = Explore(
            ui_url=access.ui_url, datasource_uid=datasource_uid, datasource_type="tempo"
        )
        self._failed_query = failed_query
        self._slow_query = slow_query

    @property
    def breaker(self) -> Breaker:
        """Whether Tempo is left alone now."""
        return self._http.breaker

    async def suspicious(self, service: str, *, until: datetime, limit: int) -> TraceExcerpt:
        """Failed traces first, then slow ones where there is room; see the port."""
        failed_query = filled(self._failed_query, service)
        slow_query = filled(self._slow_query, service)
        start = until - WINDOW
        found = await asyncio.gather(
            self._search(failed_query, start=start, end=until, limit=limit),
            self._search(slow_query, start=start, end=until, limit=limit),
            return_exceptions=True,
        )
        unique: dict[str, _Trace] = {}
        for trace in _all_or_first_error(found):
            unique.setdefault(trace.trace_id, trace)
        return TraceExcerpt(
            traces=tuple(self._summary(trace) for trace in unique.values())[:limit],
            url=self._explore.url(failed_query, start=start, end=until),
        )

    async def ping(self) -> str:
        """Whether traces can be searched, for the doctor; raises what ``suspicious`` raises."""
        now = self._clock.now()
        found = await self._search("{}", start=now - _PING_WINDOW, end=now, limit=1)
        return "answers searches" if found else "answers; no traces in the last 5 minutes"

    async def _search(
        self, query: str, *, start: datetime, end: datetime, limit: int
    ) -> list[_Trace]:
        """Newest first. Start and end are always given: without them only the last minutes are
        searched.
        """
        params: dict[str, str | int] = {
            "q": query,
            "start": int(start.timestamp()),
            "end": int(end.timestamp()) + 1,
            "limit": limit,
        }
        answer = await self._http.read("/api/search", _ANSWER, params)
        return sorted(answer.traces or (), key=lambda trace: trace.started_at, reverse=True)

    def _summary(self, trace: _Trace) -> TraceSummary:
        at = moment_of(trace.started_at)
        return TraceSummary(
            trace_id=trace.trace_id,
            root=f"{trace.root_service} {trace.root_name}".strip()[:LONGEST_NAME],
            duration_seconds=trace.duration_ms / 1_000,
            at=at,
            url=self._explore.url(trace.trace_id, start=at - WINDOW, end=at + WINDOW),
        )


def _all_or_first_error(found: Sequence[list[_Trace] | BaseException]) -> list[_Trace]:
    """Both lists in one; the first error if one search failed."""
    traces: list[_Trace] = []
    for result in found:
        if isinstance(result, BaseException):
            raise result
        traces += result
    return traces
