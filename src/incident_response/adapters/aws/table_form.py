"""What a DynamoDB table of ours has to look like, and how one that is there differs.

Pure. Of what differs, AWS changes some in place, one thing at a time; the rest (keys, an index's
keys) only a person may change. Not here: asking AWS (table_resource), which tables there are
(tables).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from incident_response.adapters.aws.tables import Index, Table

ON_DEMAND = "PAY_PER_REQUEST"
PROTECTED = {"DeletionProtectionEnabled": True}
ENCRYPTED = {"Enabled": True}
RECOVERABLE = {"PointInTimeRecoveryEnabled": True}
USABLE = {"ACTIVE", "UPDATING"}

_ON = {"ENABLED", "ENABLING"}

Form = dict[str, Any]
"""Of a request or an answer of DynamoDB."""


@dataclass(frozen=True, slots=True)
class Change:
    """A request that sets something right."""

    operation: Literal["update_table", "update_time_to_live", "update_continuous_backups"]
    """The client's method."""
    request: Form


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be."""

    words: str
    change: Change | None = None
    """None: it cannot be changed without losing something, or not now."""


@dataclass(frozen=True, slots=True)
class Found:
    """A table as it is; each as DynamoDB describes it."""

    table: Form
    expiry: Form
    backups: Form

    @property
    def status(self) -> str:
        return str(self.table["TableStatus"])

    @property
    def indexes(self) -> dict[str, Form]:
        return {one["IndexName"]: one for one in self.table.get("GlobalSecondaryIndexes", ())}

    @property
    def unfinished(self) -> list[str]:
        """What AWS is still working on."""
        told = [("it", self.status)]
        told += [(f"its index {name}", one["IndexStatus"]) for name, one in self.indexes.items()]
        return [f"{what} is {status}" for what, status in told if status != "ACTIVE"]


def creation(table: Table) -> Form:
    """The request that makes the table with its indexes; the rest is set once it is there."""
    names = [*table.keys, *(key for one in table.indexes for key in (one.partition, one.sort))]
    return {
        "TableName": table.name,
        "KeySchema": _keys(*table.keys),
        "AttributeDefinitions": _texts(*names),
        "GlobalSecondaryIndexes": [_index(one) for one in table.indexes],
        "BillingMode": ON_DEMAND,
        "SSESpecification": ENCRYPTED,
        **PROTECTED,
    }


def expiry(table: Table) -> Form:
    """By which attribute items expire, as a request has it."""
    return {"AttributeName": table.expires_at, "Enabled": True}


def differences(table: Table, found: Found) -> Iterator[Difference]:
    """What is not as ``table`` says, in the order in which it is set right."""
    if found.status not in USABLE:
        return
    types = {
        one["AttributeName"]: one["AttributeType"] for one in found.table["AttributeDefinitions"]
    }
    yield from _of_keys(table, found, types)
    yield from _of_settings(found)
    yield from _of_expiry(table, found.expiry)
    for index in table.indexes:
        yield from _of_index(index, found.indexes.get(index.name), types)


def _of_keys(table: Table, found: Found, types: Mapping[str, str]) -> Iterator[Difference]:
    wanted, there = _told(_keys(*table.keys)), _told(found.table["KeySchema"], types)
    if there != wanted:
        yield Difference(f"its key is {there}, not {wanted}")


def _of_settings(found: Found) -> Iterator[Difference]:
    # A table that never was anything but provisioned has no summary.
    billing = found.table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    if billing != ON_DEMAND:
        yield Difference(
            f"its billing mode is {billing}, not {ON_DEMAND}", _update(BillingMode=ON_DEMAND)
        )
    if found.table.get("SSEDescription", {}).get("Status") not in {*_ON, "UPDATING"}:
        words = "it is not encrypted with a key of the account"
        yield Difference(words, _update(SSESpecification=ENCRYPTED))
    if not found.table.get("DeletionProtectionEnabled"):
        yield Difference("it is not protected from being deleted", _update(**PROTECTED))
    if found.backups.get("PointInTimeRecoveryStatus") not in _ON:
        request = {"PointInTimeRecoverySpecification": RECOVERABLE}
        change = Change("update_continuous_backups", request)
        yield Difference("point-in-time recovery is off", change)


def _of_expiry(table: Table, found: Form) -> Iterator[Difference]:
    status, attribute = found["TimeToLiveStatus"], found.get("AttributeName")
    if status == "DISABLED":
        request = {"TimeToLiveSpecification": expiry(table)}
        yield Difference("nothing expires", Change("update_time_to_live", request))
    elif status == "DISABLING":
        yield Difference("expiry is being turned off, which takes up to an hour")
    elif attribute != table.expires_at:
        yield Difference(f"items expire by {attribute}, not by {table.expires_at}")


def _of_index(index: Index, found: Form | None, types: Mapping[str, str]) -> Iterator[Difference]:
    if found is None:
        change = _update(
            AttributeDefinitions=_texts(index.partition, index.sort),
            GlobalSecondaryIndexUpdates=[{"Create": _index(index)}],
        )
        yield Difference(f"its index {index.name} is missing", change)
        return
    wanted, there = _told(_keys(index.partition, index.sort)), _told(found["KeySchema"], types)
    if there != wanted:
        yield Difference(f"the key of its index {index.name} is {there}, not {wanted}")
    if (kept := found["Projection"]["ProjectionType"]) != "KEYS_ONLY":
        yield Difference(f"its index {index.name} holds {kept}, not KEYS_ONLY")


def _update(**request: Any) -> Change:
    return Change("update_table", request)


def _index(index: Index) -> Form:
    return {
        "IndexName": index.name,
        "KeySchema": _keys(index.partition, index.sort),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def _keys(partition: str, sort: str) -> list[Form]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _texts(*names: str) -> list[Form]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _told(keys: list[Form], types: Mapping[str, str] | None = None) -> str:
    """A key in words, such as ``pk (HASH, S), sk (RANGE, S)``."""
    return ", ".join(
        f"{name} ({key['KeyType']}, {(types or {}).get(name, 'S')})"
        for key in keys
        for name in (key["AttributeName"],)
    )
