"""Every port over ministack, for the suites.

Not here: what a port has to do (tests/ports).
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.inbox import DynamoInbox
from incident_response.adapters.aws.incident_store import DynamoIncidentStore
from incident_response.adapters.aws.intake import DynamoIntake
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.lease import DynamoLeaseStore
from incident_response.adapters.aws.ledger import DynamoLedger
from incident_response.adapters.aws.resources import (
    ScheduleGroupResource,
    queue_name,
    queue_resources,
)
from incident_response.adapters.aws.scheduler import EventBridgeScheduler
from incident_response.adapters.aws.secret_store import SecretsManagerStore
from incident_response.adapters.aws.session import AwsClients, aws_clients
from incident_response.adapters.aws.signed import SignedDynamo
from incident_response.adapters.aws.table_form import creation
from incident_response.adapters.aws.tables import Table, audit_table, incidents_table
from incident_response.domain.ledger import Seal
from incident_response.ports.clock import Clock
from tests.aws.ministack import REGION, Ministack
from tests.aws.reading import DecidingReads
from tests.ports.backends import SEAL_KEY, Harness

QUEUES = ("events", "other", "one", "two")
ROLE_ARN = "arn:aws:iam::000000000000:role/scheduler"


class AwsPorts:
    """The adapters over resources of their own, which no other test knows."""

    def __init__(self, clients: AwsClients, clock: Clock) -> None:
        self.own = f"t{uuid.uuid4().hex[:12]}"
        self.clients = clients
        self._queues: dict[str, SqsQueue] = {}
        self.scheduler = EventBridgeScheduler(
            clients.scheduler, queues=self.queue, group=self.own, role_arn=ROLE_ARN, clock=clock
        )
        self.secrets = SecretsManagerStore(clients.secrets, prefix=f"{self.own}/")
        self.seal = Seal(SEAL_KEY)
        incidents, audit = (
            Items(clients.dynamodb, table.name)
            for table in (self.incidents_table, self.audit_table)
        )
        self.intake = DynamoIntake(
            incidents, puts=Items(SignedDynamo(clients.signing), self.incidents_table.name)
        )
        self.incidents = DynamoIncidentStore(
            clients.dynamodb, incidents=incidents, audit=audit, seal=self.seal, clock=clock
        )
        self.ledger = DynamoLedger(audit, incidents)
        self.leases = DynamoLeaseStore(incidents, clock)
        self.inbox = DynamoInbox(incidents, clock)

    @property
    def incidents_table(self) -> Table:
        return incidents_table(f"{self.own}-incidents")

    @property
    def audit_table(self) -> Table:
        return audit_table(f"{self.own}-audit")

    def queue(self, name: str) -> SqsQueue:
        return self._queues[name]

    async def make(self) -> None:
        for queue in queue_resources(self.own, QUEUES):
            await queue.apply(self.clients)
        await ScheduleGroupResource(self.own).apply(self.clients)
        for table in (self.incidents_table, self.audit_table):
            await self.clients.dynamodb.create_table(**creation(table))
        for name in QUEUES:
            answer = await self.clients.sqs.get_queue_url(QueueName=queue_name(self.own, name))
            self._queues[name] = SqsQueue(name, answer["QueueUrl"], self.clients)

    async def store_secret(self, name: str, current: bytes, previous: bytes | None) -> None:
        secrets, secret = self.clients.secrets, f"{self.own}/{name}"
        for value in (current,) if previous is None else (previous, current):
            try:
                await secrets.create_secret(Name=secret, SecretBinary=value)
            except secrets.exceptions.ResourceExistsException:
                await secrets.put_secret_value(SecretId=secret, SecretBinary=value)


@asynccontextmanager
async def aws_ports(ministack: Ministack, url: str = "") -> AsyncIterator[AwsPorts]:
    """Everything made, on clients of its own, which refuse a read that decides and may miss a
    write; ``url`` to reach ministack on another way.
    """
    async with aws_clients(REGION, url or ministack.url) as opened:
        clients = replace(opened, dynamodb=DecidingReads(opened.dynamodb))
        ports = AwsPorts(clients, ministack.clock)
        await ports.make()
        yield ports


@asynccontextmanager
async def aws_harness(ministack: Ministack) -> AsyncIterator[Harness]:
    """What the suites of these three ports need."""

    def now() -> datetime:
        return ministack.clock.now().replace(microsecond=0)  # AWS keeps whole seconds

    async with aws_ports(ministack) as ports:
        yield Harness(
            backend=ports,
            seal=ports.seal,
            now=now,
            pass_time=ministack.pass_time,
            store_secret=ports.store_secret,
        )
