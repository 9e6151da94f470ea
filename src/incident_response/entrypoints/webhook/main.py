"""``incident-response webhook``: the webhook as a process of its own."""

import argparse
import asyncio

import structlog

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake, alert_spool
from incident_response.bootstrap.backend import backend_of
from incident_response.bootstrap.telemetry import telling
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.listening import listening
from incident_response.entrypoints.webhook.health import HealthServer
from incident_response.entrypoints.webhook.process import build_webhook
from incident_response.entrypoints.webhook.server import WebhookServer
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging

log = structlog.get_logger(__name__)


def main(options: argparse.Namespace) -> int:
    """Serve until a signal."""
    configure_logging(level="INFO", form="json")  # until the settings have been read
    return live(_serve)


async def _serve(stop: asyncio.Event) -> int:
    settings, clock = Settings(), SystemClock()
    async with telling(settings, process="webhook", clock=clock):
        return await _serve_alerts(settings, clock, stop)


async def _serve_alerts(settings: Settings, clock: SystemClock, stop: asyncio.Event) -> int:
    async with backend_of(settings).open_ingress(settings, clock) as ingress:
        intake = alert_intake(ingress, clock, spool=alert_spool(settings))
        server, probes = await build_webhook(settings, ingress=ingress, intake=intake, clock=clock)
        health = HealthServer(clock=clock, probes=probes)
        async with asyncio.TaskGroup() as tasks:
            endless = [tasks.create_task(intake.run()), tasks.create_task(health.beat())]
            try:
                await _listen(settings, health, server)
                await stop.wait()
            finally:
                health.is_draining = True
                await server.stop()
                await health.stop()
                for task in endless:
                    task.cancel()
    return 0


async def _listen(settings: Settings, health: HealthServer, server: WebhookServer) -> None:
    host, port = settings.listen_host, settings.webhook_health_port
    with listening(host, port, setting="WEBHOOK_HEALTH_PORT"):
        log.info("probes listen", url=await health.start(host=host, port=port))
    with listening(host, settings.webhook_port, setting="WEBHOOK_PORT"):
        await server.start(host=host, port=settings.webhook_port)
