"""The adapters' requests against a second opinion of AWS, within the process: moto, behind the
SDK's own check of every request against AWS's description of the service.

Not here: what happens when two ask at once, or when time passes (ministack, which keeps AWS's word
there; moto loses concurrent updates and never fires a schedule).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.forms import IS_NEW
from incident_response.adapters.aws.incident_store import DynamoIncidentStore
from incident_response.adapters.aws.intake import DynamoIntake
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.lease import DynamoLeaseStore
from incident_response.adapters.aws.ledger import DynamoLedger
from incident_response.adapters.aws.resources import (
    ScheduleGroupResource,
    SecretResource,
    queue_name,
    queue_resources,
    queue_url,
)
from incident_response.adapters.aws.scheduler import EventBridgeScheduler
from incident_response.adapters.aws.secret_store import SecretsManagerStore
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.signed import Signing
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import audit_table, incidents_table
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import ConflictError
from incident_response.domain.ledger import Seal
from incident_response.ports.incident_store import Change
from incident_response.ports.scheduler import Schedule
from tests.fakes.clock import FakeClock
from tests.ports import samples

REGION = "eu-central-1"
SEAL = Seal(b"the key of the request shapes")
ID = samples.incident_id()


class Awaitable:
    """A client of the SDK whose calls are awaited, as the adapters do."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        async def awaited(**request: Any) -> Any:
            return call(**request)

        return awaited


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        session = boto3.Session(region_name=REGION)
        services = ("dynamodb", "sqs", "scheduler", "secretsmanager")
        dynamodb, sqs, scheduler, secrets = (Awaitable(session.client(s)) for s in services)
        yield AwsClients(
            dynamodb=dynamodb,
            signing=cast("Signing", None),
            sqs=sqs,
            sqs_polling=sqs,
            scheduler=scheduler,
            secrets=secrets,
        )


@pytest.fixture
async def items(clients: AwsClients) -> tuple[Items, Items]:
    tables = incidents_table("incidents"), audit_table("audit")
    for table in tables:
        await TableResource(table, pause=timedelta()).apply(clients)
        assert await TableResource(table).wrong(clients) == []
    incidents, audit = (Items(clients.dynamodb, table.name) for table in tables)
    return incidents, audit


async def test_an_incident_its_entries_and_its_lease_are_stored_and_read(
    clients: AwsClients, items: tuple[Items, Items]
) -> None:
    (incidents, audit), clock = items, FakeClock()
    store = DynamoIncidentStore(
        clients.dynamodb, incidents=incidents, audit=audit, seal=SEAL, clock=clock
    )
    lease = await DynamoLeaseStore(incidents, clock).acquire(
        ID, owner="a", ttl=timedelta(seconds=9)
    )
    first = Change(
        incident_id=ID, incident=samples.incident(), entries=(samples.entry(1),), lease=lease
    )
    await store.commit(first)
    with pytest.raises(ConflictError):
        await store.commit(first)
    roomed = samples.incident(version=2, channel="C1")
    await store.commit(Change(incident_id=ID, incident=roomed, entries=(samples.entry(2),)))
    assert roomed.room is not None
    assert await store.by_channel(roomed.room.channel_id) == roomed
    assert await store.recent(open_only=True, limit=5) == [roomed]
    ledger = DynamoLedger(audit, incidents)
    entries = await ledger.entries(ID)
    assert await ledger.head(ID) == (2, SEAL.verify(ID, entries))
    assert await ledger.heads() == {ID: await ledger.head(ID)}
    await store.expire(ID, at=clock.now())
    await store.expire(ID, at=None)
    assert await ledger.entries(ID) == entries


async def test_an_alert_is_taken_in_once_and_found_while_it_waits(
    items: tuple[Items, Items],
) -> None:
    intake, record = DynamoIntake(items[0]), samples.record()
    assert (await intake.put(record)).is_new
    assert not (await intake.put(record)).is_new
    assert await intake.pending(received_before=samples.at(60), limit=5) == [record]


async def test_what_is_there_comes_back_with_the_refusal(items: tuple[Items, Items]) -> None:
    item = {"pk": "A", "sk": "B", "told": "first", "count": 3}
    assert await items[0].put(item, IS_NEW) is None
    assert await items[0].put({**item, "told": "second"}, IS_NEW) == item


async def test_a_queue_is_made_filled_and_emptied(clients: AwsClients) -> None:
    for resource in queue_resources("shapes", ("events",)):
        await resource.apply(clients)
        assert await resource.wrong(clients) == []
    url = await queue_url(clients, queue_name("shapes", "events"))
    queue = SqsQueue("events", url, clients)
    await queue.send([samples.message("id-1", group="g")])
    [delivery] = await queue.receive(limit=1, wait=timedelta(), visibility=timedelta(seconds=30))
    await queue.extend(delivery, timedelta(seconds=60))
    await queue.delete(delivery)
    assert await queue.depth() == 0


async def test_a_schedule_is_put_changed_and_deleted(clients: AwsClients) -> None:
    await ScheduleGroupResource("shapes").apply(clients)
    for resource in queue_resources("shapes", ("events",)):
        await resource.apply(clients)
    url = await queue_url(clients, queue_name("shapes", "events"))
    queue, clock = SqsQueue("events", url, clients), FakeClock(SystemClock().now())
    scheduler = EventBridgeScheduler(
        clients.scheduler,
        queues=lambda _name: queue,
        group="shapes",
        role_arn="arn:aws:iam::000000000000:role/scheduler",
        clock=clock,
    )
    once = Schedule(
        name="nudge-1",
        queue="events",
        type="NUDGE",
        group="g",
        body={"incident_id": ID},
        first_at=clock.now().replace(microsecond=0) + timedelta(hours=1),
    )
    await scheduler.put(once)
    assert await scheduler.get("nudge-1") == once
    await scheduler.delete("nudge-1")
    assert await scheduler.get("nudge-1") is None


async def test_a_secret_is_made_empty_and_read_once_it_has_a_value(clients: AwsClients) -> None:
    await SecretResource("shapes/key", "for the test").apply(clients)
    await clients.secrets.put_secret_value(SecretId="shapes/key", SecretString="one")
    await clients.secrets.put_secret_value(SecretId="shapes/key", SecretString="two")
    found = await SecretsManagerStore(clients.secrets, prefix="shapes/").read("key")
    assert found.accepted == (b"two", b"one")
