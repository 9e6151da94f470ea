"""``incident-response secrets``: which there are, an empty form for them, and what to store.

It reaches no cloud: ``scripts/seed-secrets`` gives its values to the AWS command line. Not here:
what a secret is for (docs/secrets.md).
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from incident_response.bootstrap.secret_inventory import inventory, read_given, secret_variables
from incident_response.domain.errors import InvalidConfigurationError, NotFoundError
from incident_response.entrypoints.lifetime import live
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if it could be told."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        sys.stdout.write(_told(options))
        return 0

    return live(life)


def _told(options: argparse.Namespace) -> str:
    if options.what == "template":
        return json.dumps(dict.fromkeys(secret_variables(), ""), indent=2) + "\n"
    if options.what == "value":
        return _value(options.environment, options.secret, options.file)
    return "".join(f"{secret.secret_id}\n" for secret in inventory(options.environment))


def _value(environment: str, secret_id: str, file: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigurationError(f"--file cannot be read: {error}") from error
    given = read_given(text)
    for secret in inventory(environment):
        if secret.secret_id == secret_id:
            return secret.value(given)
    raise NotFoundError(f"{environment} has no secret {secret_id}")
