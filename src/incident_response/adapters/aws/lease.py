"""``ports.lease`` on DynamoDB. Not here: who asks for one (durable).

When a lease ends is told by the clocks of those who take it; if they differ, one may be taken too
early, which the fence makes harmless: it is checked by DynamoDB with every write under it.
"""

from datetime import datetime, timedelta

from incident_response.adapters.aws.forms import Computed, Condition
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.tables import lease_key
from incident_response.adapters.aws.times import expiring
from incident_response.adapters.aws.transaction import Check
from incident_response.adapters.times import micros
from incident_response.domain.errors import LeaseLostError
from incident_response.ports.clock import Clock
from incident_response.ports.lease import Lease

REMEMBERED = timedelta(days=30)
"""A fence may start over when nobody can still hold an older one."""
_FREE = "attribute_not_exists(#pk) OR #holder = :holder OR #held_until <= :now"
_NEXT = Computed("if_not_exists(#fence, :zero) + :one", {"zero": 0, "one": 1})


class DynamoLeaseStore:
    """``ports.lease.LeaseStore``; a lease that was let go keeps its item, and so its fence."""

    def __init__(self, items: Items, clock: Clock) -> None:
        self._items = items
        self._clock = clock

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lease | None:
        now = self._clock.now()
        taken = await self._items.update(
            lease_key(name),
            {"holder": owner, "fence": _NEXT, **_held(now + ttl)},
            Condition(_FREE, {"holder": owner, "now": micros(now)}),
        )
        return None if taken is None else Lease(name=name, owner=owner, fence=taken["fence"])

    async def renew(self, lease: Lease, *, ttl: timedelta) -> None:
        held = _held(self._clock.now() + ttl)
        if await self._items.update(lease_key(lease.name), held, _still(lease)) is None:
            raise LeaseLostError(f"the lease {lease.name} was taken over")

    async def release(self, lease: Lease) -> None:
        free = {"holder": "", "held_until": 0}
        await self._items.update(lease_key(lease.name), free, _still(lease))


def newest(table: str, lease: Lease) -> Check:
    """That this is the newest taking of the lease."""
    condition = Condition("#fence = :fence", {"fence": lease.fence})
    return Check(table, lease_key(lease.name), condition)


def _held(until: datetime) -> dict[str, int]:
    return {"held_until": micros(until), **expiring(until + REMEMBERED)}


def _still(lease: Lease) -> Condition:
    values = {"holder": lease.owner, "fence": lease.fence}
    return Condition("#holder = :holder AND #fence = :fence", values)
