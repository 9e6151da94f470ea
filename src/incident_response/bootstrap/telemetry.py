"""Has this process tell of itself as the settings say, and keeps its secrets out of it.

Telemetry never stands in the way: what cannot be set up is logged, and the process goes on. Not
here: the SDK (``bootstrap.otlp``, imported only where there is a collector).
"""

import importlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Literal, Protocol
from urllib.parse import unquote

import structlog
from pydantic import SecretStr

from incident_response.ports.clock import Clock
from incident_response.settings import Settings
from incident_response.telemetry import conceal, configure_logging

Process = Literal["webhook", "processor"]

log = structlog.get_logger(__name__)


class _Exporting(Protocol):
    """``bootstrap.otlp.Exporting``."""

    async def stop(self) -> None: ...


@asynccontextmanager
async def telling(settings: Settings, *, process: Process, clock: Clock) -> AsyncIterator[None]:
    """Log as the settings say, and send traces and metrics, if there is a collector, until the
    context ends.
    """
    conceal_secrets(settings)
    configure_logging(level=settings.log_level, form=settings.log_format)
    exporting = _begin(settings, process, clock)
    try:
        yield
    finally:
        if exporting is not None:
            await exporting.stop()


def conceal_secrets(settings: Settings) -> None:
    """From now on no secret of the settings is logged or traced."""
    for name, value in settings:
        if isinstance(value, SecretStr):
            conceal(value.get_secret_value())
            if name == "otel_exporter_otlp_headers":
                conceal(*_parts(value.get_secret_value()))


def _parts(headers: str) -> Iterator[str]:
    """Each header's value, as it is written and as it is sent, and what follows its scheme."""
    for header in headers.split(","):
        for value in (header.partition("=")[2], unquote(header.partition("=")[2])):
            yield value.strip()
            yield value.strip().partition(" ")[2]


def _begin(settings: Settings, process: Process, clock: Clock) -> _Exporting | None:
    if not settings.otel_exporter_otlp_endpoint:
        return None
    try:
        otlp = importlib.import_module("incident_response.bootstrap.otlp")
        exporting: _Exporting = otlp.exporting(settings, process=process, clock=clock)
    except Exception:  # an incident is handled whether or not anybody can trace it
        log.exception("telemetry is not sent")
        return None
    return exporting
