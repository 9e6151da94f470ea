"""``ports.incident_store`` on DynamoDB: one ``TransactWriteItems`` a change, with its entries.

Not here: how entries are sealed onto a ledger (ledger), what a lease is (lease).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakValueDictionary

from incident_response.adapters.aws import intake, lease
from incident_response.adapters.aws.forms import IS_NEW, Condition, Item, at
from incident_response.adapters.aws.items import Found, Items
from incident_response.adapters.aws.ledger import DynamoLedger, appending
from incident_response.adapters.aws.session import AwsClient
from incident_response.adapters.aws.tables import (
    EXPIRES_AT,
    INCIDENTS,
    INCIDENTS_CLOSED,
    INCIDENTS_OPEN,
    PLANS_OPEN,
    WORK_INDEX,
    Key,
    channel_key,
    group_key,
    incident_key,
    plan_key,
    step_key,
)
from incident_response.adapters.aws.times import expiring, sortable
from incident_response.adapters.aws.transaction import Put, Write, transact
from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    InvalidConfigurationError,
    LeaseLostError,
    LedgerBrokenError,
    RateLimitedError,
)
from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.ledger import Seal
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import Change, PlanRecord, PlanState, StepRecord

AT_ONCE = ""
"""Sorts before every time: a plan with nothing to wait for."""
APPEND_TRIES = 10
"""While other processes append to the same ledger."""


@dataclass(frozen=True, slots=True)
class Part:
    """One write of a change, and what it means if something stands in its way."""

    write: Write
    refusal: IncidentResponseError | None = None
    """None: the ledger went on meanwhile, so that its end is to be read again."""


class DynamoIncidentStore:
    """``ports.incident_store.IncidentStore``."""

    def __init__(
        self, client: AwsClient, *, incidents: Items, audit: Items, seal: Seal | None, clock: Clock
    ) -> None:
        """Without ``seal`` it can only be read."""
        self._client = client
        self._incidents = incidents
        self._audit = audit
        self._ledger = DynamoLedger(audit, incidents)
        self._seal = seal
        self._clock = clock
        self._turns: WeakValueDictionary[IncidentId, asyncio.Lock] = WeakValueDictionary()

    async def get(self, incident_id: IncidentId) -> Incident | None:
        item = await self._incidents.get(incident_key(incident_id))
        return None if item is None else _incident(item)

    async def by_channel(self, channel_id: ChannelId) -> Incident | None:
        item = await self._incidents.get(channel_key(channel_id))
        incident = None if item is None else await self.get(IncidentId(item["incident_id"]))
        return incident if incident is not None and _channel(incident) == channel_id else None

    async def recent(self, *, open_only: bool, limit: int) -> list[Incident]:
        found: list[Found] = []
        for kind in (INCIDENTS_OPEN,) if open_only else INCIDENTS:
            found += await self._incidents.find(WORK_INDEX, kind, limit=limit, newest_first=True)
        items = await self._incidents.get_many([one.key for one in found])
        incidents = map(_incident, items)
        wanted = [incident for incident in incidents if not (open_only and incident.is_closed)]
        wanted.sort(key=lambda incident: incident.created_at, reverse=True)
        return wanted[:limit]

    async def group(self, group_id: str) -> AlertGroup | None:
        item = await self._incidents.get(group_key(group_id))
        return None if item is None else AlertGroup.model_validate_json(item["record"])

    async def commit(self, change: Change) -> None:
        async with self._turn(change):
            for _ in range(APPEND_TRIES):
                parts = [part async for part in self._parts(change)]
                in_the_way = await transact(self._client, [part.write for part in parts])
                if in_the_way is None:
                    return
                _refuse(parts, in_the_way)
        raise RateLimitedError(f"others keep writing to the ledger of {change.incident_id}")

    async def journal(self, incident_id: IncidentId, plan: str) -> dict[str, StepRecord]:
        first = step_key(incident_id, plan, "")
        items = await self._incidents.within(first, f"{first.sort}\U0010ffff")
        records = (StepRecord.model_validate_json(item["record"]) for item in items)
        # A run "kind#2" begins as the steps of "kind" do.
        return {record.step: record for record in records if record.plan == plan}

    async def plan(self, incident_id: IncidentId, plan: str) -> PlanRecord | None:
        item = await self._incidents.get(plan_key(incident_id, plan))
        return None if item is None else _plan(item)

    async def open_plans(self, *, due_at: datetime, limit: int) -> list[PlanRecord]:
        until = f"{sortable(due_at)}~"  # every text that begins with the time is below it
        found = await self._incidents.find(WORK_INDEX, PLANS_OPEN, until=until)
        found.sort(key=lambda one: one.sort.partition("#")[2])
        items = await self._incidents.get_many([one.key for one in found[:limit]])
        return [plan for plan in map(_plan, items) if _is_due(plan, due_at)]

    async def expire(self, incident_id: IncidentId, *, at: datetime | None) -> None:
        expiry: Item = {EXPIRES_AT: None} if at is None else dict(expiring(at))
        incident = await self.get(incident_id)
        for items in (self._audit, self._incidents):
            whole = await items.within(Key(incident_key(incident_id).partition, " "), "~")
            await items.set_on_all([Key(item["pk"], item["sk"]) for item in whole], expiry)
        if incident is not None and incident.room is not None:
            await self._incidents.set_on_all([channel_key(incident.room.channel_id)], expiry)

    @asynccontextmanager
    async def _turn(self, change: Change) -> AsyncIterator[None]:
        """One commit of an incident at a time: those of one process need not race each other."""
        if change.incident_id is None:
            yield
            return
        turn = self._turns.get(change.incident_id)
        if turn is None:
            turn = self._turns[change.incident_id] = asyncio.Lock()
        async with turn:
            yield

    async def _parts(self, change: Change) -> AsyncIterator[Part]:
        """Every write, those first whose refusal says more."""
        life = _life(change.incident)
        if change.incident_id is None or not change.entries:
            for part in self._state_parts(change, life):
                yield part
            return
        head, known = await self._ledger.end(change.incident_id)
        if change.incident is None:
            life = known  # or what is kept for ever would end a ledger that is not
        for part in self._state_parts(change, life):
            yield part
        for part in self._ledger_parts(change, change.incident_id, head=head, life=life):
            yield part

    def _state_parts(self, change: Change, life: Item) -> Iterator[Part]:
        table, incident, group = self._incidents.table, change.incident, change.group
        if change.lease is not None:
            lost = LeaseLostError(f"the lease {change.lease.name} was taken over")
            yield Part(lease.newest(table, change.lease), lost)
        if incident is not None:
            yield _incident_part(table, incident, life)
            if incident.room is not None:
                yield _channel_part(table, incident, incident.room.channel_id, life)
        if group is not None:
            yield _group_part(table, group)
        if change.folding is not None:
            words = f"the intake record {change.folding.event_id} is not waiting to be folded"
            folded = intake.folded(table, change.folding, self._clock.now())
            yield Part(folded, ConflictError(words))
        if change.plan is not None:
            yield Part(Put(table, _plan_item(change.plan, life)))
        for step in change.steps:
            assert change.incident_id is not None, "a change says so itself"
            yield Part(Put(table, _step_item(change.incident_id, step, life)))

    def _ledger_parts(
        self, change: Change, incident_id: IncidentId, *, head: tuple[int, str], life: Item
    ) -> Iterator[Part]:
        if self._seal is None:
            raise InvalidConfigurationError("LEDGER_KEY is not set: nothing can be sealed")
        seq, _ = head
        append = appending(
            self._audit.table,
            self._seal,
            incident_id=incident_id,
            entries=change.entries,
            head=head,
            life=life,
        )

        def broken(words: str, at_seq: int) -> LedgerBrokenError:
            return LedgerBrokenError(words, incident_id=incident_id, seq=at_seq)

        yield Part(append.head)
        if append.tail is not None:
            yield Part(append.tail, broken(f"entry {seq} is not the one the head names", seq))
        for number, put in enumerate(append.entries, seq + 1):
            yield Part(put, broken(f"entry {number} is there, and the head names none", number))


def _refuse(parts: list[Part], in_the_way: list[Item | None]) -> None:
    """Raise what the first write with something in its way means; return if it is to be tried
    again on the ledger's new end.
    """
    for part, item in zip(parts, in_the_way, strict=True):
        if item is not None:
            if part.refusal is not None:
                raise part.refusal
            return


def _incident_part(table: str, incident: Incident, life: Item) -> Part:
    words = f"{incident.incident_id} is not at version {incident.version - 1}"
    item = at(
        incident_key(incident.incident_id),
        version=incident.version,
        record=incident.model_dump_json(),
        work=(INCIDENTS_CLOSED if incident.is_closed else INCIDENTS_OPEN).name,
        work_at=sortable(incident.created_at),
        slack_channel_id=_channel(incident),
        created_at=incident.created_at.isoformat(),
        **life,
    )
    return Part(Put(table, item, _follows(incident.version)), ConflictError(words))


def _channel_part(table: str, incident: Incident, channel_id: ChannelId, life: Item) -> Part:
    its = incident.incident_id
    item = at(channel_key(channel_id), incident_id=its, **life)
    free = Condition("attribute_not_exists(#pk) OR #incident_id = :its", {"its": its})
    return Part(Put(table, item, free), ConflictError("the room belongs to another incident"))


def _group_part(table: str, group: AlertGroup) -> Part:
    words = f"alert group {group.group_id} is not at version {group.version - 1}"
    item = at(group_key(group.group_id), version=group.version, record=group.model_dump_json())
    return Part(Put(table, item, _follows(group.version)), ConflictError(words))


def _follows(version: int) -> Condition:
    if version == 1:
        return IS_NEW
    return Condition("#version = :before", {"before": version - 1})


def _plan_item(plan: PlanRecord, life: Item) -> Item:
    waits_until = AT_ONCE if plan.not_before is None else sortable(plan.not_before)
    is_open = plan.state is PlanState.OPEN
    return at(
        plan_key(plan.incident_id, plan.plan),
        record=plan.model_dump_json(),
        work=PLANS_OPEN.name if is_open else None,
        work_at=f"{waits_until}#{sortable(plan.opened_at)}" if is_open else None,
        **life,
    )


def _step_item(incident_id: IncidentId, step: StepRecord, life: Item) -> Item:
    return at(step_key(incident_id, step.plan, step.step), record=step.model_dump_json(), **life)


def _life(incident: Incident | None) -> Item:
    """What is written once the room was archived expires with what was there then (``expire``)."""
    if incident is None or incident.expires_at is None:
        return {}
    return dict(expiring(incident.expires_at))


def _incident(item: Item) -> Incident:
    return Incident.model_validate_json(item["record"])


def _plan(item: Item) -> PlanRecord:
    return PlanRecord.model_validate_json(item["record"])


def _is_due(plan: PlanRecord, due_at: datetime) -> bool:
    waits = plan.not_before is not None and plan.not_before > due_at
    return plan.state is PlanState.OPEN and not waits


def _channel(incident: Incident) -> ChannelId | None:
    return None if incident.room is None else incident.room.channel_id
