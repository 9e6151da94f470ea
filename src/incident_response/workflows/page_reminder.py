"""Reminds the room once that customers have been told nothing, as late as the policy allows.

Whether there is a reason is decided when it is due. Not here: the draft (page_desk), the words
(blocks).
"""

from datetime import datetime

from incident_response.blocks.page_replies import draft_due
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.domain.queues import NUDGE_QUEUE
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.scheduler import Schedule, Scheduler
from incident_response.workflows.post_once import post_once

PAGE_DRAFT_DUE = "PAGE_DRAFT_DUE"


class PageReminder:
    """Schedules the reminder, and sends it when it is due."""

    def __init__(
        self,
        *,
        has_page: bool,
        scheduler: Scheduler,
        store: IncidentStore,
        chat: Chat,
        policy: Policy,
        clock: Clock,
    ) -> None:
        """``has_page``: whether a status page is connected; nobody is reminded without one."""
        self._has_page = has_page
        self._scheduler = scheduler
        self._store = store
        self._chat = chat
        self._policy = policy
        self._clock = clock

    async def schedule(self, incident: Incident) -> datetime | None:
        """Have the room reminded in its time; when, None: never. Can be done twice."""
        within = self._policy.of(incident.severity).page_draft_within
        if not self._has_page or within is None or incident.page.drafts:
            await self.stop(incident.incident_id)
            return None
        at = max(incident.created_at + within, self._clock.now())
        await self._scheduler.put(
            Schedule(
                name=_name(incident.incident_id),
                queue=NUDGE_QUEUE,
                type=PAGE_DRAFT_DUE,
                group=incident.incident_id,
                body={"incident_id": incident.incident_id},
                first_at=at,
            )
        )
        return at

    async def reschedule(self, incident_id: IncidentId) -> None:
        """The severity changed, and with it what the policy asks for."""
        incident = await self._store.get(incident_id)
        if incident is not None and not incident.is_ending:
            await self.schedule(incident)

    async def stop(self, incident_id: IncidentId) -> None:
        """Nobody is reminded any more; can be done twice."""
        await self._scheduler.delete(_name(incident_id))

    async def due(self, incident_id: IncidentId) -> None:
        """Remind the room, once in the incident's life, unless somebody has begun to write."""
        incident = await self._store.get(incident_id)
        if incident is None or incident.is_ending or incident.page.drafts or not incident.room:
            return
        if self._policy.of(incident.severity).page_draft_within is None:
            return
        key = f"{incident_id}:{PAGE_DRAFT_DUE}"
        channel, since = incident.room.channel_id, incident.created_at
        await post_once(self._chat, channel, draft_due(incident), key=key, since=since)


def _name(incident_id: IncidentId) -> str:
    return f"page-{incident_id}"
