"""Decides that an incident is over: one transaction, which opens the plan that ends it.

From that transaction on nobody is reminded or paged. Not here: the plan (ending), the other steps
of an incident's life (lifecycle).
"""

from incident_response.domain.errors import NotFoundError, WrongStateError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.lifecycle import Move, in_order, require
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.response import Resolution
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, PlanRecord, PlanState
from incident_response.ports.ledger import Ledger
from incident_response.workflows.authority import authority_of
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.roles import Asked

RESOLVE = "resolve"
"""Name of the plan's kind; a run of it is ``resolve#2``."""


class IncidentResolver:
    """Resolves incidents."""

    def __init__(self, *, store: IncidentStore, ledger: Ledger, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._clock = clock

    async def resolve(self, incident_id: IncidentId, *, summary: str, asked: Asked) -> Incident:
        """The incident, whose resolving has begun and will end; stored when this returns.

        One without a room is over at once: there is nobody to tell. Raises ``NotAllowedError``
        for who may not, ``WrongStateError`` if it is resolved, or being resolved, already.
        """
        if await is_decided(self._ledger, incident_id, asked.key):
            return await self._known(incident_id)
        authority = await authority_of(self._chat, await self._known(incident_id), asked.by)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            require(Move.RESOLVE, incident)
            return self._decision(incident, summary, asked)

        return await change_incident(self._store, incident_id, decide)

    async def close_with_source(self, incident_id: IncidentId, *, asked: Asked) -> bool:
        """Resolve it by ourselves because its source did, unless somebody is in command by then;
        whether it is being resolved, or is.
        """
        if not await is_decided(self._ledger, incident_id, asked.key):

            def decide(incident: Incident) -> Decision:
                if incident.commander is not None or incident.is_ending:
                    return Decision(incident, ())
                return self._decision(incident, "The alert stopped firing.", asked)

            await change_incident(self._store, incident_id, decide)
        return (await self._known(incident_id)).is_ending

    async def suggested_summary(self, incident_id: IncidentId) -> str:
        """What people last said about where it stands; empty if nobody did."""
        told = (EntryKind.INCIDENT_MITIGATED, EntryKind.UPDATE_POSTED)
        for entry in reversed(await self._ledger.entries(incident_id)):
            text = entry.details.get("text")
            if entry.kind in told and isinstance(text, str) and text.strip():
                return " ".join(text.split())
        return ""

    def _decision(self, incident: Incident, summary: str, asked: Asked) -> Decision:
        run, at = incident.resolutions + 1, in_order(incident, asked.at)
        resolution = Resolution(by=asked.by, at=at, summary=summary, run=run)
        details: Json = {KEY: asked.key, "run": run, "summary": summary}
        update: dict[str, object] = {"resolution": resolution, "resolutions": run}
        changed = incident.model_copy(update=update)
        if incident.room is None:
            entry = self._entry(EntryKind.INCIDENT_RESOLVED, asked, details)
            return Decision(ended(changed, run), (entry,))
        entry = self._entry(EntryKind.RESOLVE_STARTED, asked, details)
        plan = PlanRecord(
            incident_id=incident.incident_id,
            plan=resolve_run(changed),
            state=PlanState.OPEN,
            opened_at=self._clock.now(),
        )
        return Decision(changed, (entry,), plan)

    def _entry(self, kind: EntryKind, asked: Asked, details: Json) -> NewEntry:
        return NewEntry(kind=kind, at=self._clock.now(), actor=asked.by, details=details)

    async def _known(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident


def resolve_run(incident: Incident) -> str:
    """The name of the run of the plan that resolves ``incident`` now, or did last."""
    return f"{RESOLVE}#{incident.resolutions}"


def ended(incident: Incident, run: int) -> Incident:
    """The incident as it is when it is over by this run of the plan.

    Raises ``WrongStateError`` if it was reopened meanwhile.
    """
    resolution = incident.resolution
    if resolution is None or resolution.run != run:
        raise WrongStateError("it was reopened meanwhile")
    update = {"status": IncidentStatus.RESOLVED, "resolved_at": resolution.at}
    return incident.model_copy(update=update)
