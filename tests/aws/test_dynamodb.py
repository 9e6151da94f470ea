"""What the adapters on DynamoDB do beyond their ports' conformance: troubles on the way, answers
that are not whole, and what is to be forgotten.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from incident_response.adapters.aws.forms import IS_NEW, IS_THERE, Computed, at
from incident_response.adapters.aws.items import MOST_KEYS, Items
from incident_response.adapters.aws.session import ATTEMPTS, aws_clients
from incident_response.adapters.aws.tables import EXPIRES_AT, WORK_INDEX, Key, Kind
from incident_response.adapters.aws.transaction import MOST_WRITES, Put, transact
from incident_response.domain.errors import (
    ConflictError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.ports.incident_store import (
    Change,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.workflows.auditor import audit_ledger
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts
from tests.aws.ministack import REGION
from tests.ports import samples

ID = samples.incident_id()
KEY, KIND = Key("A", "B"), Kind("w", "A")
ONE_MORE = Computed("if_not_exists(#n, :zero) + :one", {"zero": 0, "one": 1})
THROTTLED = Refusal("ProvisionedThroughputExceededException")
CONFLICT = Refusal("TransactionConflictException")


@pytest.fixture
def items(ports: AwsPorts) -> Items:
    return Items(ports.clients.dynamodb, ports.incidents_table.name)


def opened() -> Change:
    return Change(incident_id=ID, incident=samples.incident(), entries=(samples.entry(),))


# An answer is lost


async def test_a_change_whose_answer_is_lost_is_done_once_and_succeeds(
    ports: AwsPorts, wire: Between
) -> None:
    wire.loses.add("TransactWriteItems")
    await ports.incidents.commit(opened())
    first, again = wire.of("TransactWriteItems")
    assert first["ClientRequestToken"] == again["ClientRequestToken"]
    assert first == again
    assert await ports.incidents.get(ID) == samples.incident()
    assert [entry.seq for entry in await ports.ledger.entries(ID)] == [1]


async def test_every_change_has_a_token_of_its_own(ports: AwsPorts, wire: Between) -> None:
    await ports.incidents.commit(opened())
    await ports.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=2)))
    tokens = {body["ClientRequestToken"] for body in wire.of("TransactWriteItems")}
    assert len(tokens) == 2


async def test_an_item_whose_answer_is_lost_is_stored_and_stored_again_is_the_same(
    items: Items, wire: Between
) -> None:
    wire.loses.add("PutItem")
    await items.put(at(KEY, n=1))
    assert len(wire.of("PutItem")) == 2
    assert await items.get(KEY) == at(KEY, n=1)


async def test_a_new_item_whose_answer_is_lost_finds_itself(items: Items, wire: Between) -> None:
    wire.loses.add("PutItem")
    assert await items.put(at(KEY, n=1), IS_NEW) == at(KEY, n=1)


async def test_an_update_whose_answer_is_lost_succeeds(items: Items, wire: Between) -> None:
    await items.put(at(KEY))
    wire.loses.add("UpdateItem")
    assert await items.update(KEY, {"n": 1}, IS_THERE) == at(KEY, n=1)
    assert len(wire.of("UpdateItem")) == 2


async def test_a_lease_whose_answer_is_lost_is_held_under_the_newest_fence(
    ports: AwsPorts, wire: Between
) -> None:
    wire.loses.add("UpdateItem")
    lease = await ports.leases.acquire(ID, owner="a", ttl=timedelta(seconds=10))
    assert lease is not None
    await ports.incidents.commit(Change(incident_id=ID, incident=samples.incident(), lease=lease))


async def test_what_no_try_brings_an_answer_for_has_an_unknown_outcome(
    items: Items, ports: AwsPorts, wire: Between
) -> None:
    wire.loses_answers = True
    outcomes = await everything_asked(items, ports.clients.dynamodb)
    assert {type(outcome) for outcome in outcomes} == {UnknownOutcomeError}
    assert len(wire.requests) == ATTEMPTS * len(outcomes)


async def test_nothing_is_stored_where_nothing_listens(ports: AwsPorts) -> None:
    async with aws_clients(REGION, "http://127.0.0.1:9") as clients:
        items = Items(clients.dynamodb, ports.incidents_table.name)
        outcomes = await everything_asked(items, clients.dynamodb)
    assert {type(outcome) for outcome in outcomes} == {UnavailableError}


async def everything_asked(items: Items, client: Any) -> list[object]:
    """What comes of one request of each kind."""
    outcomes: tuple[object, ...] = await asyncio.gather(
        items.put(at(KEY)),
        items.update(KEY, {"n": 1}, IS_THERE),
        items.get(KEY),
        items.get_many([KEY]),
        items.find(WORK_INDEX, KIND),
        transact(client, [Put(items.table, at(KEY))]),
        return_exceptions=True,
    )
    return [*outcomes]


# DynamoDB is too busy


async def test_what_is_slowed_down_is_tried_until_it_is_done(items: Items, wire: Between) -> None:
    for operation in ("PutItem", "UpdateItem", "BatchGetItem"):
        wire.answer(operation, *[THROTTLED] * ATTEMPTS)
    await items.put(at(KEY, n=0))
    assert await items.update(KEY, {"n": ONE_MORE}, IS_THERE) == at(KEY, n=1)
    assert await items.get_many([KEY]) == [at(KEY, n=1)]
    for operation in ("PutItem", "UpdateItem", "BatchGetItem"):
        assert len(wire.of(operation)) == ATTEMPTS + 1


async def test_a_read_that_is_slowed_down_is_left_to_whoever_reads(
    items: Items, wire: Between
) -> None:
    wire.answer("GetItem", *[THROTTLED] * ATTEMPTS)
    with pytest.raises(RateLimitedError):
        await items.get(KEY)
    assert await items.get(KEY) is None


async def test_a_change_that_meets_another_on_the_same_items_is_tried_until_it_is_done(
    ports: AwsPorts, wire: Between
) -> None:
    busy = cancelled("TransactionConflict", "None")
    wire.answer("TransactWriteItems", busy, CONFLICT, busy)
    await ports.incidents.commit(opened())
    tries = wire.of("TransactWriteItems")
    assert len(tries) == 4
    assert len({one["ClientRequestToken"] for one in tries}) == 1
    assert await ports.incidents.get(ID) == samples.incident()


async def test_items_that_stay_busy_are_told(ports: AwsPorts, wire: Between) -> None:
    wire.answer("TransactWriteItems", *[cancelled("None", "TransactionConflict")] * 100)
    with pytest.raises(RateLimitedError, match="TransactionConflict"):
        await ports.incidents.commit(opened())
    assert await ports.incidents.get(ID) is None


async def test_a_refused_condition_counts_more_than_a_busy_item(
    ports: AwsPorts, wire: Between
) -> None:
    wire.answer(
        "TransactWriteItems", cancelled("ConditionalCheckFailed", "TransactionConflict", "None")
    )
    with pytest.raises(ConflictError):
        await ports.incidents.commit(opened())


async def test_more_items_than_fit_in_one_transaction_are_refused_before_they_are_sent(
    ports: AwsPorts, wire: Between
) -> None:
    entries = tuple(samples.entry(number) for number in range(MOST_WRITES))
    with pytest.raises(RefusedError):
        await ports.incidents.commit(Change(incident_id=ID, entries=entries))
    assert wire.of("TransactWriteItems") == []


def cancelled(*codes: str) -> Refusal:
    return Refusal(
        "TransactionCanceledException",
        also={"CancellationReasons": [{"Code": code} for code in codes]},
    )


# An answer is not whole


async def test_what_a_batch_left_out_is_asked_for_again(items: Items, wire: Between) -> None:
    keys = [Key("A", f"{number:03}") for number in range(3)]
    for key in keys:
        await items.put(at(key))
    forms = [{"pk": {"S": key.partition}, "sk": {"S": key.sort}} for key in keys]
    wire.answer(
        "BatchGetItem",
        {
            "Responses": {items.table: [forms[1]]},
            "UnprocessedKeys": {items.table: {"Keys": [forms[2], forms[0]]}},
        },
    )
    assert await items.get_many(keys) == [at(key) for key in keys]
    _, again = wire.of("BatchGetItem")
    asked = again["RequestItems"][items.table]
    assert asked == {"Keys": [forms[2], forms[0]], "ConsistentRead": True}


async def test_many_items_are_read_a_hundred_at_a_time_each_once_and_in_order(
    items: Items, wire: Between
) -> None:
    keys = [Key("A", f"{number:03}") for number in range(MOST_KEYS + 5)]
    for key in (keys[0], keys[-1]):
        await items.put(at(key))
    found = await items.get_many([*reversed(keys), keys[0]])
    assert found == [at(keys[-1]), at(keys[0]), at(keys[0])]
    sizes = [len(b["RequestItems"][items.table]["Keys"]) for b in wire.of("BatchGetItem")]
    assert sizes == [MOST_KEYS, 5]


async def test_every_page_of_an_answer_is_read(items: Items, wire: Between) -> None:
    keys = [Key("A", f"{number:03}") for number in range(8)]
    for key in keys:  # DynamoDB's pages end at a megabyte
        await items.put(at(key, text="x" * 300_000, work="w", work_at=key.sort))
    wire.redirected = in_small_pages
    assert [item["sk"] for item in await items.within(keys[0], "~")] == [k.sort for k in keys]
    assert len(wire.of("Query")) >= 3
    assert all(body["ConsistentRead"] for body in wire.of("Query"))
    found = await items.find(WORK_INDEX, KIND, newest_first=True)
    assert [one.key for one in found] == keys[::-1]


async def test_of_many_pages_no_more_is_read_than_was_asked_for(
    items: Items, wire: Between
) -> None:
    keys = [Key("A", f"{number:03}") for number in range(8)]
    for key in keys:
        await items.put(at(key))
    wire.redirected = in_small_pages
    found = await items.within(keys[1], "~", limit=4)
    assert [item["sk"] for item in found] == [key.sort for key in keys[1:5]]
    assert [body["Limit"] for body in wire.of("Query")] == [4, 1]


def in_small_pages(request: Any) -> dict[str, Any]:
    body: dict[str, Any] = request.body
    if request.operation != "Query":
        return body
    return {**body, "Limit": min(3, body.get("Limit", 3))}


# What is to be forgotten


async def a_life(ports: AwsPorts) -> Incident:
    """An incident with a room, a plan, steps and a ledger of three entries."""
    incident = samples.incident(channel="C1")
    step = StepRecord(plan="assemble", step="create_room", state=StepState.DONE)
    plan = PlanRecord(
        incident_id=ID, plan="assemble", state=PlanState.DONE, opened_at=samples.MOMENT
    )
    entries = tuple(map(samples.entry, (1, 2, 3)))
    await ports.incidents.commit(
        Change(incident_id=ID, incident=incident, entries=entries, plan=plan, steps=(step,))
    )
    return incident


async def everything(ports: AwsPorts) -> dict[tuple[str, str], dict[str, Any]]:
    """Every item of both tables."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for table in (ports.incidents_table, ports.audit_table):
        answer = await ports.clients.dynamodb.scan(TableName=table.name, ConsistentRead=True)
        found |= {(table.name, f"{i['pk']['S']} {i['sk']['S']}"): i for i in answer["Items"]}
    return found


