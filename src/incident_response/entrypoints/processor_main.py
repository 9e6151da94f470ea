"""``incident-response processor``: the processor as a process of its own."""

import argparse
import asyncio
from contextlib import AsyncExitStack

import structlog

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.backend import backend_of
from incident_response.bootstrap.processor import build_processor
from incident_response.bootstrap.telemetry import telling
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.listening import listening
from incident_response.entrypoints.processor import processor_probes, run_processor
from incident_response.entrypoints.webhook.health import HealthServer
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging

log = structlog.get_logger(__name__)


def main(options: argparse.Namespace) -> int:
    """Work until a signal."""
    configure_logging(level="INFO", form="json")  # until the settings have been read
    return live(_serve)


async def _serve(stop: asyncio.Event) -> int:
    settings, clock = Settings(), SystemClock()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(telling(settings, process="processor", clock=clock))
        opened = backend_of(settings).open_backend(settings, clock)
        backend = await stack.enter_async_context(opened)
        intake = alert_intake(backend, clock)
        processor = await build_processor(
            settings, backend=backend, intake=intake, clock=clock, stack=stack
        )
        await backend.claim_processor()
        health = HealthServer(clock=clock, probes=processor_probes(processor))
        stack.push_async_callback(health.stop)
        host, port = settings.listen_host, settings.processor_health_port
        with listening(host, port, setting="PROCESSOR_HEALTH_PORT"):
            log.info("probes listen", url=await health.start(host=host, port=port))
        async with asyncio.TaskGroup() as tasks:
            beside = (
                tasks.create_task(health.beat()),
                tasks.create_task(_unready_once(stop, health)),
            )
            await run_processor(processor, intake, stop)
            for task in beside:
                task.cancel()
    return 0


async def _unready_once(stop: asyncio.Event, health: HealthServer) -> None:
    await stop.wait()
    health.is_draining = True
