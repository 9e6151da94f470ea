"""``incident-response sandbox``: only the local Slack and the vendors' stand-ins."""

import argparse
import asyncio
import json
import shlex
import sys
from pathlib import Path

from incident_response.domain.errors import InvalidConfigurationError
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.listening import listening
from incident_response.entrypoints.local_stack import HOST, sandbox_config, sandbox_settings
from incident_response.sandbox.alerts import Destination, sample_credentials
from incident_response.sandbox.app import Sandbox
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    configure_logging(level="WARNING", form="console")
    return live(lambda stop: _serve(options, stop))


async def _serve(options: argparse.Namespace, stop: asyncio.Event) -> int:
    destination = _destination(options.alert_url, options.alert_key_file)
    sandbox = Sandbox(sandbox_config(Path(options.state_dir), options.port))
    with listening(HOST, options.port, setting="--port"):
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


def _destination(url: str, key_file: str) -> Destination | None:
    """Where its alerts go; None if nobody said."""
    if not url and not key_file:
        return None
    if not url or not key_file:
        raise InvalidConfigurationError("--alert-url and --alert-key-file go together")
    try:
        key = Path(key_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigurationError(f"--alert-key-file cannot be read: {error}") from error
    return Destination(url, sample_credentials(key))


def _greeting(url: str) -> str:
    exports = "\n".join(f"  export {line}" for line in _exports(url))
    return f"""
  Workspace  {url}

To drive a processor against it (these tokens open nothing else):
{exports}

Ctrl-C stops it.
"""


def _exports(url: str) -> list[str]:
    """The settings as a shell takes them."""
    return [
        f"{name.upper()}={shlex.quote(value if isinstance(value, str) else json.dumps(value))}"
        for name, value in sandbox_settings(url).items()
    ]
