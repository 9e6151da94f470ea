"""An incident's timeline: reading it, adding what happened outside, correcting when.

Nothing in the ledger is changed by it: an added event and a corrected time are entries of their
own. Not here: what a row says (domain.timeline), reading a typed time (routing.moments).
"""

from datetime import datetime, timedelta

from incident_response.domain.errors import NotFoundError, RefusedError
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.plain_text import clean
from incident_response.domain.timeline import TimelineRow, timeline
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.roles import Asked

LONGEST_EVENT = 500
"""Characters of an added event."""
AHEAD = timedelta(minutes=1)
"""How far ahead of ours a person's clock may be."""
FURTHEST = timedelta(days=365)
"""An event further back than this before the incident is a slip of the finger."""


class Timeline:
    """Keeps the timeline."""

    def __init__(self, *, store: IncidentStore, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

    async def rows(self, incident_id: IncidentId) -> tuple[TimelineRow, ...]:
        """What happened, oldest first."""
        return timeline(await self._ledger.entries(incident_id))

    async def add(self, incident_id: IncidentId, text: str, at: datetime, *, asked: Asked) -> None:
        """Put ``text`` into the timeline at ``at``, also after the end. Asked again, it is added
        once.

        Raises ``RefusedError`` for no text or a time that cannot be meant.
        """
        said = clean(text)[:LONGEST_EVENT]
        if not said:
            raise RefusedError("say what happened")
        await self._require_past(incident_id, at)
        details: Json = {"text": said, "at": at.isoformat()}
        await self._write(incident_id, EntryKind.TIMELINE_ADDED, details, asked)

    async def move(self, incident_id: IncidentId, seq: int, at: datetime, *, asked: Asked) -> None:
        """Correct when the event numbered ``seq`` happened.

        Raises ``NotFoundError`` if the timeline shows no such event, ``RefusedError`` for a time
        that cannot be meant.
        """
        rows = await self.rows(incident_id)
        if all(row.seq != seq for row in rows):
            raise NotFoundError(f"the timeline has no event {seq}")
        await self._require_past(incident_id, at)
        details: Json = {"seq": seq, "to": at.isoformat()}
        await self._write(incident_id, EntryKind.TIMELINE_MOVED, details, asked)

    async def _require_past(self, incident_id: IncidentId, at: datetime) -> None:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        if at > self._clock.now() + AHEAD:
            raise RefusedError("that time has not come yet")
        if at < incident.started_at - FURTHEST:
            raise RefusedError("that is more than a year before the incident")

    async def _write(
        self, incident_id: IncidentId, kind: EntryKind, details: Json, asked: Asked
    ) -> None:
        if await is_decided(self._ledger, incident_id, asked.key):
            return
        entry = NewEntry(
            kind=kind, at=self._clock.now(), actor=asked.by, details={**details, KEY: asked.key}
        )
        await change_incident(self._store, incident_id, lambda now: Decision(now, (entry,)))
