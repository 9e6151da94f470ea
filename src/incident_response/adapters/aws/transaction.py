"""Several items written together, or none: ``TransactWriteItems``, and what its refusal says.

Not here: what is written together (incident_store).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.forms import (
    Condition,
    Item,
    condition_form,
    key_form,
    packed,
    unpacked,
    update_form,
)
from incident_response.adapters.aws.patience import patiently
from incident_response.adapters.aws.session import AwsClient
from incident_response.adapters.aws.tables import Key
from incident_response.domain.errors import RateLimitedError, RefusedError

MOST_WRITES = 100
"""DynamoDB takes no more in one transaction."""
_CANCELLED = "TransactionCanceledException"
_REFUSED = "ConditionalCheckFailed"
_BUSY = {"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}


@dataclass(frozen=True, slots=True)
class Put:
    """Store a whole item."""

    table: str
    item: Item
    condition: Condition | None = None

    @property
    def form(self) -> dict[str, Any]:
        item = {"TableName": self.table, "Item": packed(self.item)}
        return {"Put": item | condition_form(self.condition)}


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes of an item."""

    table: str
    key: Key
    changes: Item
    condition: Condition

    @property
    def form(self) -> dict[str, Any]:
        item = {"TableName": self.table, "Key": key_form(self.key)}
        return {"Update": item | update_form(self.changes, self.condition)}


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, and let nothing be written unless this holds."""

    table: str
    key: Key
    condition: Condition

    @property
    def form(self) -> dict[str, Any]:
        item = {"TableName": self.table, "Key": key_form(self.key)}
        return {"ConditionCheck": item | condition_form(self.condition)}


Write = Put | Update | Check


async def transact(client: AwsClient, writes: Sequence[Write]) -> list[Item | None] | None:
    """None once all of it is stored. Else nothing is, and for each write there is the item that
    stood in its way (empty: none is there), None if nothing did.

    One token goes with every try of this call, so that a try whose answer was lost is not done
    twice. Raises ``RateLimitedError`` if the items stay busy, ``UnknownOutcomeError``, ...
    """
    if len(writes) > MOST_WRITES:
        raise RefusedError(f"{len(writes)} items are too many at once", reason="TooManyItems")
    request = {
        "TransactItems": [write.form for write in writes],
        "ClientRequestToken": uuid.uuid4().hex,
    }

    async def attempt() -> list[Item | None] | None:
        with aws_errors("writing to the tables together"):
            try:
                await client.transact_write_items(**request)
            except ClientError as error:
                if error_code(error) != _CANCELLED:
                    raise
                return _in_the_way(error)
        return None

    return await patiently(attempt)


def _in_the_way(error: ClientError) -> list[Item | None]:
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons}
    if _REFUSED in codes:
        return [
            unpacked(reason.get("Item", {})) if reason.get("Code") == _REFUSED else None
            for reason in reasons
        ]
    if codes & _BUSY:
        raise RateLimitedError(f"the items are busy: {', '.join(sorted(codes & _BUSY))}")
    raise error
