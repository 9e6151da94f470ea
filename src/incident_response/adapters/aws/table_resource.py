"""A DynamoDB table that has to be there: looking at it, making it, setting it right.

Not here: how it has to be (table_form), which tables there are (tables).
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.table_form import (
    USABLE,
    Change,
    Difference,
    Found,
    creation,
    differences,
)
from incident_response.adapters.aws.tables import Table
from incident_response.domain.errors import NotFoundError, RefusedError, UnavailableError

PAUSE = timedelta(seconds=2)
"""Between two looks at what AWS is still working on."""
LOOKS = 450
"""A quarter of an hour: a table takes half a minute, an index of an empty one some minutes."""

_ON_ITS_WAY = {*USABLE, "CREATING"}
_BUSY = {
    "ContinuousBackupsUnavailableException",  # for some seconds after a table was made
    "LimitExceededException",  # too many tables are being changed
    "ResourceInUseException",  # this one is being changed
}


@dataclass(frozen=True, slots=True)
class TableResource:
    """A table with its indexes: on demand, encrypted, protected from being deleted, recoverable to
    any second of the last 35 days, and rid of what has expired.
    """

    table: Table
    pause: timedelta = PAUSE
    looks: int = LOOKS
    kind: str = field(default="table", init=False)

    @property
    def name(self) -> str:
        return self.table.name

    async def wrong(self, clients: AwsClients) -> list[str]:
        try:
            found = await self._found(clients)
        except NotFoundError:
            return ["it is missing"]
        return [*found.unfinished, *(one.words for one in differences(self.table, found))]

    async def apply(self, clients: AwsClients) -> None:
        """Returns when all of it can be used.

        Raises ``RefusedError`` for what only a person may change, and then changes nothing;
        ``UnavailableError`` if AWS takes longer than we wait: it may be asked again.
        """
        try:
            await self._found(clients)
        except NotFoundError:
            await self._make(clients)
        differ = await self._settled(clients)
        if fixed := [one.words for one in differ if one.change is None]:
            raise RefusedError(f"table {self.name}, to be changed by hand: {'; '.join(fixed)}")
        for one in differ:
            if one.change is not None:
                await self._change(clients, one.change)
                await self._settled(clients, without=one.words)

    async def _make(self, clients: AwsClients) -> None:
        with aws_errors(f"making the table {self.name}"):
            try:
                await clients.dynamodb.create_table(**creation(self.table))
            except ClientError as error:
                if error_code(error) != "ResourceInUseException":  # somebody else was faster
                    raise

    async def _change(self, clients: AwsClients, change: Change) -> None:
        client = clients.dynamodb
        ask = {
            "update_table": client.update_table,
            "update_time_to_live": client.update_time_to_live,
            "update_continuous_backups": client.update_continuous_backups,
        }[change.operation]
        for _ in range(self.looks):
            with aws_errors(f"setting up the table {self.name}"):
                try:
                    await ask(TableName=self.name, **change.request)
                except ClientError as error:
                    if error_code(error) not in _BUSY:
                        raise
                    why = error_code(error)
                else:
                    return
            await asyncio.sleep(self.pause.total_seconds())
        raise UnavailableError(f"setting up the table {self.name}: {why}: {self._too_long}")

    async def _settled(self, clients: AwsClients, *, without: str = "") -> list[Difference]:
        """What differs when AWS works on nothing any more, and ``without`` is no longer told:
        DynamoDB may describe for a moment what was before the last request.
        """
        for _ in range(self.looks):
            left, differ = await self._left(clients, without)
            if not left:
                return differ
            await asyncio.sleep(self.pause.total_seconds())
        raise UnavailableError(f"table {self.name}: {left}: {self._too_long}")

    async def _left(self, clients: AwsClients, without: str) -> tuple[str, list[Difference]]:
        """What is still to be waited for, in words, and what differs."""
        try:
            found = await self._found(clients)
        except NotFoundError:
            return "it is missing", []
        if found.status not in _ON_ITS_WAY:
            raise RefusedError(f"table {self.name}: it is {found.status}")
        differ = list(differences(self.table, found))
        same = [one.words for one in differ if one.words == without]
        return "; ".join([*found.unfinished, *same]), differ

    @property
    def _too_long(self) -> str:
        return f"so still after {self.pause * self.looks}; apply again later"

    async def _found(self, clients: AwsClients) -> Found:
        client, at = clients.dynamodb, {"TableName": self.name}
        with aws_errors(f"looking at the table {self.name}"):
            table = (await client.describe_table(**at))["Table"]
            if table["TableStatus"] not in USABLE:  # there is nothing else to be asked about it
                return Found(table, {}, {})
            expiry = await client.describe_time_to_live(**at)
            backups = await client.describe_continuous_backups(**at)
        return Found(
            table,
            expiry["TimeToLiveDescription"],
            backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {}),
        )
