"""What still happens after an incident has ended: its room is archived, its review is looked for,
its commander is asked once how it went.

Each is a schedule that fires once. Whether there is a reason is decided on the state then: it may
have been reopened. Not here: ending it (resolution, lifecycle), the words (blocks).
"""

from datetime import datetime, timedelta

import structlog

from incident_response.blocks.aftercare import (
    archiving,
    not_archived,
    pulse_reminder,
    review_overdue,
)
from incident_response.domain.errors import IncidentResponseError, RefusedError, RetryableError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.postmortem import REVIEW_WITHIN
from incident_response.domain.queues import AFTERCARE_QUEUE
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.issue_tracker import IssueTracker
from incident_response.ports.ledger import Ledger
from incident_response.ports.scheduler import Schedule, Scheduler
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.post_once import post_once

ROOM_ARCHIVE_DUE = "ROOM_ARCHIVE_DUE"
SLA_CHECK = "SLA_CHECK"
PULSE_FOLLOW_UP = "PULSE_FOLLOW_UP"

PULSE_AFTER = timedelta(hours=24)
AGAIN_AFTER = timedelta(hours=1)
"""When somebody is asked again who did not answer."""
GIVE_UP_AFTER = timedelta(days=7)
"""How long that goes on; then operators are told."""
MANAGER = "engineering_manager"
"""The policy's contact who hears of an overdue review beside the commander."""

_NAMES = {ROOM_ARCHIVE_DUE: "archive", SLA_CHECK: "review", PULSE_FOLLOW_UP: "pulse"}
"""Prefix of the schedule's name by event."""

log = structlog.get_logger(__name__)


