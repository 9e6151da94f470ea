"""Everything that calls people about an incident by itself, stopped and started as one.

Not here: what a reminder or a page is (nudge, page_reminder, escalation).
"""

from typing import Protocol

from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId


class Schedules(Protocol):
    """Reminds people; ``nudge.NudgeScheduler`` and ``page_reminder.PageReminder`` are two."""

    async def schedule(self, incident: Incident) -> object: ...

    async def reschedule(self, incident_id: IncidentId) -> None: ...

    async def stop(self, incident_id: IncidentId) -> None: ...


class Ladder(Protocol):
    """Pages further people while nobody answers."""

    async def rearm(self, incident_id: IncidentId) -> object: ...

    async def stop(self, incident_id: IncidentId) -> object: ...


class Reminders:
    """The reminders and the escalation."""

    def __init__(self, *schedules: Schedules, ladder: Ladder | None = None) -> None:
        self._schedules = schedules
        self._ladder = ladder

    async def stop(self, incident_id: IncidentId) -> None:
        """Nobody is called any more; can be done twice."""
        for schedules in self._schedules:
            await schedules.stop(incident_id)
        if self._ladder is not None:
            await self._ladder.stop(incident_id)

    async def start(self, incident: Incident) -> None:
        """People are called again, as at the beginning; can be done twice."""
        for schedules in self._schedules:
            await schedules.schedule(incident)
        if self._ladder is not None:
            await self._ladder.rearm(incident.incident_id)

    async def reschedule(self, incident_id: IncidentId) -> None:
        """The severity changed: remind at its pace."""
        for schedules in self._schedules:
            await schedules.reschedule(incident_id)
