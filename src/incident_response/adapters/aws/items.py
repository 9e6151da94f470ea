"""Items of one DynamoDB table: read with every write seen, found by an index, written on
conditions.

An item is a dict of texts and whole numbers here. Not here: what an item means (the adapter that
keeps it), DynamoDB's own forms (forms), several items in one transaction (transaction).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.forms import (
    IS_THERE,
    Condition,
    Item,
    condition_form,
    key_form,
    key_of,
    packed,
    unpacked,
    update_form,
)
from incident_response.adapters.aws.patience import patiently
from incident_response.adapters.aws.session import AwsClient
from incident_response.adapters.aws.tables import PARTITION, SORT, Index, Key, Kind
from incident_response.domain.errors import RateLimitedError

MOST_KEYS = 100
"""DynamoDB reads no more items in one request."""
AT_ONCE = 16
"""Requests under way together where many items are written."""
REFUSED = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class Found:
    """What an index shows of an item."""

    key: Key
    sort: str
    """Its sort key in the index."""


class Items:
    """One table."""

    def __init__(self, client: AwsClient, table: str) -> None:
        self.table = table
        self._client = client

    async def get(self, key: Key) -> Item | None:
        """The item with every write seen."""
        with aws_errors(f"reading from {self.table}"):
            answer = await self._client.get_item(
                TableName=self.table, Key=key_form(key), ConsistentRead=True
            )
        return unpacked(answer["Item"]) if "Item" in answer else None

    async def get_many(self, keys: Sequence[Key]) -> list[Item]:
        """Those that are there, in the order of ``keys``, with every write seen."""
        found: dict[Key, Item] = {}
        for start in range(0, len(keys), MOST_KEYS):
            wanted = dict.fromkeys(keys[start : start + MOST_KEYS])
            found |= {key_of(item): item for item in await self._batch(list(wanted))}
        return [found[key] for key in keys if key in found]

    async def within(self, first: Key, last: str, *, limit: int | None = None) -> list[Item]:
        """Items of the partition of ``first`` from there up to the sort key ``last``, in order,
        with every write seen.
        """
        values = {":partition": first.partition, ":first": first.sort, ":last": last}
        request = {
            "KeyConditionExpression": "#p = :partition AND #s BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#p": PARTITION, "#s": SORT},
            "ExpressionAttributeValues": packed(values),
            "ConsistentRead": True,
        }
        return [item async for item in self._pages(request, limit)]

    async def find(
        self,
        index: Index,
        kind: Kind,
        *,
        until: str = "",
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Found]:
        """What ``index`` has of ``kind``, with a sort key not above ``until``.

        It finds, and decides nothing: the last moments may be missing, what is found may have
        changed.
        """
        expression, names, values = "#p = :kind", {"#p": index.partition}, {":kind": kind.name}
        if until:
            expression += " AND #s <= :until"
            names["#s"], values[":until"] = index.sort, until
        request = {
            "IndexName": index.name,
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": packed(values),
            "ScanIndexForward": not newest_first,
        }
        found = [item async for item in self._pages(request, limit)]
        return [
            Found(key_of(item), item[index.sort])
            for item in found
            if key_of(item).partition.startswith(kind.partition)
        ]

    async def put(self, item: Item, condition: Condition | None = None) -> Item | None:
        """Store it; if ``condition`` does not hold, the item that is there instead."""
        request = {"Item": packed(item), **condition_form(condition)}

        async def attempt() -> Item | None:
            with aws_errors(f"writing to {self.table}"):
                try:
                    await self._client.put_item(TableName=self.table, **request)
                except ClientError as error:
                    if error_code(error) != REFUSED:
                        raise
                    return unpacked(error.response.get("Item", {}))
            return None

        return await patiently(attempt)

    async def update(self, key: Key, changes: Item, condition: Condition) -> Item | None:
        """Set attributes (None: take it away); the item as it is then, None if ``condition`` does
        not hold.
        """
        request = {"Key": key_form(key), **update_form(changes, condition)}

        async def attempt() -> Item | None:
            with aws_errors(f"writing to {self.table}"):
                try:
                    answer = await self._client.update_item(
                        TableName=self.table, ReturnValues="ALL_NEW", **request
                    )
                except ClientError as error:
                    if error_code(error) != REFUSED:
                        raise
                    return None
            return unpacked(answer["Attributes"])

        return await patiently(attempt)

    async def set_on_all(self, keys: Sequence[Key], changes: Item) -> None:
        """Set the attributes on every one of the items that is there."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(key: Key) -> None:
            async with gate:
                await self.update(key, changes, IS_THERE)

        async with asyncio.TaskGroup() as tasks:
            for key in keys:
                tasks.create_task(one(key))

    async def _pages(self, request: dict[str, Any], limit: int | None) -> AsyncIterator[Item]:
        """Page after page, at most ``limit`` items."""
        left = limit
        while left is None or left > 0:
            most = {} if left is None else {"Limit": left}
            with aws_errors(f"reading from {self.table}"):
                answer = await self._client.query(TableName=self.table, **request, **most)
            for item in answer["Items"]:
                yield unpacked(item)
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}
            left = None if left is None else left - len(answer["Items"])

    async def _batch(self, keys: Sequence[Key]) -> list[Item]:
        wanted: list[Any] = [key_form(key) for key in keys]
        found: list[Item] = []

        async def attempt() -> None:
            request = {self.table: {"Keys": wanted, "ConsistentRead": True}}
            with aws_errors(f"reading from {self.table}"):
                answer = await self._client.batch_get_item(RequestItems=request)
            found.extend(unpacked(item) for item in answer["Responses"].get(self.table, ()))
            left = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            if left:
                wanted[:] = left
                raise RateLimitedError(f"{self.table} did not read all that was asked for")

        await patiently(attempt)
        return found