class Aftercare:
    """Schedules it, and does it when it is due."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        tracker: IssueTracker | None,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._scheduler = scheduler
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._tracker = tracker
        self._policy = policy
        self._clock = clock

    def archive_at(self, incident: Incident) -> datetime | None:
        """When the room of an incident that has ended is archived; None: never."""
        after = self._policy.archive_after
        if after is None or incident.room is None or incident.resolved_at is None:
            return None
        return incident.resolved_at + after

    async def schedule_archive(self, incident: Incident) -> datetime | None:
        """Have the room archived in its time; when, None: never."""
        at = self.archive_at(incident)
        if at is not None:
            await self._schedule(ROOM_ARCHIVE_DUE, incident, at)
        return at

    async def schedule_review(self, incident: Incident) -> datetime | None:
        """Have the review looked for at its deadline; when, None: there is nothing to review."""
        if incident.postmortem is None:
            return None
        await self._schedule(SLA_CHECK, incident, incident.postmortem.review_due_at)
        return incident.postmortem.review_due_at

    async def schedule_pulse(self, incident: Incident) -> datetime:
        """Have the commander asked once more how it went; when."""
        at = (incident.resolved_at or self._clock.now()) + PULSE_AFTER
        await self._schedule(PULSE_FOLLOW_UP, incident, at)
        return at

    async def cancel(self, incident_id: IncidentId) -> None:
        """None of it happens, nor is anything forgotten; for an incident that goes on. Can be done
        twice.
        """
        for name in _NAMES.values():
            await self._scheduler.delete(f"{name}-{incident_id}")
        await self._store.expire(incident_id, at=None)

    async def archive_due(self, incident_id: IncidentId, run: int, at: datetime) -> None:
        """Say so and archive the room, once, and let the store forget all of it in its time; what
        refuses it is told, and not tried again.
        """
        incident = await self._ended(incident_id, run)
        if incident is None or incident.room is None:
            return
        if incident.room_archived_at is not None:
            await self._store.expire(incident_id, at=incident.expires_at)
            return
        room = incident.room.channel_id
        key = f"{incident_id}:{ROOM_ARCHIVE_DUE}:{run}"
        try:
            await post_once(self._chat, room, archiving(incident), key=key, since=at)
            await self._chat.archive(room)
        except RefusedError as error:
            if error.reason != "is_archived":  # somebody did it by hand
                await self._not_archived(incident, error)
                return
        except RetryableError as error:
            await self._later(ROOM_ARCHIVE_DUE, incident, error)
            return
        await self._record_archived(incident_id)
        archived = await self._store.get(incident_id)
        if archived is not None:
            await self._store.expire(incident_id, at=archived.expires_at)

    async def review_due(self, incident_id: IncidentId, run: int) -> None:
        """Tell the commander and the manager of a postmortem that nobody has reviewed, once."""
        incident = await self._ended(incident_id, run)
        if incident is None or self._tracker is None or incident.postmortem is None:
            return
        if await self._has(incident_id, EntryKind.REVIEW_OVERDUE, run):
            return
        try:
            issue = await self._tracker.get(incident.postmortem.issue_id)
        except RetryableError as error:
            await self._later(SLA_CHECK, incident, error)
            return
        if issue is None or not issue.is_done:
            await self._tell_overdue(incident, run, is_gone=issue is None)

    async def pulse_due(self, incident_id: IncidentId, run: int) -> None:
        """Ask the commander how it went, unless somebody has said so: once, claimed before it is
        sent.
        """
        incident = await self._ended(incident_id, run)
        if incident is None or incident.ratings or incident.commander is None:
            return
        if await self._has(incident_id, EntryKind.PULSE_ASKED, run):
            return
        await self._record(incident_id, EntryKind.PULSE_ASKED, {"run": run, "follow_up": True})
        await self._chat.direct(incident.commander, pulse_reminder(incident))

    # Inside

    async def _later(self, event: str, incident: Incident, error: RetryableError) -> None:
        """Have it done later, since somebody does not answer now; after a week that is raised."""
        now = self._clock.now()
        if incident.resolved_at is None or now - incident.resolved_at > self._give_up_after:
            raise error
        log.warning("put off", what=event, incident_id=incident.incident_id, reason=str(error))
        await self._schedule(event, incident, now + AGAIN_AFTER)

    @property
    def _give_up_after(self) -> timedelta:
        return max(self._policy.archive_after or REVIEW_WITHIN, REVIEW_WITHIN) + GIVE_UP_AFTER

    async def _schedule(self, event: str, incident: Incident, at: datetime) -> None:
        await self._scheduler.put(
            Schedule(
                name=f"{_NAMES[event]}-{incident.incident_id}",
                queue=AFTERCARE_QUEUE,
                type=event,
                group=incident.incident_id,
                body={"incident_id": incident.incident_id, "run": incident.resolutions},
                first_at=at,
            )
        )

    async def _ended(self, incident_id: IncidentId, run: int) -> Incident | None:
        """The incident, if it is closed and was not reopened since it was scheduled."""
        incident = await self._store.get(incident_id)
        if incident is None or not incident.is_closed or incident.resolutions != run:
            return None
        return incident

    async def _has(self, incident_id: IncidentId, kind: EntryKind, run: int) -> bool:
        entries = await self._ledger.entries(incident_id)
        return any(e.kind is kind and e.details.get("run") == run for e in entries)

    async def _record(self, incident_id: IncidentId, kind: EntryKind, details: Json) -> None:
        entry = NewEntry(kind=kind, at=self._clock.now(), details=details)
        await change_incident(self._store, incident_id, lambda now: Decision(now, (entry,)))

    async def _record_archived(self, incident_id: IncidentId) -> None:
        now = self._clock.now()
        entry = NewEntry(kind=EntryKind.ROOM_ARCHIVED, at=now)

        def decide(incident: Incident) -> Decision:
            changed = incident.model_copy(update={"room_archived_at": now})
            return Decision(changed, (entry,))

        await change_incident(self._store, incident_id, decide)

    async def _not_archived(self, incident: Incident, error: RefusedError) -> None:
        """The room stays; it is told where it can be, and kept in the ledger in any case."""
        assert incident.room is not None
        log.warning("room not archived", incident_id=incident.incident_id, reason=str(error))
        reason = error.reason or str(error)
        details: Json = {"step": "archive", "reason": reason}
        await self._record(incident.incident_id, EntryKind.STEP_FAILED, details)
        try:
            key = f"{incident.incident_id}:not_archived:{incident.resolutions}"
            await self._chat.post(incident.room.channel_id, not_archived(reason), key=key)
        except RefusedError as refusal:
            log.warning("cannot tell the room", reason=str(refusal))

    async def _tell_overdue(self, incident: Incident, run: int, *, is_gone: bool) -> None:
        """Each person is told at most once; if none could be, the room is."""
        message = review_overdue(incident, is_gone=is_gone)
        told: list[UserId] = []
        for user in await self._reviewers(incident):
            try:
                await self._chat.direct(user, message)
                told.append(user)
            except IncidentResponseError as error:
                log.warning("cannot tell of the review", user_id=user, reason=str(error))
        if not told and incident.room is not None and incident.room_archived_at is None:
            key = f"{incident.incident_id}:review:{run}"
            await self._chat.post(incident.room.channel_id, message, key=key)
        details: Json = {"run": run, "told": list(told)}
        await self._record(incident.incident_id, EntryKind.REVIEW_OVERDUE, details)

    async def _reviewers(self, incident: Incident) -> tuple[UserId, ...]:
        """The commander, or who resolved it; and the manager whom the policy names."""
        people: list[UserId] = []
        if incident.commander is not None:
            people.append(incident.commander)
        elif incident.resolution is not None:
            people.append(incident.resolution.by)
        address = self._policy.contacts.get(MANAGER, "")
        try:
            manager = await self._chat.user_by_email(address) if address else None
        except IncidentResponseError as error:
            log.warning("cannot look up the manager", reason=str(error))
            manager = None
        if manager is not None and manager.may_respond:
            people.append(manager.user_id)
        return tuple(dict.fromkeys(people))
