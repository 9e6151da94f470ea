"""AWS as the settings say: clients, queues, schedules, secrets, and what has to be there.

Not here: which backend is used (backend).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.resources import (
    Resource,
    ScheduleGroupResource,
    SecretResource,
    queue_resources,
)
from incident_response.adapters.aws.scheduler import EventBridgeScheduler
from incident_response.adapters.aws.secret_store import SecretsManagerStore
from incident_response.adapters.aws.session import AwsClients, aws_clients
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import audit_table, incidents_table
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.backend import INCIDENT_QUEUE
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.ports.clock import Clock
from incident_response.settings import Settings
from incident_response.workflows.aftercare import AFTERCARE_QUEUE
from incident_response.workflows.nudge import NUDGE_QUEUE

QUEUE_SETTINGS = {
    INCIDENT_QUEUE: "INCIDENT_QUEUE_URL",
    NUDGE_QUEUE: "NUDGE_QUEUE_URL",
    AFTERCARE_QUEUE: "SLA_QUEUE_URL",
}
"""Every queue, with the setting that says where it is."""


@asynccontextmanager
async def open_aws(settings: Settings) -> AsyncIterator[AwsClients]:
    """The clients, closed at the end. Raises ``InvalidConfigurationError`` without a region."""
    if not settings.aws_region:
        raise InvalidConfigurationError("AWS_REGION is not set")
    async with aws_clients(settings.aws_region, settings.aws_endpoint_url) as clients:
        yield clients


def aws_queues(settings: Settings, clients: AwsClients) -> Mapping[str, SqsQueue]:
    """Every queue by our name. Raises ``InvalidConfigurationError`` for one without an address."""
    urls = {
        INCIDENT_QUEUE: settings.incident_queue_url,
        NUDGE_QUEUE: settings.nudge_queue_url,
        AFTERCARE_QUEUE: settings.sla_queue_url,
    }
    for name, url in urls.items():
        if not url:
            raise InvalidConfigurationError(f"{QUEUE_SETTINGS[name]} is not set")
    return {name: SqsQueue(name, url, clients) for name, url in urls.items()}


def aws_scheduler(
    settings: Settings, clients: AwsClients, queues: Mapping[str, SqsQueue], *, clock: Clock
) -> EventBridgeScheduler:
    """Raises ``InvalidConfigurationError`` without the role that AWS needs."""
    if not settings.scheduler_role_arn:
        raise InvalidConfigurationError("SCHEDULER_ROLE_ARN is not set")
    return EventBridgeScheduler(
        clients.scheduler,
        queues=lambda name: queues[name],
        group=settings.schedule_group,
        role_arn=settings.scheduler_role_arn,
        clock=clock,
    )


def aws_secrets(settings: Settings, clients: AwsClients) -> SecretsManagerStore:
    """The keys of the alert sources."""
    return SecretsManagerStore(clients.secrets, prefix=f"{settings.webhook_secret_id}/")


def aws_resources(settings: Settings, *, prefix: str) -> tuple[Resource, ...]:
    """Everything that has to be there, each after what it needs; queue names begin with
    ``prefix``.
    """
    secrets = (
        SecretResource(
            f"{settings.webhook_secret_id}/{source.name}-webhook-key",
            f"Key with which {source.name} signs its alerts",
        )
        for source in ALERT_SOURCES
    )
    return (
        TableResource(incidents_table(settings.incidents_table)),
        TableResource(audit_table(settings.audit_table)),
        *queue_resources(prefix, tuple(QUEUE_SETTINGS)),
        ScheduleGroupResource(settings.schedule_group),
        *secrets,
    )
