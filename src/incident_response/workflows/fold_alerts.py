"""Folds accepted alerts into incidents, one transaction each, and opens the plan that assembles
the room.

Not here: the rule itself (domain.folding), telling people (room_notices).
"""

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.errors import ConflictError, NotFoundError
from incident_response.domain.folding import Folded, fold
from incident_response.domain.incident import AlertGroup, Incident
from incident_response.domain.model import EventId, IncidentId
from incident_response.domain.policy import Policy
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import (
    Change,
    Folding,
    IncidentStore,
    PlanRecord,
    PlanState,
)
from incident_response.ports.intake import Intake

ASSEMBLE = "assemble"
"""Name of the plan that assembles a war room."""
MAX_TRIES = 20


class AlertFolder:
    """Turns a pending intake record into a change of an incident."""

    def __init__(
        self, *, intake: Intake, store: IncidentStore, policy: Policy, clock: Clock
    ) -> None:
        self._intake = intake
        self._store = store
        self._policy = policy
        self._clock = clock

    async def fold(self, event_id: EventId) -> IncidentId | None:
        """The incident the record belongs to, None if it concerns none; folded when this returns.

        Folding again changes nothing. Raises ``NotFoundError`` for a record nobody accepted,
        ``ConflictError`` if others keep being faster.
        """
        for _ in range(MAX_TRIES):
            record = await self._intake.get(event_id)
            if record is None:
                raise NotFoundError("there is no accepted alert of this id")
            if record.status is not IntakeStatus.PENDING:
                return record.incident_id
            try:
                return await self._fold_once(record)
            except ConflictError:
                continue
        raise ConflictError("this alert group is changing too fast: try again")

    async def _fold_once(self, record: IntakeRecord) -> IncidentId | None:
        group = await self._store.group(record.alert.group_id)
        incident = await self._incident_of(group)
        folded = fold(
            record,
            group,
            incident,
            now=self._clock.now(),
            policy=self._policy,
            lives_on=await self._lives_on(incident),
        )
        incident_id = folded.incident.incident_id if folded.incident else None
        await self._store.commit(self._change(record, folded, incident_id))
        return incident_id

    async def _incident_of(self, group: AlertGroup | None) -> Incident | None:
        if group is None or group.incident_id is None:
            return None
        return await self._store.get(group.incident_id)

    async def _lives_on(self, incident: Incident | None) -> bool:
        """Whether it was merged into an incident that is still worked on."""
        seen: set[IncidentId] = set()
        is_merged = False
        while incident is not None and incident.merged_into is not None:
            if incident.merged_into in seen:
                return False
            seen.add(incident.merged_into)
            incident, is_merged = await self._store.get(incident.merged_into), True
        return is_merged and incident is not None and not incident.is_closed

    def _change(
        self, record: IntakeRecord, folded: Folded, incident_id: IncidentId | None
    ) -> Change:
        plan = None
        if folded.opens_room and incident_id is not None:
            plan = PlanRecord(
                incident_id=incident_id,
                plan=ASSEMBLE,
                state=PlanState.OPEN,
                opened_at=self._clock.now(),
            )
        return Change(
            incident_id=incident_id,
            incident=folded.incident if folded.is_changed else None,
            group=folded.group,
            entries=folded.entries,
            plan=plan,
            folding=Folding(
                event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=incident_id
            ),
        )
