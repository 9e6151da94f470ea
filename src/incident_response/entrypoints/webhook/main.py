"""``incident-response webhook``: the webhook as a process of its own."""

import argparse
import asyncio

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.backend import open_backend
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.webhook.health import HealthServer
from incident_response.entrypoints.webhook.process import build_webhook
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Serve until a signal."""
    return live(_serve)


async def _serve(stop: asyncio.Event) -> int:
    settings, clock = Settings(), SystemClock()
    configure_logging(level=settings.log_level, form=settings.log_format)
    backend = open_backend(settings, clock)
    try:
        intake = alert_intake(backend, clock)
        server, probes = await build_webhook(settings, backend=backend, intake=intake, clock=clock)
        health = HealthServer(clock=clock, probes=probes)
        async with asyncio.TaskGroup() as tasks:
            endless = [tasks.create_task(intake.run()), tasks.create_task(health.beat())]
            await health.start(host=settings.listen_host, port=settings.webhook_health_port)
            await server.start(host=settings.listen_host, port=settings.webhook_port)
            await stop.wait()
            health.is_draining = True
            await server.stop()
            await health.stop()
            for task in endless:
                task.cancel()
    finally:
        await backend.close()
    return 0
