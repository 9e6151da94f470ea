"""``incident-response sandbox``: only the local Slack and the vendors' stand-ins."""

import argparse
import asyncio
import sys
from pathlib import Path

from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.local_stack import APP_TOKEN, BOT_TOKEN, sandbox_config
from incident_response.sandbox.alerts import Destination, sample_credentials
from incident_response.sandbox.app import Sandbox
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    configure_logging(level="WARNING", form="console")
    destination = None
    if options.alert_url:
        key = Path(options.alert_key_file).read_text(encoding="ascii").strip()
        destination = Destination(options.alert_url, sample_credentials(key))
    return live(lambda stop: _serve(options, destination, stop))


async def _serve(
    options: argparse.Namespace, destination: Destination | None, stop: asyncio.Event
) -> int:
    sandbox = Sandbox(sandbox_config(Path(options.state_dir), options.port))
    await sandbox.start()
    try:
        if destination is not None:
            sandbox.alerts.aim(destination)
        sys.stdout.write(_greeting(sandbox.url))
        sys.stdout.flush()
        await stop.wait()
    finally:
        await sandbox.stop()
    return 0


def _greeting(url: str) -> str:
    return f"""
  Workspace  {url}

To drive a processor against it:
  export SLACK_API_URL={url}/api/
  export SLACK_BOT_TOKEN={BOT_TOKEN}
  export SLACK_APP_TOKEN={APP_TOKEN}

Ctrl-C stops it.
"""
