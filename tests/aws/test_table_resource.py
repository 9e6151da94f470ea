"""How ``infra`` looks at a table, makes it and sets it right.

On ministack, which answers every request that is made here; it does all of them at once, so that
what takes AWS some time is answered by the wire.
"""

from datetime import timedelta
from typing import Any

import pytest

from incident_response.adapters.aws.table_form import creation
from incident_response.adapters.aws.table_resource import TableResource
from incident_response.adapters.aws.tables import WORK_INDEX, Table, incidents_table
from incident_response.domain.errors import RefusedError, UnavailableError
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts

Json = dict[str, Any]

PROVISIONED = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
}


@pytest.fixture
def table(ports: AwsPorts) -> Table:
    return incidents_table(f"{ports.own}-x")


@pytest.fixture
def resource(table: Table) -> TableResource:
    return TableResource(table, pause=timedelta(), looks=3)


async def made_by_hand(ports: AwsPorts, table: Table, **changed: Any) -> None:
    """A table that somebody made with other properties; None: without it."""
    request = {**creation(table), **changed}
    request = {name: value for name, value in request.items() if value is not None}
    await ports.clients.dynamodb.create_table(**request)


def index(name: str, partition: str, sort: str, projection: str = "KEYS_ONLY") -> Json:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": projection},
    }


def attributes(**types: str) -> list[Json]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


