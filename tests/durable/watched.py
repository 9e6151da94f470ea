"""The real store and leases, with somebody looking over their shoulder."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.incident_store import (
    Change,
    IncidentStore,
    PlanRecord,
    StepRecord,
)
from incident_response.ports.lease import Lease, LeaseStore

Hook = Callable[[Change], Awaitable[None]]


async def nothing(_: Change) -> None:
    """Look on."""


class WatchedStore:
    """``IncidentStore`` that calls ``before`` and ``after`` around every commit."""

    def __init__(
        self, inner: IncidentStore, *, before: Hook = nothing, after: Hook = nothing
    ) -> None:
        self._inner = inner
        self.before = before
        self.after = after

    async def commit(self, change: Change) -> None:
        await self.before(change)
        await self._inner.commit(change)
        await self.after(change)

    async def get(self, incident_id: IncidentId) -> Incident | None:
        return await self._inner.get(incident_id)

    async def by_channel(self, channel_id: ChannelId) -> Incident | None:
        return await self._inner.by_channel(channel_id)

    async def recent(self, *, open_only: bool, limit: int) -> list[Incident]:
        return await self._inner.recent(open_only=open_only, limit=limit)

    async def expire(self, incident_id: IncidentId, *, at: datetime | None) -> None:
        await self._inner.expire(incident_id, at=at)

    async def group(self, group_id: str) -> AlertGroup | None:
        return await self._inner.group(group_id)

    async def journal(self, incident_id: IncidentId, plan: str) -> dict[str, StepRecord]:
        return await self._inner.journal(incident_id, plan)

    async def plan(self, incident_id: IncidentId, plan: str) -> PlanRecord | None:
        return await self._inner.plan(incident_id, plan)

    async def open_plans(self, *, due_at: datetime, limit: int) -> list[PlanRecord]:
        return await self._inner.open_plans(due_at=due_at, limit=limit)


class WatchedLeases:
    """``LeaseStore`` that counts, and whose renewals can be held up like a stopped process."""

    def __init__(self, inner: LeaseStore) -> None:
        self._inner = inner
        self.acquired = 0
        """How often a lease was asked for."""
        self.renewed = 0
        self.may_renew = asyncio.Event()
        self.may_renew.set()

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lease | None:
        self.acquired += 1
        return await self._inner.acquire(name, owner=owner, ttl=ttl)

    async def renew(self, lease: Lease, *, ttl: timedelta) -> None:
        await self.may_renew.wait()
        await self._inner.renew(lease, ttl=ttl)
        self.renewed += 1

    async def release(self, lease: Lease) -> None:
        await self._inner.release(lease)
