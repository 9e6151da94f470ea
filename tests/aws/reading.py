"""Whether every read that decides is one that sees every write, and an AWS whose others lag.

Not here: what is read (the adapters), the wire that the lagging one is (between).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from botocore import xform_name

from incident_response.adapters.aws.session import aws_clients
from incident_response.adapters.aws.tables import (
    CHANNEL_INDEX,
    LEDGER_INDEX,
    PARTITION,
    SORT,
    WORK_INDEX,
)
from tests.aws.between import Between, Json, Request, between
from tests.aws.ministack import REGION, Ministack

INDEXES = {index.name for index in (WORK_INDEX, CHANNEL_INDEX, LEDGER_INDEX)}
"""What may be asked without seeing every write: it finds, and decides nothing."""
READS = {"batch_get_item", "get_item", "query", "scan"}
NEVER = {
    "batch_execute_statement",
    "execute_statement",
    "execute_transaction",
    "transact_get_items",
}
"""Other ways to read, which the adapters have no need of."""


class DecidingReads:
    """A DynamoDB client of which every read sees every write, but for those of an index."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in NEVER:
            raise AssertionError(f"{name}: nobody reads so")
        if name not in READS:
            return found

        async def read(**request: Any) -> Any:
            check_read(name, request)
            return await found(**request)

        return read


def check_read(name: str, request: Json) -> None:
    """Raises ``AssertionError`` if it may not see what was written before."""
    if name == "batch_get_item":
        for table, asked in request["RequestItems"].items():
            assert asked.get("ConsistentRead") is True, f"{name} of {table} may miss writes"
    elif (index := request.get("IndexName")) is not None:
        assert name == "query", f"{name} of an index"
        assert index in INDEXES, f"nobody may ask the index {index}"
    else:
        assert request.get("ConsistentRead") is True, f"{name} may miss writes"


COPY = "-as-it-was"
"""What the name of a table's copy ends with."""


class _Copies:
    """Keeps a copy of every table some seconds behind, and has every read that need not see all
    writes answered from there.
    """

    def __init__(self, client: Any, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._later: asyncio.Queue[tuple[float, Json]] = asyncio.Queue()

    def redirected(self, request: Request) -> Json:
        """What ministack is asked."""
        body = request.body
        if request.operation == "BatchGetItem":
            asked = body["RequestItems"].values()
            assert all(one.get("ConsistentRead") for one in asked), "the copies have no batches"
        if request.operation in ("GetItem", "Query", "Scan") and not body.get("ConsistentRead"):
            return {**body, "TableName": body["TableName"] + COPY}
        return body

    async def done(self, request: Request) -> None:
        """What was written reaches the copy later."""
        if request.operation == "CreateTable":
            copy = {**request.body, "TableName": request.body["TableName"] + COPY}
            await self._client.create_table(**copy)
        for table, key in written(request):
            found = await self._client.get_item(TableName=table, Key=key, ConsistentRead=True)
            due = asyncio.get_running_loop().time() + self._seconds
            self._later.put_nowait((due, {"TableName": table + COPY, "Item": found["Item"]}))

    async def run(self) -> None:
        """Bring the copies up to date, each item in its time, until cancelled."""
        while True:
            due, put = await self._later.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            await self._client.put_item(**put)


@asynccontextmanager
async def lagging(ministack: Ministack, seconds: float) -> AsyncIterator[Between]:
    """A wire to ``ministack`` on which all that need not see every write answers as things were
    that many seconds ago: indexes, and reads that do not ask for more.
    """
    async with aws_clients(REGION, ministack.url) as clients, between(ministack) as wire:
        copies = _Copies(clients.dynamodb, seconds)
        wire.redirected, wire.done = copies.redirected, copies.done
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(copies.run())
            yield wire
            running.cancel()


def written(request: Request) -> list[tuple[str, Json]]:
    """Table and key of every item that a request wrote; nobody deletes any."""
    assert request.operation not in ("DeleteItem", "BatchWriteItem"), "nobody does that"
    if request.operation == "TransactWriteItems":
        items = request.body["TransactItems"]
        assert all(item.keys() <= {"Put", "Update", "ConditionCheck"} for item in items)
        writes = [item.get("Put") or item.get("Update") for item in items]
    elif request.operation in ("PutItem", "UpdateItem"):
        writes = [request.body]
    else:
        writes = []
    return [(write["TableName"], _key(write)) for write in writes if write]


def _key(write: Json) -> Json:
    whole: Json = write.get("Key") or write["Item"]
    return {name: whole[name] for name in (PARTITION, SORT)}


def check_reads(requests: Iterable[Request]) -> None:
    """Of a wire: as ``check_read``."""
    for request in requests:
        name = xform_name(request.operation)
        assert name not in NEVER
        if name in READS:
            check_read(name, request.body)
