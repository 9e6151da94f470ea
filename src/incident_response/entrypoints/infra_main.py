"""``incident-response infra apply`` and ``infra check``: is in AWS what the backend needs?

For trials, and for who makes AWS's things by hand; an installation takes the CloudFormation
template, which also has the roles. Not here: what has to be there (``adapters.aws.resources``).
"""

import argparse
import asyncio
import sys

from incident_response.adapters.aws.resources import Resource, queue_name, queue_url
from incident_response.adapters.aws.session import AwsClients
from incident_response.bootstrap.aws import QUEUE_SETTINGS, aws_resources, open_aws
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if everything is there as it should be, else 1 with what differs."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        settings = _settings(options)
        resources = aws_resources(settings, prefix=options.prefix)
        async with open_aws(settings) as clients:
            if options.what == "apply":
                for resource in resources:
                    await resource.apply(clients)
            wrong = [await _checked(resource, clients) for resource in resources]
            if options.what == "apply":
                await _tell_addresses(clients, options.prefix)
        return 1 if any(wrong) else 0

    return live(life)


def _settings(options: argparse.Namespace) -> Settings:
    chosen = {"aws_endpoint_url": options.endpoint_url, "aws_region": options.region}
    return Settings().model_copy(update={name: value for name, value in chosen.items() if value})


async def _checked(resource: Resource, clients: AwsClients) -> bool:
    """Say how it is; True if something is wrong."""
    problems = await resource.wrong(clients)
    verdict = f"WRONG: {'; '.join(problems)}" if problems else "as it should be"
    _tell(f"{resource.kind} {resource.name}: {verdict}")
    return bool(problems)


async def _tell_addresses(clients: AwsClients, prefix: str) -> None:
    _tell("\nSettings of the queues:")
    for name, setting in QUEUE_SETTINGS.items():
        _tell(f"{setting}={await queue_url(clients, queue_name(prefix, name))}")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
