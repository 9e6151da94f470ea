"""The ports on AWS over one set of clients, as many as a process needs.

Not here: any port's own work; opening the clients (session).
"""

import asyncio
from collections.abc import Mapping

import structlog

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.forms import at
from incident_response.adapters.aws.inbox import DynamoInbox
from incident_response.adapters.aws.incident_store import DynamoIncidentStore
from incident_response.adapters.aws.intake import DynamoIntake
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.lease import DynamoLeaseStore
from incident_response.adapters.aws.ledger import DynamoLedger
from incident_response.adapters.aws.scheduler import EventBridgeScheduler
from incident_response.adapters.aws.secret_store import SecretsManagerStore
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.signed import SignedDynamo
from incident_response.adapters.aws.tables import PROBE
from incident_response.domain.ledger import Seal
from incident_response.ports.clock import Clock

log = structlog.get_logger(__name__)


Tables = tuple[str, str]
"""Names of the tables of incidents and of ledgers."""


class AwsBackend:
    """What a processor works with."""

    def __init__(
        self,
        clients: AwsClients,
        *,
        tables: Tables,
        queues: Mapping[str, SqsQueue],
        scheduler: EventBridgeScheduler,
        seal: Seal,
        clock: Clock,
    ) -> None:
        incidents, audit = _items(clients, tables)
        self._incidents = incidents
        self._queues = queues
        self.seal = seal
        """Seals new entries; checks what the ledger reads."""
        self.intake = DynamoIntake(incidents)
        self.incidents = DynamoIncidentStore(
            clients.dynamodb, incidents=incidents, audit=audit, seal=seal, clock=clock
        )
        self.ledger = DynamoLedger(audit, incidents)
        self.leases = DynamoLeaseStore(incidents, clock)
        self.inbox = DynamoInbox(incidents, clock)
        self.scheduler = scheduler

    def queue(self, name: str) -> SqsQueue:
        """The queue of this name."""
        return self._queues[name]

    async def claim_processor(self) -> None:
        """Nothing: there may be two for a while. What a dead one held is free when its leases and
        its messages' visibility end.
        """
        log.info("processor claimed")

    async def work(self) -> None:
        """Nothing: what the embedded backend does itself, AWS does."""
        await asyncio.Event().wait()

    async def ping(self) -> None:
        """Write an item: raises ``UnavailableError`` if nothing can be written now."""
        await self._incidents.put(at(PROBE))


class AwsIngress:
    """What a webhook works with: one table, one queue, the keys of who sends alerts."""

    def __init__(
        self, clients: AwsClients, *, table: str, queue: SqsQueue, secrets: SecretsManagerStore
    ) -> None:
        self._items = Items(clients.dynamodb, table)
        self._queue = queue
        self.intake = DynamoIntake(self._items, puts=Items(SignedDynamo(clients.signing), table))
        self.secrets = secrets

    def queue(self, name: str) -> SqsQueue:
        """The one queue."""
        assert name == self._queue.name, "a webhook has no other"
        return self._queue

    async def ping(self) -> None:
        """As ``AwsBackend.ping``."""
        await self._items.put(at(PROBE))


class AwsRecords:
    """What happened, for who only looks: nothing can be stored."""

    def __init__(self, clients: AwsClients, *, tables: Tables, clock: Clock) -> None:
        incidents, audit = _items(clients, tables)
        self.incidents = DynamoIncidentStore(
            clients.dynamodb, incidents=incidents, audit=audit, seal=None, clock=clock
        )
        self.ledger = DynamoLedger(audit, incidents)


class AwsLedgers:
    """Every ledger, and what checks it."""

    def __init__(self, clients: AwsClients, *, tables: Tables, seal: Seal) -> None:
        incidents, audit = _items(clients, tables)
        self.ledger = DynamoLedger(audit, incidents)
        self.seal = seal


def _items(clients: AwsClients, tables: Tables) -> tuple[Items, Items]:
    incidents, audit = tables
    return Items(clients.dynamodb, incidents), Items(clients.dynamodb, audit)
