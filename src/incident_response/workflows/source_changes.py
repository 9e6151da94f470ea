"""What follows from what the source did: it resolved, or what was over fires again.

Decided on the state now, from the ledger entry of the event, so that a redelivery decides the same
once. Not here: folding (fold_alerts), telling the room (room_notices).
"""

from incident_response.domain.alert import AlertState
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import EventId, IncidentId, UserId
from incident_response.domain.policy import Policy
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.lifecycle import IncidentLifecycle
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.resolution import IncidentResolver
from incident_response.workflows.roles import Asked


class SourceChanges:
    """Proposes to resolve, resolves where the policy leaves it to us, and starts again."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        policy: Policy,
        resolver: IncidentResolver,
        lifecycle: IncidentLifecycle,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._policy = policy
        self._resolver = resolver
        self._lifecycle = lifecycle
        self._clock = clock

    async def follow(self, incident_id: IncidentId, event_id: EventId) -> Incident | None:
        """Do what follows from the folded event; the incident after it."""
        entry = await self._entry_of(incident_id, event_id)
        incident = await self._store.get(incident_id)
        if entry is None or incident is None:
            return incident
        if entry.kind is EntryKind.INCIDENT_REOPENED:
            await self._lifecycle.restart(incident)
        if entry.kind is EntryKind.ALERT_RESOLVED:
            await self._source_resolved(incident, entry, event_id)
        return await self._store.get(incident_id)

    async def _source_resolved(
        self, incident: Incident, entry: LedgerEntry, event_id: EventId
    ) -> None:
        """Never closed behind the commander's back: only proposed, unless nobody commands and the
        policy says so.
        """
        if incident.is_ending or incident.alert_state is not AlertState.RESOLVED:
            return
        if self._policy.of(incident.severity).closes_with_source and incident.commander is None:
            asked = Asked(by=UserId(SYSTEM), at=entry.at, key=f"source:{event_id}")
            if await self._resolver.close_with_source(incident.incident_id, asked=asked):
                return
        await self._propose(incident.incident_id, event_id)

    async def _propose(self, incident_id: IncidentId, event_id: EventId) -> None:
        key = f"proposed:{event_id}"
        if await is_decided(self._ledger, incident_id, key):
            return
        entry = NewEntry(kind=EntryKind.RESOLVE_PROPOSED, at=self._clock.now(), details={KEY: key})
        await change_incident(self._store, incident_id, lambda now: Decision(now, (entry,)))

    async def _entry_of(self, incident_id: IncidentId, event_id: EventId) -> LedgerEntry | None:
        entries = await self._ledger.entries(incident_id)
        return next((e for e in entries if e.details.get("event_id") == event_id), None)