def expiries(found: dict[tuple[str, str], dict[str, Any]]) -> set[str | None]:
    return {item.get(EXPIRES_AT, {}).get("N") for item in found.values()}


async def test_all_of_an_incident_expires_and_nothing_else_of_it_changes(
    ports: AwsPorts,
) -> None:
    await a_life(ports)
    before = await everything(ports)
    assert len(before) == 4 + 4, "incident, channel, plan, step; head and entries"
    assert expiries(before) == {None}
    moment = samples.MOMENT + timedelta(days=400)
    await ports.incidents.expire(ID, at=moment)
    after = await everything(ports)
    assert expiries(after) == {str(int(moment.timestamp()))}
    assert {key: without_expiry(item) for key, item in after.items()} == before
    assert await audit_ledger(ports.ledger, ports.seal, ID) == ()
    await ports.incidents.expire(ID, at=None)
    assert await everything(ports) == before


def without_expiry(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != EXPIRES_AT}


async def test_of_other_incidents_nothing_expires(ports: AwsPorts) -> None:
    await a_life(ports)
    other = samples.incident(2, channel="C2")
    entries = (samples.entry(),)
    await ports.incidents.commit(
        Change(incident_id=other.incident_id, incident=other, entries=entries)
    )
    await ports.incidents.expire(ID, at=samples.MOMENT)
    found = await everything(ports)
    others = {key: item for key, item in found.items() if other.incident_id in str(item)}
    assert len(others) == 4
    assert expiries(others) == {None}


