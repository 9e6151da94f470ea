"""What reaches a collector, and what a bad one does to us: nothing."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.util.re import parse_env_headers
from pydantic import ValidationError
from structlog.testing import capture_logs

from incident_response.bootstrap import otlp
from incident_response.bootstrap.otlp import Exporting
from incident_response.bootstrap.telemetry import _begin
from incident_response.settings import Settings
from tests.fakes.clock import FakeClock
from tests.telemetry.collector import Collector, collecting


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


def settings(url: str, **more: object) -> Settings:
    return Settings.isolated(otel_exporter_otlp_endpoint=url, **more)


def exporting(url: str, **more: object) -> Exporting:
    return Exporting(settings(url, **more), process="processor", clock=FakeClock())


def trace(sending: Exporting, number: int = 1) -> None:
    for _ in range(number):
        sending.tracers.get_tracer("test").start_span("a step").end()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - another thread's doing has no event
            await asyncio.sleep(0.01)


async def test_spans_and_metrics_arrive_with_who_sent_them(collector: Collector) -> None:
    headers = "Authorization=Basic%20dXNlcjpwYXNz,X-Scope = tenant 7"
    sending = exporting(
        f"{collector.url}/", otel_exporter_otlp_headers=headers, environment="staging"
    )
    trace(sending)
    histogram = sending.meters.get_meter("test").create_histogram(
        "waited", unit="s", explicit_bucket_boundaries_advisory=[1, 300]
    )
    histogram.record(2.5, {"queue": "q"})
    await sending.stop()
    (span,) = collector.spans
    assert (span.name, span.service) == ("a step", "incident-response-processor")
    (point,) = collector.points["waited"]
    assert (point.value, point.count, point.bounds) == (2.5, 1, (1.0, 300.0))
    assert (point.attributes, point.unit) == ({"queue": "q"}, "s")
    for sent in collector.headers:
        assert sent["authorization"] == "Basic dXNlcjpwYXNz"
        assert sent["x-scope"] == "tenant 7"
    for resource in collector.resources:
        assert resource["service.namespace"] == "incident-response"
        assert resource["deployment.environment"] == "staging"
        assert resource["deployment.environment.name"] == "staging"


@given(st.text(st.characters(max_codepoint=0x100), max_size=40))
@example("a=b,c=d e")
@example("a=%E9")
@example("=")
def test_headers_that_the_settings_take_are_read_by_the_exporter_without_a_word(text: str) -> None:
    try:
        taken = settings("http://c", otel_exporter_otlp_headers=text)
    except ValidationError:
        return
    secret = taken.otel_exporter_otlp_headers
    assert secret is not None
    with capturing("opentelemetry.util.re") as said:
        headers = parse_env_headers(secret.get_secret_value(), liberal=True)
    assert said == []
    assert all(value.isascii() and value.isprintable() for value in headers.values())


@contextmanager
def capturing(name: str) -> Iterator[list[str]]:
    """What a logger says."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    ear, logger = Ear(), logging.getLogger(name)
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)


async def test_the_service_has_the_name_of_the_settings(collector: Collector) -> None:
    sending = exporting(collector.url, otel_service_name="inc-blue")
    trace(sending)
    await sending.stop()
    assert [span.service for span in collector.spans] == ["inc-blue"]


@pytest.mark.parametrize("trouble", ["hangs", "is away", "refuses"])
async def test_the_end_waits_for_no_collector(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(otlp, "STOP_SECONDS", 0.3)
    collector.hangs = trouble == "hangs"
    collector.status = 503 if trouble == "refuses" else 200
    url = "http://127.0.0.1:1" if trouble == "is away" else collector.url
    sending = exporting(url)
    trace(sending)
    began = time.monotonic()
    with capture_logs() as logs:
        await sending.stop()
    assert time.monotonic() - began < 1.5
    events = [entry["event"] for entry in logs]
    assert "telemetry lost at the end" in events or "telemetry in trouble" in events


async def test_nobody_waits_for_a_collector_that_hangs_and_the_queue_is_bounded(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "STOP_SECONDS", 0.1)
    collector.hangs = True
    sending = exporting(collector.url)
    trace(sending, otlp.SPAN_BATCH)
    await until(lambda: collector.requests > 0)
    began = time.monotonic()
    with capture_logs():
        trace(sending, 5 * otlp.SPAN_QUEUE)
        assert time.monotonic() - began < 5, "half a millisecond each, on a busy machine"
        (processor,) = sending.tracers._active_span_processor._span_processors
        queue = processor._batch_processor._queue  # type: ignore[attr-defined]
        assert len(queue) == otlp.SPAN_QUEUE
        await sending.stop()


async def test_trouble_is_told_once_in_five_minutes_and_counted() -> None:
    clock = FakeClock()
    sending = Exporting(settings("http://127.0.0.1:1"), process="webhook", clock=clock)
    with capture_logs() as logs:
        for _ in range(3):
            trace(sending)
            assert sending.tracers.force_flush()
        assert [entry["event"] for entry in logs] == ["telemetry in trouble"]
        clock.advance(otlp.LOG_EVERY.total_seconds())
        trace(sending)
        sending.tracers.force_flush()
        second = logs[1]
        assert (second["event"], second["log_level"]) == ("telemetry in trouble", "warning")
        assert second["since_then"] >= 2
        assert len(logs) == 2
        await sending.stop()


async def test_what_cannot_be_set_up_is_logged_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no certificate there")

    monkeypatch.setattr(otlp, "exporting", broken)
    with capture_logs() as logs:
        found = _begin(settings("http://127.0.0.1:1"), "webhook", FakeClock())
    assert found is None
    assert [entry["event"] for entry in logs] == ["telemetry is not sent"]


@pytest.mark.parametrize("module", ["webhook.main", "processor_main", "local_main"])
async def test_without_a_collector_no_sdk_is_imported(module: str) -> None:
    code = (
        "import asyncio, importlib, sys\n"
        f"importlib.import_module('incident_response.entrypoints.{module}')\n"
        "from incident_response.adapters.system_clock import SystemClock\n"
        "from incident_response.bootstrap.telemetry import telling\n"
        "from incident_response.settings import Settings\n"
        "async def life():\n"
        "    async with telling(Settings.isolated(), process='webhook', clock=SystemClock()):\n"
        "        sdk = 'opentelemetry.sdk', 'opentelemetry.exporter'\n"
        "        print([module for module in sdk if module in sys.modules])\n"
        "asyncio.run(life())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, "[]")
