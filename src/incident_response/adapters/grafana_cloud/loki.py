"""Loki: the newest error lines of a service.

Deadline: 5 s. Not here: telling whether a line matters, or drawing it.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter

from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_cloud.explore import Explore
from incident_response.adapters.grafana_cloud.moments import (
    Nanoseconds,
    moment_of,
    nanoseconds_of,
)
from incident_response.adapters.grafana_cloud.queries import filled
from incident_response.adapters.http import Bounds, Breaker, Vendor, Wire
from incident_response.domain.context import LogExcerpt, LogLine

WINDOW = timedelta(hours=2)
ERRORS_QUERY = '{service_name=$service} |~ "(?i)error|exception|fatal|panic"'
LONGEST_LINE = 2_000
"""Characters of a line that are kept: Loki stores lines of up to 256 KiB."""

_VENDOR = Vendor(name="Loki", url_setting="LOKI_URL", credential_setting="LOKI_TOKEN")
# A log search is slow when it is most wanted: one attempt may take nearly all of the time.
_BOUNDS = Bounds(total_seconds=5.0, attempt_seconds=4.5)
_ANY_LINE = '{service_name=~".+"}'
_PING_WINDOW = timedelta(minutes=5)


class _Stream(Wire):
    values: list[tuple[Nanoseconds, str] | tuple[Nanoseconds, str, object]]
    """Nanoseconds as text, the line, and on some servers structured metadata."""


class _Data(Wire):
    resultType: Literal["streams"]  # noqa: N815 - the vendor's name for it
    result: list[_Stream]


class _Answer(Wire):
    status: Literal["success"]
    data: _Data

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Time in nanoseconds and text, newest first over all streams."""
        values = (value for stream in self.data.result for value in stream.values)
        return sorted(((v[0], v[1]) for v in values), reverse=True)


_ANSWER = TypeAdapter(_Answer)


class LokiLogSource:
    """``ports.telemetry_source.LogSource`` on Loki.

    ``access.base_url`` is what precedes ``/loki/api/v1``. ``errors_query`` must be a log query,
    not a metric one.
    """

    def __init__(
        self,
        access: GrafanaAccess,
        *,
        datasource_uid: str = "grafanacloud-logs",
        errors_query: str = ERRORS_QUERY,
    ) -> None:
        self._http = access.client(_VENDOR, _BOUNDS)
        self._clock = access.clock
        self._explore = Explore(
            ui_url=access.ui_url, datasource_uid=datasource_uid, datasource_type="loki"
        )
        self._errors_query = errors_query

    @property
    def breaker(self) -> Breaker:
        """Whether Loki is left alone now."""
        return self._http.breaker

    async def errors(self, service: str, *, until: datetime, limit: int) -> LogExcerpt:
        """Newest first; see the port."""
        query, start = filled(self._errors_query, service), until - WINDOW
        answer = await self._range(query, start=start, end=until, limit=limit)
        lines = tuple(
            LogLine(at=moment_of(at), text=text[:LONGEST_LINE])
            for at, text in answer.lines[:limit]
        )
        return LogExcerpt(lines=lines, url=self._explore.url(query, start=start, end=until))

    async def ping(self) -> str:
        """Whether lines can be read, for the doctor; raises what ``errors`` raises."""
        now = self._clock.now()
        answer = await self._range(_ANY_LINE, start=now - _PING_WINDOW, end=now, limit=1)
        return "answers queries" if answer.lines else "answers; no lines in the last 5 minutes"

    async def _range(self, query: str, *, start: datetime, end: datetime, limit: int) -> _Answer:
        params: dict[str, str | int] = {
            "query": query,
            "start": nanoseconds_of(start),
            "end": nanoseconds_of(end),
            "limit": limit,
            "direction": "backward",
        }
        return await self._http.read("/loki/api/v1/query_range", _ANSWER, params)