async def test_a_table_is_made_as_it_has_to_be(
    ports: AwsPorts, table: Table, resource: TableResource
) -> None:
    await resource.apply(ports.clients)
    client, at = ports.clients.dynamodb, {"TableName": table.name}
    made = (await client.describe_table(**at))["Table"]
    assert made["KeySchema"] == creation(table)["KeySchema"]
    assert {one["AttributeType"] for one in made["AttributeDefinitions"]} == {"S"}
    there = {one["IndexName"]: one["Projection"] for one in made["GlobalSecondaryIndexes"]}
    assert there == {one.name: {"ProjectionType": "KEYS_ONLY"} for one in table.indexes}
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert made["SSEDescription"]["Status"] == "ENABLED"
    assert made["DeletionProtectionEnabled"] is True
    expiry = (await client.describe_time_to_live(**at))["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = (await client.describe_continuous_backups(**at))["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


async def test_nothing_is_asked_for_again_of_a_table_that_is_as_it_should_be(
    ports: AwsPorts, resource: TableResource, wire: Between
) -> None:
    await resource.apply(ports.clients)
    wire.requests.clear()
    await resource.apply(ports.clients)
    assert {request.operation for request in wire.requests} == {
        "DescribeTable",
        "DescribeTimeToLive",
        "DescribeContinuousBackups",
    }


async def test_everything_that_differs_is_told_and_set_right_one_at_a_time(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between
) -> None:
    await made_by_hand(
        ports,
        table,
        **PROVISIONED,
        AttributeDefinitions=attributes(pk="S", sk="S"),
        GlobalSecondaryIndexes=None,
        SSESpecification=None,
        DeletionProtectionEnabled=False,
    )
    assert await resource.wrong(ports.clients) == [
        "its billing mode is PROVISIONED, not PAY_PER_REQUEST",
        "it is not encrypted with a key of the account",
        "it is not protected from being deleted",
        "point-in-time recovery is off",
        "nothing expires",
        "its index work-index is missing",
        "its index slack-channel-index is missing",
    ]
    await resource.apply(ports.clients)
    assert await resource.wrong(ports.clients) == []
    asked = [set(request) - {"TableName"} for request in wire.of("UpdateTable")]
    made = {"AttributeDefinitions", "GlobalSecondaryIndexUpdates"}
    assert asked[:3] == [{"BillingMode"}, {"SSESpecification"}, {"DeletionProtectionEnabled"}]
    assert asked[3:] == [made, made]


async def test_items_and_indexes_of_others_stay(
    ports: AwsPorts, table: Table, resource: TableResource
) -> None:
    await made_by_hand(
        ports,
        table,
        AttributeDefinitions=attributes(pk="S", sk="S", theirs="N"),
        GlobalSecondaryIndexes=[index("theirs", "theirs", "sk", "ALL")],
    )
    item = {"pk": {"S": "INCIDENT#1"}, "sk": {"S": "STATE"}}
    await ports.clients.dynamodb.put_item(TableName=table.name, Item=item)
    await resource.apply(ports.clients)
    assert await resource.wrong(ports.clients) == []
    answer = await ports.clients.dynamodb.get_item(
        TableName=table.name, Key=item, ConsistentRead=True
    )
    assert answer["Item"] == item
    made = (await ports.clients.dynamodb.describe_table(TableName=table.name))["Table"]
    assert {one["IndexName"] for one in made["GlobalSecondaryIndexes"]} == {
        "theirs",
        *(one.name for one in table.indexes),
    }


OTHER_KEYS = [
    {"AttributeName": "id", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]
OTHERS: dict[str, tuple[Json, str]] = {
    "key": (
        {
            "KeySchema": OTHER_KEYS,
            "AttributeDefinitions": attributes(id="S", sk="N"),
            "GlobalSecondaryIndexes": None,
        },
        "its key is id (HASH, S), sk (RANGE, N), not pk (HASH, S), sk (RANGE, S)",
    ),
    "index key": (
        {
            "AttributeDefinitions": attributes(pk="S", sk="S", work="S", work_at="N"),
            "GlobalSecondaryIndexes": [index(WORK_INDEX.name, "work", "work_at")],
        },
        "the key of its index work-index is work (HASH, S), work_at (RANGE, N), "
        "not work (HASH, S), work_at (RANGE, S)",
    ),
    "index projection": (
        {
            "AttributeDefinitions": attributes(pk="S", sk="S", work="S", work_at="S"),
            "GlobalSecondaryIndexes": [index(WORK_INDEX.name, "work", "work_at", "ALL")],
        },
        "its index work-index holds ALL, not KEYS_ONLY",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
async def test_what_only_a_person_may_change_is_told_and_nothing_is_changed(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between, *, case: str
) -> None:
    changed, words = OTHERS[case]
    await made_by_hand(ports, table, **changed)
    assert words in await resource.wrong(ports.clients)
    with pytest.raises(RefusedError) as caught:
        await resource.apply(ports.clients)
    assert str(caught.value) == f"table {table.name}, to be changed by hand: {words}"
    operations = {request.operation for request in wire.requests}
    assert not any(operation.startswith("Update") for operation in operations)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"},
            "items expire by ttl, not by expires_at",
        ),
        (
            {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires_at"},
            "expiry is being turned off, which takes up to an hour",
        ),
    ],
)
async def test_expiry_that_aws_does_not_let_us_change_now_is_told(
    ports: AwsPorts, resource: TableResource, wire: Between, *, answer: Json, words: str
) -> None:
    await resource.apply(ports.clients)
    told = {"TimeToLiveDescription": answer}
    wire.answer("DescribeTimeToLive", told, told, told)
    assert await resource.wrong(ports.clients) == [words]
    with pytest.raises(RefusedError, match=words):
        await resource.apply(ports.clients)


async def described(ports: AwsPorts, table: Table, **changed: Any) -> Json:
    """An answer to DescribeTable that differs from the true one."""
    answer = await ports.clients.dynamodb.describe_table(TableName=table.name)
    found = {**answer["Table"], "CreationDateTime": 0, **changed}
    return {"Table": found}


async def test_apply_returns_when_table_and_indexes_can_be_used(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between
) -> None:
    await made_by_hand(ports, table)
    (first, second) = creation(table)["GlobalSecondaryIndexes"]
    busy = [{**first, "IndexStatus": "CREATING"}, {**second, "IndexStatus": "ACTIVE"}]
    creating = await described(ports, table, TableStatus="CREATING")
    indexing = await described(ports, table, GlobalSecondaryIndexes=busy)
    wire.answer("DescribeTable", creating, indexing)
    assert await resource.wrong(ports.clients) == ["it is CREATING"]
    told = await resource.wrong(ports.clients)
    assert told[0] == "its index work-index is CREATING"

    wire.requests.clear()
    gone = Refusal("ResourceNotFoundException")
    wire.answer("DescribeTable", gone, gone, creating, indexing)
    patient = TableResource(table, pause=timedelta(), looks=4)
    await patient.apply(ports.clients)  # it was made meanwhile, which is no error
    order = [request.operation for request in wire.requests]
    assert order[:2] == ["DescribeTable", "CreateTable"]
    before_the_first_change = order[: order.index("UpdateContinuousBackups")]
    assert before_the_first_change.count("DescribeTable") == 5, "four answers, and the true one"
    assert await resource.wrong(ports.clients) == []


async def test_what_is_not_done_in_time_is_told_and_can_be_applied_again(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between
) -> None:
    await made_by_hand(ports, table)
    creating = await described(ports, table, TableStatus="CREATING")
    wire.answer("DescribeTable", *[creating] * 4)
    with pytest.raises(UnavailableError, match=r"it is CREATING: .*; apply again later"):
        await resource.apply(ports.clients)
    await resource.apply(ports.clients)
    assert await resource.wrong(ports.clients) == []


async def test_an_older_description_is_not_taken_for_what_was_asked_for(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between
) -> None:
    await made_by_hand(ports, table, DeletionProtectionEnabled=False)
    older = await described(ports, table)
    wire.answer("DescribeTable", None, None, older)
    wire.requests.clear()
    await resource.apply(ports.clients)
    assert len(wire.of("UpdateTable")) == 1
    assert await resource.wrong(ports.clients) == []


async def test_what_aws_is_too_busy_for_is_asked_again_for_a_while(
    ports: AwsPorts, resource: TableResource, wire: Between
) -> None:
    busy = Refusal("ContinuousBackupsUnavailableException")
    wire.answer("UpdateContinuousBackups", busy, busy)
    await resource.apply(ports.clients)
    assert await resource.wrong(ports.clients) == []
    assert len(wire.of("UpdateContinuousBackups")) == 3


async def test_aws_that_stays_too_busy_is_told(
    ports: AwsPorts, resource: TableResource, wire: Between
) -> None:
    wire.answer("UpdateContinuousBackups", *[Refusal("ResourceInUseException")] * 3)
    with pytest.raises(UnavailableError, match="ResourceInUseException: so still"):
        await resource.apply(ports.clients)


async def test_a_table_that_is_going_away_is_not_waited_for(
    ports: AwsPorts, table: Table, resource: TableResource, wire: Between
) -> None:
    await made_by_hand(ports, table)
    deleting = await described(ports, table, TableStatus="DELETING")
    wire.answer("DescribeTable", deleting, deleting)
    with pytest.raises(RefusedError, match="it is DELETING"):
        await resource.apply(ports.clients)
