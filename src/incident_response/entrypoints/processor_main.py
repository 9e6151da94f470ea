"""``incident-response processor``: the processor as a process of its own."""

import argparse
import asyncio
from contextlib import AsyncExitStack

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.backend import open_backend
from incident_response.bootstrap.processor import build_processor
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.processor import processor_probes, run_processor
from incident_response.entrypoints.webhook.health import HealthServer
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Work until a signal."""
    return live(_serve)


async def _serve(stop: asyncio.Event) -> int:
    settings, clock = Settings(), SystemClock()
    configure_logging(level=settings.log_level, form=settings.log_format)
    async with AsyncExitStack() as stack:
        backend = open_backend(settings, clock)
        stack.push_async_callback(backend.close)
        await backend.claim_processor()
        intake = alert_intake(backend, clock)
        processor = await build_processor(
            settings, backend=backend, intake=intake, clock=clock, stack=stack
        )
        health = HealthServer(clock=clock, probes=processor_probes(processor))
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(health.beat())
            await health.start(host=settings.listen_host, port=settings.processor_health_port)
            stack.push_async_callback(health.stop)
            await run_processor(processor, intake, stop)
            beating.cancel()
    return 0
