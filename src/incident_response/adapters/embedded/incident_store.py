"""``ports.incident_store`` on the embedded database.

Not here: how the ledger is sealed and appended to (ledger), what a lease is (lease).
"""

import sqlite3
from datetime import datetime

from incident_response.adapters.embedded import lease, ledger
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.times import micros
from incident_response.domain.errors import ConflictError
from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.ledger import Seal
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.incident_store import (
    Change,
    Folding,
    PlanRecord,
    StepRecord,
)


class EmbeddedIncidentStore:
    """``ports.incident_store.IncidentStore``."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    async def get(self, incident_id: IncidentId) -> Incident | None:
        sql = "SELECT state FROM incident WHERE incident_id = ?"
        found = await self._texts(sql, incident_id)
        return Incident.model_validate_json(found[0]) if found else None

    async def by_channel(self, channel_id: ChannelId) -> Incident | None:
        found = await self._texts("SELECT state FROM incident WHERE channel_id = ?", channel_id)
        return Incident.model_validate_json(found[0]) if found else None

    async def recent(self, *, open_only: bool, limit: int) -> list[Incident]:
        which = "WHERE is_closed = 0" if open_only else ""
        sql = (
            f"SELECT state FROM incident {which}"  # noqa: S608 - own literals
            " ORDER BY created_at DESC, rowid DESC LIMIT ?"
        )
        return [Incident.model_validate_json(text) for text in await self._texts(sql, limit)]

    async def group(self, group_id: str) -> AlertGroup | None:
        found = await self._texts("SELECT state FROM alert_group WHERE group_id = ?", group_id)
        return AlertGroup.model_validate_json(found[0]) if found else None

    async def commit(self, change: Change) -> None:
        await self._database.write(lambda connection: _apply(connection, change, self._seal))

    async def journal(self, incident_id: IncidentId, plan: str) -> dict[str, StepRecord]:
        sql = "SELECT record FROM step WHERE incident_id = ? AND plan = ?"
        texts = await self._texts(sql, incident_id, plan)
        return {record.step: record for record in map(StepRecord.model_validate_json, texts)}

    async def plan(self, incident_id: IncidentId, plan: str) -> PlanRecord | None:
        sql = "SELECT record FROM plan WHERE incident_id = ? AND plan = ?"
        found = await self._texts(sql, incident_id, plan)
        return PlanRecord.model_validate_json(found[0]) if found else None

    async def open_plans(self, *, due_at: datetime, limit: int) -> list[PlanRecord]:
        sql = (
            "SELECT record FROM plan"
            " WHERE state = 'open' AND (not_before IS NULL OR not_before <= ?)"
            " ORDER BY opened_at LIMIT ?"
        )
        texts = await self._texts(sql, micros(due_at), limit)
        return [PlanRecord.model_validate_json(text) for text in texts]

    async def expire(self, incident_id: IncidentId, *, at: datetime | None) -> None:
        """Nothing: what is to become of a file is its owner's to say."""

    async def _texts(self, sql: str, *values: str | int) -> list[str]:
        rows: list[tuple[str]] = await self._database.read(
            lambda connection: connection.execute(sql, values).fetchall()
        )
        return [text for (text,) in rows]


def _apply(connection: sqlite3.Connection, change: Change, seal: Seal) -> None:
    if change.lease is not None:
        lease.check(connection, change.lease)
    if change.incident is not None:
        _store_incident(connection, change.incident)
    if change.group is not None:
        _store_group(connection, change.group)
    if change.folding is not None:
        _fold(connection, change.folding)
    if change.plan is not None:
        _store_plan(connection, change.plan)
    if change.incident_id is not None:
        _store_steps(connection, change.incident_id, change.steps)
        ledger.append(connection, seal, incident_id=change.incident_id, entries=change.entries)


def _store_incident(connection: sqlite3.Connection, incident: Incident) -> None:
    values = {
        "incident_id": incident.incident_id,
        "version": incident.version,
        "created_at": micros(incident.created_at),
        "is_closed": incident.is_closed,
        "channel_id": None if incident.room is None else incident.room.channel_id,
        "state": incident.model_dump_json(),
    }
    sql = _INSERT_INCIDENT if incident.version == 1 else _UPDATE_INCIDENT
    try:
        is_stored = connection.execute(sql, values).rowcount
    except sqlite3.IntegrityError as error:
        raise ConflictError("the room belongs to another incident") from error
    if not is_stored:
        raise ConflictError(f"{incident.incident_id} is not at version {incident.version - 1}")


_INSERT_INCIDENT = (
    "INSERT INTO incident (incident_id, version, created_at, is_closed, channel_id, state)"
    " VALUES (:incident_id, :version, :created_at, :is_closed, :channel_id, :state)"
    " ON CONFLICT (incident_id) DO NOTHING"
)
_UPDATE_INCIDENT = (
    "UPDATE incident SET version = :version, created_at = :created_at, is_closed = :is_closed,"
    " channel_id = :channel_id, state = :state"
    " WHERE incident_id = :incident_id AND version = :version - 1"
)


def _store_group(connection: sqlite3.Connection, group: AlertGroup) -> None:
    values = {
        "group_id": group.group_id,
        "version": group.version,
        "state": group.model_dump_json(),
    }
    sql = _INSERT_GROUP if group.version == 1 else _UPDATE_GROUP
    if not connection.execute(sql, values).rowcount:
        raise ConflictError(f"alert group {group.group_id} is not at version {group.version - 1}")


_INSERT_GROUP = (
    "INSERT INTO alert_group (group_id, version, state) VALUES (:group_id, :version, :state)"
    " ON CONFLICT (group_id) DO NOTHING"
)
_UPDATE_GROUP = (
    "UPDATE alert_group SET version = :version, state = :state"
    " WHERE group_id = :group_id AND version = :version - 1"
)


def _fold(connection: sqlite3.Connection, folding: Folding) -> None:
    is_folded = connection.execute(
        "UPDATE intake SET status = ?, incident_id = ?"
        " WHERE event_id = ? AND status IN ('pending', 'quarantined')",
        (folding.status.value, folding.incident_id, folding.event_id),
    ).rowcount
    if not is_folded:
        raise ConflictError(f"the intake record {folding.event_id} is not waiting to be folded")


def _store_plan(connection: sqlite3.Connection, plan: PlanRecord) -> None:
    not_before = None if plan.not_before is None else micros(plan.not_before)
    connection.execute(
        "INSERT INTO plan (incident_id, plan, state, opened_at, not_before, record)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (incident_id, plan) DO UPDATE SET"
        " state = excluded.state, opened_at = excluded.opened_at,"
        " not_before = excluded.not_before, record = excluded.record",
        (
            plan.incident_id,
            plan.plan,
            plan.state.value,
            micros(plan.opened_at),
            not_before,
            plan.model_dump_json(),
        ),
    )


def _store_steps(
    connection: sqlite3.Connection, incident_id: IncidentId, steps: tuple[StepRecord, ...]
) -> None:
    connection.executemany(
        "INSERT INTO step (incident_id, plan, step, record) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (incident_id, plan, step) DO UPDATE SET record = excluded.record",
        [(incident_id, step.plan, step.step, step.model_dump_json()) for step in steps],
    )
