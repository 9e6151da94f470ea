"""The AWS backend as the settings say.

Not here: what has to be there for it (aws_infra), what another backend needs (embedded), what is
kept in it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from incident_response.adapters.aws.backend import (
    AwsBackend,
    AwsIngress,
    AwsLedgers,
    AwsRecords,
)
from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.scheduler import EventBridgeScheduler
from incident_response.adapters.aws.secret_store import SecretsManagerStore
from incident_response.adapters.aws.session import AwsClients, aws_clients
from incident_response.adapters.aws.tables import PROBE
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.backend import (
    Ingress,
    key_secret,
    keys_set,
    ledger_key,
)
from incident_response.domain.errors import (
    InvalidConfigurationError,
    NotFoundError,
    RetryableError,
)
from incident_response.domain.ledger import Seal
from incident_response.domain.queues import AFTERCARE_QUEUE, INCIDENT_QUEUE, NUDGE_QUEUE
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import EventQueue
from incident_response.settings import Settings

QUEUE_SETTINGS = {
    INCIDENT_QUEUE: "INCIDENT_QUEUE_URL",
    NUDGE_QUEUE: "NUDGE_QUEUE_URL",
    AFTERCARE_QUEUE: "SLA_QUEUE_URL",
}
"""Every queue, with the setting that says where it is."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_aws(settings: Settings) -> AsyncIterator[AwsClients]:
    """The clients, closed at the end. Raises ``InvalidConfigurationError`` without a region."""
    async with aws_clients(region_of(settings), settings.aws_endpoint_url) as clients:
        yield clients


def region_of(settings: Settings) -> str:
    """Raises ``InvalidConfigurationError`` if it is not set."""
    if not settings.aws_region:
        raise InvalidConfigurationError("AWS_REGION is not set")
    return settings.aws_region


@asynccontextmanager
async def open_backend(settings: Settings, clock: Clock) -> AsyncIterator[AwsBackend]:
    """All of it."""
    seal = _seal(settings)
    async with open_aws(settings) as clients:
        queues = aws_queues(settings, clients)
        yield AwsBackend(
            clients,
            tables=_tables(settings),
            queues=queues,
            scheduler=aws_scheduler(settings, clients, queues, clock=clock),
            seal=seal,
            clock=clock,
        )


@asynccontextmanager
async def open_ingress(settings: Settings, clock: Clock) -> AsyncIterator[AwsIngress]:
    """The table of incidents, the queue for alerts and the keys of who sends them."""
    async with open_aws(settings) as clients:
        incidents, _ = _tables(settings)
        yield AwsIngress(
            clients,
            table=incidents,
            queue=_queue(INCIDENT_QUEUE, settings, clients),
            secrets=aws_secrets(settings, clients),
        )


@asynccontextmanager
async def open_both(
    settings: Settings, clock: Clock
) -> AsyncIterator[tuple[AwsBackend, AwsIngress]]:
    """As two processes would have them."""
    async with open_backend(settings, clock) as backend, open_ingress(settings, clock) as ingress:
        yield backend, ingress


@asynccontextmanager
async def open_records(settings: Settings, clock: Clock) -> AsyncIterator[AwsRecords]:
    """The two tables, which have to be there."""
    async with open_aws(settings) as clients:
        await _require_tables(settings, clients)
        yield AwsRecords(clients, tables=_tables(settings), clock=clock)


@asynccontextmanager
async def open_ledgers(settings: Settings) -> AsyncIterator[AwsLedgers]:
    """The ledgers, and the key that seals them."""
    seal = _seal(settings)
    async with open_aws(settings) as clients:
        await _require_tables(settings, clients)
        yield AwsLedgers(clients, tables=_tables(settings), seal=seal)


@asynccontextmanager
async def open_queues(settings: Settings, clock: Clock) -> AsyncIterator[Mapping[str, EventQueue]]:
    """All of them."""
    async with open_aws(settings) as clients:
        yield aws_queues(settings, clients)


async def keyed_sources(settings: Settings, ingress: Ingress) -> list[str]:
    """Those whose variable is set, or if none is: those whose key is in Secrets Manager, or may be
    while that does not answer. A variable only says that there is a key, which is read, and read
    anew, from Secrets Manager.
    """
    named = list(keys_set(settings))
    if named:
        log.info("keys of alert sources are read from Secrets Manager", sources=named)
        return named
    names = [source.name for source in ALERT_SOURCES]
    return [name for name in names if await _may_have_key(name, ingress)]


def aws_queues(settings: Settings, clients: AwsClients) -> Mapping[str, SqsQueue]:
    """Every queue by our name. Raises ``InvalidConfigurationError`` for one without an address."""
    return {name: _queue(name, settings, clients) for name in QUEUE_SETTINGS}


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


async def _may_have_key(source: str, ingress: Ingress) -> bool:
    try:
        await ingress.secrets.read(key_secret(source))
    except NotFoundError:
        log.info("alert source is off: it has no key", source=source)
        return False
    except RetryableError as error:
        log.warning("cannot read an alert source's key", source=source, reason=str(error))
    return True


def _queue(name: str, settings: Settings, clients: AwsClients) -> SqsQueue:
    urls = {
        INCIDENT_QUEUE: settings.incident_queue_url,
        NUDGE_QUEUE: settings.nudge_queue_url,
        AFTERCARE_QUEUE: settings.sla_queue_url,
    }
    if not urls[name]:
        raise InvalidConfigurationError(f"{QUEUE_SETTINGS[name]} is not set")
    return SqsQueue(name, urls[name], clients)


async def _require_tables(settings: Settings, clients: AwsClients) -> None:
    """Raises ``InvalidConfigurationError`` for one that is not there: without it, it would look as
    if there were no incidents.
    """
    named = zip(("INCIDENTS_TABLE", "AUDIT_TABLE"), _tables(settings), strict=True)
    for setting, table in named:
        try:
            await Items(clients.dynamodb, table).get(PROBE)
        except NotFoundError as error:
            raise InvalidConfigurationError(
                f"there is no table {table} in {settings.aws_region}: set {setting} and AWS_REGION"
            ) from error


def _tables(settings: Settings) -> tuple[str, str]:
    return settings.incidents_table, settings.audit_table


def _seal(settings: Settings) -> Seal:
    key = ledger_key(settings)
    if key is None:
        raise InvalidConfigurationError("LEDGER_KEY is not set: it seals the ledgers")
    return Seal(key)
