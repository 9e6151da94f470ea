"""One decided change of an incident, stored with the entry that explains it.

Every short decision (a click, a command) goes through here: read, decide, write on condition that
nobody was faster, else decide again on what is true now. Long work goes through plans (durable).
"""

from collections.abc import Callable
from dataclasses import dataclass

from incident_response.domain.errors import ConflictError, NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import NewEntry
from incident_response.domain.model import IncidentId
from incident_response.ports.incident_store import Change, IncidentStore, PlanRecord

MAX_TRIES = 20
"""Lost races in a row before we say so; each one means that somebody else got a change through."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The incident as it shall be, and what explains it; an unchanged incident stores the entries
    alone.
    """

    incident: Incident
    entries: tuple[NewEntry, ...]
    plan: PlanRecord | None = None
    """A plan that is opened with it."""


Decide = Callable[[Incident], Decision]
"""Raises ``NotAllowedError`` or another ``PermanentError`` to refuse.

Called again after a lost race.
"""


async def change_incident(
    store: IncidentStore, incident_id: IncidentId, decide: Decide
) -> Incident:
    """The incident after the change; stored when this returns.

    Raises what ``decide`` raises, ``NotFoundError`` for an unknown incident, ``ConflictError`` if
    the race is hopeless.
    """
    for _ in range(MAX_TRIES):
        incident = await store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        decision = decide(incident)
        changed = _next_version(incident, decision.incident)
        if changed is None and not decision.entries and decision.plan is None:
            return incident
        change = Change(
            incident_id=incident_id,
            incident=changed,
            entries=decision.entries,
            plan=decision.plan,
        )
        try:
            await store.commit(change)
        except ConflictError:
            continue
        return changed or incident
    raise ConflictError(f"{incident_id} is changing too fast: try again")


def _next_version(old: Incident, new: Incident) -> Incident | None:
    if new == old:
        return None
    return new.model_copy(update={"version": old.version + 1})
