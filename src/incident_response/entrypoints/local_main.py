"""``incident-response local``: the whole program on this machine, with a workspace to look at."""

import argparse
import asyncio
import sys
from pathlib import Path

from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from incident_response.sandbox.alerts import AlertOrder
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    configure_logging(level="WARNING", form="console")
    return live(lambda stop: _serve(options, stop))


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> int:
    ports = Ports(page=options.port, webhook=options.webhook_port, health=options.health_port)
    async with local_stack(Path(options.state_dir), ports) as stack:
        if not options.no_alert:
            await _fire(stack)
        _say(_greeting(stack))
        await stop.wait()
        _say("Stopping. Everything is kept; the next start goes on from here.")
    return 0


async def _fire(stack: LocalStack) -> None:
    """One sample alert, so that there is a room to look at."""
    delivery = await stack.sandbox.alerts.fire(AlertOrder())
    if delivery.error is not None or delivery.status != 202:
        _say(f"The sample alert was not accepted: {delivery.error or delivery.answer}")


def _greeting(stack: LocalStack) -> str:
    return f"""
  Workspace   {stack.page_url}
  Alerts go to {stack.webhook_url}/alerts/<source>, signed with the key in {stack.key_file}
  Health      {stack.health_url}/readyz

Open the workspace in a browser. Ctrl-C stops everything.
"""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
