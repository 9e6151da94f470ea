"""Every read that decides sees every write; what only finds may lag, and nothing changes by it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from incident_response.adapters.aws.forms import IS_THERE, at, key_form
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.session import aws_clients
from incident_response.adapters.aws.tables import WORK_INDEX, Key, Kind
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.model import IncidentId
from incident_response.entrypoints.drill_aws import aws_place
from incident_response.entrypoints.drill_main import drill, live_on
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from tests.aws.between import Between
from tests.aws.harness import AwsPorts, aws_ports
from tests.aws.ministack import REGION, Ministack
from tests.aws.reading import DecidingReads, check_reads, lagging
from tests.scenarios.local_process import eventually
from tests.scenarios.rooms import rooms

LAG = 2.0
KEY, KIND = Key("A", "B"), Kind("w", "A")
TABLE = {"TableName": "t"}


class Anything:
    """A client that answers everything."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[str]]:
        async def answer(**_request: Any) -> str:
            return name

        return answer


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("get_item", {**TABLE, "Key": {}}),
        ("get_item", {**TABLE, "Key": {}, "ConsistentRead": False}),
        ("query", TABLE),
        ("query", {**TABLE, "IndexName": "another-index"}),
        ("scan", TABLE),
        ("scan", {**TABLE, "IndexName": WORK_INDEX.name}),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": []}}}),
        (
            "batch_get_item",
            {"RequestItems": {"s": {"ConsistentRead": True}, "t": {"ConsistentRead": False}}},
        ),
        ("transact_get_items", {}),
        ("execute_statement", {}),
    ],
)
async def test_a_read_that_may_miss_a_write_is_refused(
    name: str, request_: dict[str, Any]
) -> None:
    client = DecidingReads(Anything())
    with pytest.raises(AssertionError):
        await getattr(client, name)(**request_)


async def test_what_sees_every_write_or_only_finds_passes_and_so_does_what_writes() -> None:
    client, sees = DecidingReads(Anything()), {"ConsistentRead": True}
    assert await client.get_item(**TABLE, **sees) == "get_item"
    assert await client.query(**TABLE, **sees) == "query"
    assert await client.query(**TABLE, IndexName=WORK_INDEX.name) == "query"
    assert await client.scan(**TABLE, **sees) == "scan"
    assert await client.batch_get_item(RequestItems={"t": sees}) == "batch_get_item"
    assert await client.transact_write_items(TransactItems=[]) == "transact_write_items"


async def test_a_lagging_aws_shows_what_was_and_a_read_that_decides_what_is(
    ministack: Ministack,
) -> None:
    async with lagging(ministack, LAG) as wire, aws_ports(ministack, wire.url) as ports:
        items = Items(ports.clients.dynamodb, ports.incidents_table.name)
        began = asyncio.get_running_loop().time()
        await items.put(at(KEY, work="w", work_at="1", n=1))
        assert await items.find(WORK_INDEX, KIND) == []
        assert await eventual(ports, wire) is None
        assert await items.get(KEY) == at(KEY, work="w", work_at="1", n=1)
        assert await eventually(lambda: items.find(WORK_INDEX, KIND))
        assert asyncio.get_running_loop().time() - began >= LAG
        await items.update(KEY, {"work": None, "n": 2}, IS_THERE)
        assert [one.key for one in await items.find(WORK_INDEX, KIND)] == [KEY]
        assert (await eventual(ports, wire) or {})["n"] == {"N": "1"}
        assert await items.get(KEY) == at(KEY, work_at="1", n=2)

        async def is_gone() -> bool:
            return await items.find(WORK_INDEX, KIND) == []

        await eventually(is_gone)


async def eventual(ports: AwsPorts, wire: Between) -> dict[str, Any] | None:
    """The item as a read shows it that does not ask for more."""
    async with aws_clients(REGION, wire.url) as clients:
        answer = await clients.dynamodb.get_item(
            TableName=ports.incidents_table.name, Key=key_form(KEY)
        )
    found: dict[str, Any] | None = answer.get("Item")
    return found


@dataclass(frozen=True)
class Lived:
    """What is left of a whole life."""

    problems: tuple[str, ...]
    status: IncidentStatus
    steps: dict[str, str]
    rooms: int
    ledger: Counter[str]
    verified: object


async def entries(stack: LocalStack, incident_id: IncidentId) -> Counter[str]:
    """Of its ledger, by kind."""
    found = await stack.processor.backend.ledger.entries(incident_id)
    return Counter(entry.kind.value for entry in found)


async def lived(ministack: Ministack, folder: Path, *, lag: float) -> Lived:
    async with (
        lagging(ministack, lag) as wire,
        aws_place(wire.url) as place,
        local_stack(folder, Ports(), place=place) as stack,
    ):
        stop = asyncio.Event()
        verdict = await drill(stack, 30.0, lambda _: None, stop=stop)
        assert verdict.problems == ()
        verdict = await live_on(stack, verdict, lambda _: None, stop=stop)
        check_reads(wire.requests)
        assert verdict.incident is not None
        assert verdict.life is not None
        return Lived(
            problems=verdict.problems,
            status=verdict.incident.status,
            steps={name: step.state.value for name, step in verdict.steps.items()},
            rooms=len(rooms(stack)),
            ledger=await entries(stack, verdict.incident.incident_id),
            verified=verdict.life.ledger.get("ok"),
        )


async def test_the_whole_life_comes_out_the_same_while_all_that_may_lag_does(
    punctual_ministack: Ministack, tmp_path: Path
) -> None:
    at_once, late = await asyncio.gather(
        lived(punctual_ministack, tmp_path / "at-once", lag=0.0),
        lived(punctual_ministack, tmp_path / "late", lag=LAG),
    )
    assert (at_once.problems, at_once.rooms, at_once.verified) == ((), 1, True)
    assert at_once.status is IncidentStatus.RESOLVED
    assert late == at_once
