"""``ports.incident_store`` over any other one: tells metrics what was stored, once it is.

Counted is what the ledger says happened, in the one place through which all of it goes; so a
workflow cannot forget to count, nor count what was not stored. A plan that is opened gets the
trace of what opened it. Not here: storing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.ledger import SYSTEM, EntryKind, NewEntry
from incident_response.domain.model import ChannelId, IncidentId
from incident_response.ports.incident_store import (
    Change,
    IncidentStore,
    PlanRecord,
    PlanState,
    StepRecord,
)
from incident_response.telemetry import (
    count_nudge,
    count_opened,
    count_postmortem,
    count_publish,
    count_resolved,
    count_step_failure,
    measure_approval,
    measure_assembly,
    traceparent,
)

log = structlog.get_logger(__name__)

Tell = Callable[[Change, NewEntry], None]


class TellingStore:
    """``ports.incident_store.IncidentStore``."""

    def __init__(self, store: IncidentStore) -> None:
        self._store = store

    async def get(self, incident_id: IncidentId) -> Incident | None:
        return await self._store.get(incident_id)

    async def by_channel(self, channel_id: ChannelId) -> Incident | None:
        return await self._store.by_channel(channel_id)

    async def recent(self, *, open_only: bool, limit: int) -> list[Incident]:
        return await self._store.recent(open_only=open_only, limit=limit)

    async def group(self, group_id: str) -> AlertGroup | None:
        return await self._store.group(group_id)

    async def commit(self, change: Change) -> None:
        await self._store.commit(_traced(change))
        for entry in change.entries:
            try:
                _TOLD.get(entry.kind, _nothing)(change, entry)
            except Exception as error:  # noqa: BLE001 - it is stored: nothing may look otherwise
                log.warning("not counted", kind=entry.kind, error=type(error).__name__)

    async def journal(self, incident_id: IncidentId, plan: str) -> dict[str, StepRecord]:
        return await self._store.journal(incident_id, plan)

    async def plan(self, incident_id: IncidentId, plan: str) -> PlanRecord | None:
        return await self._store.plan(incident_id, plan)

    async def open_plans(self, *, due_at: datetime, limit: int) -> list[PlanRecord]:
        return await self._store.open_plans(due_at=due_at, limit=limit)

    async def expire(self, incident_id: IncidentId, *, at: datetime | None) -> None:
        await self._store.expire(incident_id, at=at)


def _traced(change: Change) -> Change:
    """The change, with an opened plan's trace; one that has a trace keeps it to its end."""
    plan = change.plan
    if plan is None or plan.trace or plan.state is not PlanState.OPEN:
        return change
    return replace(change, plan=plan.model_copy(update={"trace": traceparent()}))


def _nothing(_change: Change, _entry: NewEntry) -> None:
    """Most entries are not counted."""


def _opened(change: Change, _entry: NewEntry) -> None:
    source = change.incident.source if change.incident is not None else ""
    count_opened(severity=_severity(change), source=source)


def _assembled(change: Change, entry: NewEntry) -> None:
    seconds = entry.details["seconds"]
    assert isinstance(seconds, (int, float)), "mark_assembled measures it"
    measure_assembly(seconds, severity=_severity(change))


def _step_failed(change: Change, entry: NewEntry) -> None:
    plan = change.steps[0].plan.partition("#")[0] if change.steps else ""
    count_step_failure(plan=plan, step=str(entry.details["step"]))


def _approved(change: Change, entry: NewEntry) -> None:
    """Only the first approval of a text: later ones follow what went wrong after it."""
    draft = change.incident.page.draft if change.incident is not None else None
    if draft is not None and draft.attempt == 1:
        measure_approval(entry.at - draft.drafted_at, severity=_severity(change))


def _published(_change: Change, entry: NewEntry) -> None:
    count_publish("published" if entry.actor == SYSTEM else "confirmed")


def _refused(change: Change, _entry: NewEntry) -> None:
    draft = change.incident.page.draft if change.incident is not None else None
    count_publish("refused" if draft is not None and draft.is_stuck else "postponed")


def _approval_refused(_change: Change, entry: NewEntry) -> None:
    """By the program itself, when it came to sending; a person's refused click is no sending."""
    if entry.actor == SYSTEM:
        count_publish("blocked")


def _nudged(_change: Change, entry: NewEntry) -> None:
    count_nudge(to="room" if entry.details.get("to") == "room" else "commander")


_TOLD: Mapping[EntryKind, Tell] = {
    EntryKind.INCIDENT_OPENED: _opened,
    EntryKind.WAR_ROOM_ASSEMBLED: _assembled,
    EntryKind.STEP_FAILED: _step_failed,
    EntryKind.STATUSPAGE_DRAFT_APPROVED: _approved,
    EntryKind.STATUSPAGE_PUBLISHED: _published,
    EntryKind.STATUSPAGE_REFUSED: _refused,
    EntryKind.STATUSPAGE_UNCERTAIN: lambda _change, _entry: count_publish("uncertain"),
    EntryKind.STATUSPAGE_NEEDS_HUMAN: lambda _change, _entry: count_publish("needs_human"),
    EntryKind.STATUSPAGE_APPROVAL_REFUSED: _approval_refused,
    EntryKind.NUDGE_SENT: _nudged,
    EntryKind.INCIDENT_RESOLVED: lambda change, _entry: count_resolved(severity=_severity(change)),
    EntryKind.POSTMORTEM_CREATED: lambda change, _: count_postmortem(severity=_severity(change)),
}


def _severity(change: Change) -> str:
    return change.incident.severity.value if change.incident is not None else "unknown"