async def test_what_is_written_later_expires_too_so_that_no_ledger_loses_its_beginning_only(
    ports: AwsPorts,
) -> None:
    await a_life(ports)
    await ports.incidents.expire(ID, at=samples.MOMENT)
    await ports.incidents.commit(Change(incident_id=ID, entries=(samples.entry(4),)))
    found = await everything(ports)
    assert len(found) == 9
    assert expiries(found) == {str(int(samples.MOMENT.timestamp()))}
    assert await audit_ledger(ports.ledger, ports.seal, ID) == ()


async def test_what_an_archived_incident_writes_expires_with_it_and_a_reopened_ones_does_not(
    ports: AwsPorts,
) -> None:
    incident = await a_life(ports)
    closed = {"status": IncidentStatus.RESOLVED, "room_archived_at": samples.MOMENT}
    archived = incident.model_copy(update={"version": 2, **closed})
    assert archived.expires_at is not None
    entry = (samples.entry(4),)
    await ports.incidents.commit(Change(incident_id=ID, incident=archived, entries=entry))
    written = {at for at in expiries(await everything(ports)) if at is not None}
    assert written == {str(int(archived.expires_at.timestamp()))}
    again = {"version": 3, "status": IncidentStatus.OPEN, "room_archived_at": None}
    reopened = archived.model_copy(update=again)
    await ports.incidents.commit(Change(incident_id=ID, incident=reopened, entries=entry))
    await ports.incidents.expire(ID, at=None)
    assert expiries(await everything(ports)) == {None}
    assert await audit_ledger(ports.ledger, ports.seal, ID) == ()
