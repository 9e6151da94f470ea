"""``ports.intake`` on DynamoDB.

Not here: folding, which ``incident_store`` commits; the webhook's short way to store (signed).
"""

from datetime import datetime, timedelta

from incident_response.adapters.aws.forms import IS_NEW, Condition, Item, at
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.tables import (
    ALERTS_PENDING,
    ALERTS_TROUBLED,
    WORK_INDEX,
    intake_key,
)
from incident_response.adapters.aws.times import expiring, sortable
from incident_response.adapters.aws.transaction import Update
from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.incident import RETENTION
from incident_response.domain.model import EventId, IncidentId
from incident_response.ports.incident_store import Folding
from incident_response.ports.intake import Accepted

_WORK = {
    IntakeStatus.PENDING: ALERTS_PENDING.name,
    IntakeStatus.QUARANTINED: ALERTS_TROUBLED.name,
    IntakeStatus.DEAD: ALERTS_TROUBLED.name,
}
_WAITING = Condition(
    "#status IN (:pending, :quarantined)",
    {"pending": IntakeStatus.PENDING.value, "quarantined": IntakeStatus.QUARANTINED.value},
)
_JUST_BEFORE = timedelta(microseconds=1)


class DynamoIntake:
    """``ports.intake.Intake``; a put is one request."""

    def __init__(self, items: Items, *, puts: Items | None = None) -> None:
        """``puts`` takes the place of ``items`` for storing."""
        self._items = items
        self._puts = puts or items

    async def put(self, record: IntakeRecord) -> Accepted:
        there = await self._puts.put(_item(record), IS_NEW)
        if there is None:
            return Accepted(record=record, is_new=True)
        return Accepted(record=_record(there), is_new=False)

    async def get(self, event_id: EventId) -> IntakeRecord | None:
        item = await self._items.get(intake_key(event_id))
        return None if item is None else _record(item)

    async def pending(self, *, received_before: datetime, limit: int) -> list[IntakeRecord]:
        until = sortable(received_before - _JUST_BEFORE)
        found = await self._items.find(WORK_INDEX, ALERTS_PENDING, until=until, limit=limit)
        records = map(_record, await self._items.get_many([one.key for one in found]))
        return [record for record in records if record.status is IntakeStatus.PENDING]

    async def mark(self, event_id: EventId, status: IntakeStatus) -> None:
        changes = {"status": status.value, "work": _WORK.get(status)}
        if status is IntakeStatus.FOLDED:
            changes |= {"work_at": None}
        await self._items.update(intake_key(event_id), changes, _WAITING)

    async def troubled(self, *, limit: int) -> list[IntakeRecord]:
        found = await self._items.find(WORK_INDEX, ALERTS_TROUBLED, limit=limit, newest_first=True)
        records = map(_record, await self._items.get_many([one.key for one in found]))
        return [record for record in records if record.status in _WORK]


def folded(table: str, folding: Folding, now: datetime) -> Update:
    """Marks a waiting record with what it was folded into."""
    work = _WORK.get(folding.status)
    changes: Item = {
        "status": folding.status.value,
        "incident_id": folding.incident_id,
        "work": work,
    }
    if work is None:
        changes |= {"work_at": None, **expiring(now + RETENTION)}
    return Update(table, intake_key(folding.event_id), changes, _WAITING)


def _item(record: IntakeRecord) -> Item:
    work = _WORK.get(record.status)
    return at(
        intake_key(record.event_id),
        status=record.status.value,
        incident_id=record.incident_id,
        record=record.model_dump_json(),
        work=work,
        work_at=sortable(record.received_at) if work else None,
    )


def _record(item: Item) -> IntakeRecord:
    incident_id = item.get("incident_id")
    return IntakeRecord.model_validate_json(item["record"]).model_copy(
        update={
            "status": IntakeStatus(item["status"]),
            "incident_id": None if incident_id is None else IncidentId(incident_id),
        }
    )
