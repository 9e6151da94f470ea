"""What has to be in AWS for the backend that the settings describe, and the rights to it.

Not here: the backend itself (aws), how each kind is looked at and made (``adapters.aws``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from incident_response.adapters.aws.account import Account
from incident_response.adapters.aws.resources import (
    QueueResource,
    Resource,
    ScheduleGroupResource,
    SecretResource,
    queue_resources,
)
from incident_response.adapters.aws.rights import (
    Holdings,
    processor_rights,
    scheduler_rights,
    scheduler_trust,
    webhook_rights,
)
from incident_response.adapters.aws.rights_resource import PolicyResource, RoleResource
from incident_response.adapters.aws.session import InfraClients, infra_clients
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import audit_table, incidents_table
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.aws import QUEUE_SETTINGS, region_of
from incident_response.bootstrap.backend import key_secret
from incident_response.domain.queues import AFTERCARE_QUEUE, INCIDENT_QUEUE, NUDGE_QUEUE
from incident_response.routing.alert_source import AlertSource
from incident_response.settings import Settings


@asynccontextmanager
async def open_infra(settings: Settings) -> AsyncIterator[InfraClients]:
    """The clients, closed at the end. Raises ``InvalidConfigurationError`` without a region."""
    async with infra_clients(region_of(settings), settings.aws_endpoint_url) as clients:
        yield clients


AwsResource = TableResource | QueueResource | ScheduleGroupResource | SecretResource


def aws_resources(settings: Settings, *, prefix: str) -> tuple[AwsResource, ...]:
    """Everything that has to be there but the rights to it, each after what it needs; queue names
    begin with ``prefix``.
    """
    secrets = (
        SecretResource(
            _secret_name(settings, source), f"Key with which {source.name} signs its alerts"
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


def aws_rights(settings: Settings, account: Account, *, prefix: str) -> tuple[Resource, ...]:
    """The rights to it: a policy for each process, and the role of EventBridge Scheduler."""
    to = Holdings(
        account=account,
        incidents=incidents_table(settings.incidents_table),
        audit=audit_table(settings.audit_table),
        prefix=prefix,
        queues=tuple(QUEUE_SETTINGS),
        alerts=INCIDENT_QUEUE,
        scheduled=(NUDGE_QUEUE, AFTERCARE_QUEUE),
        schedule_group=settings.schedule_group,
        secrets=[_secret_name(settings, source) for source in ALERT_SOURCES],
    )
    policies = {"webhook": webhook_rights(to), "processor": processor_rights(to)}
    return (
        RoleResource(
            to.name("scheduler"),
            to.scheduler_role(),
            scheduler_trust(account),
            scheduler_rights(to),
        ),
        *(
            PolicyResource(to.name(whose), account.arn("iam", f"policy/{to.name(whose)}"), rights)
            for whose, rights in policies.items()
        ),
    )


def _secret_name(settings: Settings, source: AlertSource) -> str:
    return f"{settings.webhook_secret_id}/{key_secret(source.name)}"
