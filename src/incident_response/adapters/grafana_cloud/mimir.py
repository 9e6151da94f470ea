"""Mimir (or Prometheus): how a service does now, against two hours ago.

Deadline: 5 s, for four queries at the same time. No data and not-a-number are None, never zero.
Not here: judging the numbers.
"""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, TypeAdapter

from incident_response.adapters.grafana_cloud.access import GrafanaAccess
from incident_response.adapters.grafana_cloud.explore import Explore
from incident_response.adapters.grafana_cloud.queries import filled
from incident_response.adapters.http import ANYTHING, Bounds, Breaker, Vendor, Wire
from incident_response.domain.context import Reading, ServiceHealth
from incident_response.domain.errors import RefusedError

BEFORE = timedelta(hours=2)
# Without a single 5xx its series do not exist: `or 0 * all` makes that a zero, and leaves a
# service without any traffic without an answer.
ERROR_RATE_QUERY = (
    '(sum(rate(http_requests_total{service=$service,code=~"5.."}[5m]))'
    " or 0 * sum(rate(http_requests_total{service=$service}[5m])))"
    " / sum(rate(http_requests_total{service=$service}[5m]))"
)
P99_QUERY = (
    "histogram_quantile(0.99,"
    " sum by (le) (rate(http_request_duration_seconds_bucket{service=$service}[5m])))"
)

_VENDOR = Vendor(name="Mimir", url_setting="MIMIR_URL", credential_setting="MIMIR_TOKEN")
_BOUNDS = Bounds(total_seconds=5.0, attempt_seconds=4.0)


class _Series(Wire):
    # Time and value; the value comes as text: "0.25", "NaN", "+Inf".
    value: tuple[float, float]


class _Vector(Wire):
    resultType: Literal["vector"]  # noqa: N815 - the vendor's name for it
    result: list[_Series]

    @property
    def samples(self) -> list[float]:
        return [series.value[1] for series in self.result]


class _Scalar(Wire):
    resultType: Literal["scalar"]  # noqa: N815 - the vendor's name for it
    result: tuple[float, float]

    @property
    def samples(self) -> list[float]:
        return [self.result[1]]


class _Answer(Wire):
    status: Literal["success"]
    data: _Vector | _Scalar = Field(discriminator="resultType")


_ANSWER = TypeAdapter(_Answer)


class MimirMetricsSource:
    """``ports.telemetry_source.MetricsSource`` on Prometheus' query API.

    ``access.base_url`` is what precedes ``/api/v1``: ``https://prometheus-….grafana.net/api/prom``
    on Grafana Cloud, ``…/prometheus`` self-hosted. The queries must give one number for one
    service (aggregate them): an error share of 0..1 and seconds.
    """

    def __init__(
        self,
        access: GrafanaAccess,
        *,
        datasource_uid: str = "grafanacloud-prom",
        error_rate_query: str = ERROR_RATE_QUERY,
        p99_query: str = P99_QUERY,
    ) -> None:
        self._http = access.client(_VENDOR, _BOUNDS)
        self._explore = Explore(
            ui_url=access.ui_url, datasource_uid=datasource_uid, datasource_type="prometheus"
        )
        self._error_rate_query = error_rate_query
        self._p99_query = p99_query

    @property
    def breaker(self) -> Breaker:
        """Whether Mimir is left alone now."""
        return self._http.breaker

    async def health(self, service: str, *, at: datetime) -> ServiceHealth:
        """Error share and p99; see the port. One query that fails fails them all: a reading that
        was not taken must not look like one that found nothing.
        """
        error_rate = filled(self._error_rate_query, service)
        p99 = filled(self._p99_query, service)
        asked = [(query, moment) for query in (error_rate, p99) for moment in (at, at - BEFORE)]
        answers = await asyncio.gather(
            *(self._number(query, moment) for query, moment in asked), return_exceptions=True
        )
        rate_now, rate_before, p99_now, p99_before = _all_or_first_error(answers)
        return ServiceHealth(
            error_rate=Reading(now=rate_now, before=rate_before),
            p99_seconds=Reading(now=p99_now, before=p99_before),
            url=self._explore.url(error_rate, start=at - BEFORE, end=at),
        )

    async def ping(self) -> str:
        """Whether a query is answered, for the doctor; raises what ``health`` raises."""
        await self._http.read("/api/v1/query", ANYTHING, {"query": "vector(1)"})
        return "answers queries"

    async def _number(self, query: str, moment: datetime) -> float | None:
        params = {"query": query, "time": f"{moment.timestamp():.3f}"}
        answer = await self._http.read("/api/v1/query", _ANSWER, params)
        samples = answer.data.samples
        if len(samples) > 1:
            raise RefusedError(
                f"Mimir gave {len(samples)} series where one number is needed:"
                " aggregate the query in the settings, with sum() or max()",
                reason="ambiguous_query",
            )
        return _finite(samples[0]) if samples else None


def _finite(value: float) -> float | None:
    """``NaN`` (nothing divided by nothing) and infinities (a quantile past the last bucket) are
    no readings.
    """
    return value if math.isfinite(value) else None


def _all_or_first_error(
    answers: Sequence[float | BaseException | None],
) -> list[float | None]:
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
