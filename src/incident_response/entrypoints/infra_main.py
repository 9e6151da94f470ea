"""``incident-response infra apply`` and ``infra check``: is in AWS what the backend needs?

For a development account, and for who makes AWS's things by hand; an installation takes the
CloudFormation template. Not here: what has to be there (``bootstrap.aws_infra``).
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable

from incident_response.adapters.aws.resources import Resource, queue_name, queue_url
from incident_response.adapters.aws.rights_resource import PolicyResource, RoleResource
from incident_response.adapters.aws.session import InfraClients
from incident_response.bootstrap.aws import QUEUE_SETTINGS
from incident_response.bootstrap.aws_infra import aws_resources, aws_rights, open_infra
from incident_response.domain.errors import IncidentResponseError, RefusedError
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging

OF_IAM = (PolicyResource, RoleResource)
LEAVE_IT = "--without-iam leaves policies and role to whoever may make them"


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if everything is there as it should be, else 1 with what differs."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        settings = _settings(options)
        async with open_infra(settings) as clients:
            is_applied = options.what == "apply"
            resources = _resources(settings, clients, options)
            wrong = [await _checked(one, clients, is_applied=is_applied) for one in resources]
            if is_applied:
                await _tell_addresses(clients, resources, options.prefix)
        return 1 if any(wrong) else 0

    return live(life)


def _settings(options: argparse.Namespace) -> Settings:
    chosen = {"aws_endpoint_url": options.endpoint_url, "aws_region": options.region}
    return Settings().model_copy(update={name: value for name, value in chosen.items() if value})


def _resources(
    settings: Settings, clients: InfraClients, options: argparse.Namespace
) -> list[Resource]:
    resources: list[Resource] = [*aws_resources(settings, prefix=options.prefix)]
    if not options.without_iam:
        resources += aws_rights(settings, clients.account, prefix=options.prefix)
    return resources


async def _checked(resource: Resource, clients: InfraClients, *, is_applied: bool) -> bool:
    """Say how it is, after it was made or set right if so wanted; True if something is wrong."""
    _tell(f"{resource.kind} {resource.name}: ")  # a table may take AWS a minute
    try:
        if is_applied:
            await resource.apply(clients)
        problems = await resource.wrong(clients)
    except IncidentResponseError as error:
        _tell("not known\n")
        if isinstance(error, RefusedError) and isinstance(resource, OF_IAM):
            raise RefusedError(f"{error}; {LEAVE_IT}", reason=error.reason) from error
        raise
    _tell(f"WRONG: {'; '.join(problems)}\n" if problems else "as it should be\n")
    return bool(problems)


async def _tell_addresses(
    clients: InfraClients, resources: Iterable[Resource], prefix: str
) -> None:
    _tell("\nSettings:\n")
    for name, setting in QUEUE_SETTINGS.items():
        _tell(f"{setting}={await queue_url(clients, queue_name(prefix, name))}\n")
    for resource in resources:
        if isinstance(resource, RoleResource):
            _tell(f"SCHEDULER_ROLE_ARN={resource.arn}\n")
        elif isinstance(resource, PolicyResource):
            _tell(f"To be attached to a process's role: {resource.arn}\n")


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
