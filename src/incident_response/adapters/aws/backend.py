"""All ports on AWS over one set of clients.

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
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.tables import Key
from incident_response.domain.ledger import Seal
from incident_response.ports.clock import Clock

log = structlog.get_logger(__name__)

PROBE = Key("PROBE", "PROBE")
"""An item that means nothing: it is written to see whether anything can be."""


class AwsBackend:
    """The durable ports of a processor."""

    def __init__(
        self,
        clients: AwsClients,
        *,
        tables: tuple[str, str],
        queues: Mapping[str, SqsQueue],
        scheduler: EventBridgeScheduler,
        seal: Seal,
        clock: Clock,
    ) -> None:
        """``tables`` are the names of incidents and of ledgers."""
        incidents, audit = (Items(clients.dynamodb, name) for name in tables)
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
