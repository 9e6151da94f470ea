"""Sends traces and metrics to a collector by OTLP over HTTP, from threads of their own.

Queues are bounded and drop what does not fit, every export has a deadline, and trouble is logged
once in a while: nothing here can hold up or fail what it tells of. Imported by name
(``bootstrap.telemetry``), since the SDK takes a tenth of a second. Not here: what is measured.
"""

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.util.re import parse_env_headers

from incident_response.ports.clock import Clock
from incident_response.settings import Settings

EXPORT_SECONDS = 5.0
"""For one export, its tries together."""
STOP_SECONDS = 3.0
"""For what is left to be sent when the process ends."""
SPAN_QUEUE = 2_048
"""Spans kept while the collector does not take them; the oldest go first."""
SPAN_BATCH = 512
SPANS_EVERY = timedelta(seconds=2)
METRICS_EVERY = timedelta(seconds=30)
LOG_EVERY = timedelta(minutes=5)
"""How often it is said that the collector does not take anything."""

log = structlog.get_logger(__name__)


class Exporting:
    """What is sent, until ``stop``. Counts as the process's own only once it is ``installed``."""

    def __init__(self, settings: Settings, *, process: str, clock: Clock) -> None:
        resource = _resource(settings, process)
        spans, measures = _exporters(settings)
        self._trouble = _Trouble(clock)
        self.tracers = TracerProvider(
            resource=resource,
            sampler=ALWAYS_ON,  # also what the sender of an alert did not sample
            shutdown_on_exit=False,
        )
        self.tracers.add_span_processor(
            BatchSpanProcessor(
                spans,
                max_queue_size=SPAN_QUEUE,
                max_export_batch_size=SPAN_BATCH,
                schedule_delay_millis=SPANS_EVERY.total_seconds() * 1000,
            )
        )
        reader = PeriodicExportingMetricReader(
            measures,
            export_interval_millis=METRICS_EVERY.total_seconds() * 1000,
            export_timeout_millis=EXPORT_SECONDS * 1000,
        )
        self.meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        _listen(self._trouble)

    def installed(self) -> "Exporting":
        """Has everything that this process tells go this way; once a process."""
        trace.set_tracer_provider(self.tracers)
        metrics.set_meter_provider(self.meters)
        return self

    async def stop(self) -> None:
        """Send what is left, for three seconds at most; what then is left is lost."""
        try:
            async with asyncio.timeout(STOP_SECONDS), asyncio.TaskGroup() as tasks:
                tasks.create_task(_in_thread(self.tracers.shutdown))
                tasks.create_task(_in_thread(self.meters.shutdown))
        except TimeoutError:
            log.warning("telemetry lost at the end", seconds=STOP_SECONDS)


def exporting(settings: Settings, *, process: str, clock: Clock) -> Exporting:
    """Begin to send what this process tells, to the collector of the settings."""
    made = Exporting(settings, process=process, clock=clock).installed()
    log.info("telemetry is sent", endpoint=settings.otel_exporter_otlp_endpoint)
    return made


def refused(settings: Settings) -> str:
    """Why the collector of the settings does not take what is sent, as the SDK tells it; empty if
    it does. Nothing is sent, but as everything would be. Blocks for twice ``EXPORT_SECONDS`` at
    most; not in a process that also sends.
    """
    heard = _Heard()
    _listen(heard)
    spans, measures = _exporters(settings)
    try:
        if spans.export([]) is not SpanExportResult.SUCCESS:
            return f"no traces: {heard.first}"
        taken = measures.export(MetricsData(resource_metrics=[]))
        return "" if taken is MetricExportResult.SUCCESS else f"no metrics: {heard.first}"
    finally:
        spans.shutdown()  # type: ignore[no-untyped-call] # the SDK does not say
        measures.shutdown()


def _exporters(settings: Settings) -> tuple[OTLPSpanExporter, OTLPMetricExporter]:
    address = settings.otel_exporter_otlp_endpoint.rstrip("/")
    secret = settings.otel_exporter_otlp_headers
    headers = parse_env_headers(secret.get_secret_value() if secret else "", liberal=True)
    spans = OTLPSpanExporter(
        endpoint=f"{address}/v1/traces",
        headers=headers,
        timeout=EXPORT_SECONDS,
        compression=Compression.Gzip,
    )
    measures = OTLPMetricExporter(
        endpoint=f"{address}/v1/metrics",
        headers=headers,
        timeout=EXPORT_SECONDS,
        compression=Compression.Gzip,
    )
    return spans, measures


def _listen(handler: logging.Handler) -> None:
    """Have it told what the SDK says, and nobody else."""
    logger = logging.getLogger("opentelemetry")
    logger.handlers[:], logger.propagate = [handler], False


async def _in_thread(work: Callable[[], None]) -> None:
    """Have it done by a thread that the process does not wait for."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the process ends; nobody else can be told
            log.warning("telemetry did not end in order", error=type(error).__name__)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run, name="telemetry's end", daemon=True).start()
    await ended.wait()


def _resource(settings: Settings, process: str) -> Resource:
    return Resource(
        {
            "service.name": settings.otel_service_name or f"incident-response-{process}",
            "service.namespace": "incident-response",
            "service.instance.id": str(uuid.uuid4()),
            "service.version": version("incident-response"),
            "deployment.environment": settings.environment,
            "deployment.environment.name": settings.environment,
        }
    )


class _Heard(logging.Handler):
    """Keeps the first thing that is said: what follows are tries of the same."""

    first = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or record.getMessage()


class _Trouble(logging.Handler):
    """Says once in a while what the SDK says of itself at every failed export."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._said_at: float | None = None
        self._unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock.monotonic()
        if self._said_at is not None and now - self._said_at < LOG_EVERY.total_seconds():
            self._unsaid += 1
            return
        log.warning("telemetry in trouble", problem=record.getMessage(), since_then=self._unsaid)
        self._said_at, self._unsaid = now, 0
