"""Reminds the commander to say where things stand, at the pace of the severity: at most once a
slot, never after the end, a fresh update, or while they want to be left alone.

The incident's own state decides, when a slot comes; the schedule is only a trigger, and is made to
fit the state again each time. Not here: the rules (domain.reminding), the words (blocks), what
counts as an update (updates), telling the next person when nobody answers (backup).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from incident_response.blocks.nudge import nudge, silenced, unsilenced
from incident_response.domain import reminding
from incident_response.domain.errors import (
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    WrongStateError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.policy import Policy
from incident_response.domain.queues import NUDGE_QUEUE
from incident_response.domain.response import PreparedUpdate
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, PlanRecord, PlanState
from incident_response.ports.ledger import Ledger
from incident_response.ports.scheduler import Schedule, Scheduler
from incident_response.workflows.authority import Authority, authority_of
from incident_response.workflows.backup import backup_run
from incident_response.workflows.change_incident import Decide, Decision, change_incident
from incident_response.workflows.drafting import Drafting
from incident_response.workflows.post_once import post_once
from incident_response.workflows.redelivery import KEY, is_decided
from incident_response.workflows.roles import Asked

NUDGE_EVENT = "STATUS_UPDATE_NUDGE"
GIVE_UP_AFTER = timedelta(days=7)
"""An orphaned schedule dies here."""
SEND_WAITS = (0.0, 1.0, 5.0)
"""Seconds before each try of a reminder that was certainly not sent."""
MAX_FITS = 10
"""Times that a schedule is made to fit a state that changes meanwhile."""

log = structlog.get_logger(__name__)


class NudgeScheduler:
    """Schedules reminders and decides, when one is due, whether it is sent."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        drafting: Drafting,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._scheduler = scheduler
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._drafting = drafting
        self._policy = policy
        self._clock = clock
        self.kick: Callable[[IncidentId, str], None] = lambda *_: None
        """Begins an opened plan at once; the runner finds it by itself otherwise."""

    # The schedule

    async def schedule(self, incident: Incident) -> datetime | None:
        """Have the commander reminded; from when on, None if nobody will be."""

        def decide(now: Incident) -> Decision:
            cadence = self._cadence(now)
            if cadence is None or now.is_ending:
                return Decision(now, ())
            return Decision(reminding.begun(now, self._clock.now(), cadence), ())

        await change_incident(self._store, incident.incident_id, decide)
        fitted = await self._fit(incident.incident_id)
        return self.next_at(fitted) if fitted is not None else None

    async def reschedule(self, incident_id: IncidentId) -> None:
        """The severity has changed: its pace counts from the last update or reminder."""

        def decide(now: Incident) -> Decision:
            return Decision(reminding.at_new_pace(now), ())

        await change_incident(self._store, incident_id, decide)
        await self._fit(incident_id)

    async def stop(self, incident_id: IncidentId) -> None:
        """No more reminders; can be done twice."""
        await self._scheduler.delete(_name(incident_id))

    def next_at(self, incident: Incident) -> datetime | None:
        """From when on the next reminder is due; None if none is to come."""
        cadence = self._cadence(incident)
        is_off = incident.is_ending or incident.nudging.is_silenced
        return None if cadence is None or is_off else reminding.next_at(incident, cadence)

    # When a slot comes

    async def due(self, incident_id: IncidentId, slot: datetime) -> None:
        """A slot has come: remind, unless there is no reason to; tell another if nobody answers.

        The slot is claimed in the incident before the reminder is sent: better none than two. The
        draft of an update is made before that, so that it is there when *Post update* is clicked.
        """
        incident = await self._store.get(incident_id)
        if incident is not None:
            if why_not := self._why_not(incident, slot):
                log.info("not reminded", incident_id=incident_id, why=why_not)
            else:
                await self._remind(incident, slot)
        await self._fit(incident_id)

    def _why_not(self, incident: Incident, slot: datetime) -> str:
        now, cadence = self._clock.now(), self._cadence(incident)
        return reminding.why_not(incident, slot, now=now, cadence=cadence)

    async def _remind(self, incident: Incident, slot: datetime) -> None:
        draft, ours = await self._prepared(incident), Decision(incident, ())

        def claim(now: Incident) -> Decision:
            nonlocal ours
            ours = Decision(now, ()) if self._why_not(now, slot) else self._claim(now, slot, draft)
            return ours

        claimed = await change_incident(self._store, incident.incident_id, claim)
        if ours.plan is not None:
            self.kick(incident.incident_id, ours.plan.plan)
        if ours.entries:
            await self._send(claimed, slot)

    def _claim(self, incident: Incident, slot: datetime, draft: PreparedUpdate | None) -> Decision:
        details: Json = {"slot": slot.isoformat(), "to": incident.commander or "room"}
        entry = NewEntry(kind=EntryKind.NUDGE_SENT, at=self._clock.now(), details=details)
        plan = self._backup(incident, slot) if reminding.needs_backup(incident) else None
        return Decision(reminding.reminded(incident, slot, draft=draft), (entry,), plan)

    async def _prepared(self, incident: Incident) -> PreparedUpdate | None:
        """A model's draft. The template's is better made when the form is opened: it takes no
        time, and knows more then.
        """
        since, now = reminding.silent_since(incident), self._clock.now()
        drafted = await self._drafting.room_update(incident, since)
        return None if drafted.is_template else PreparedUpdate(text=drafted.text, at=now)

    def _backup(self, incident: Incident, slot: datetime) -> PlanRecord:
        return PlanRecord(
            incident_id=incident.incident_id,
            plan=backup_run(slot),
            state=PlanState.OPEN,
            opened_at=self._clock.now(),
        )

    async def _send(self, incident: Incident, slot: datetime) -> None:
        """Tried again only while it was certainly not sent and is still wanted; one that is lost
        is logged, and the next slot comes.
        """
        for wait in SEND_WAITS:
            if wait:
                await self._clock.sleep(wait)
                incident = await self._known(incident.incident_id)
            if not reminding.is_wanted(incident):
                return
            try:
                await self._deliver(incident, slot)
            except (RateLimitedError, UnavailableError) as error:
                log.warning("reminder not sent yet", reason=str(error))
            except IncidentResponseError as error:
                log.warning("reminder lost", reason=str(error))
                return
            else:
                log.info("reminded", incident_id=incident.incident_id)
                return
        log.error("reminder not sent", incident_id=incident.incident_id)

    async def _deliver(self, incident: Incident, slot: datetime) -> None:
        """To the commander alone, directly if they have left the room; to the room if nobody
        commands.
        """
        assert incident.room is not None
        message = nudge(incident, self._clock.now())
        channel, commander = incident.room.channel_id, incident.commander
        if commander is None:
            key = f"{incident.incident_id}:nudge:{slot.isoformat()}"
            await self._chat.post(channel, message, key=key)
            return
        try:
            await self._chat.post_private(channel, commander, message)
        except RefusedError as error:
            log.info("reminding in a direct message", reason=str(error))
            await self._chat.direct(commander, message)

    # What people make of it

    async def updated(self, incident_id: IncidentId, at: datetime) -> None:
        """The room was told where things stand: the next reminder counts from then."""

        def decide(incident: Incident) -> Decision:
            is_news = reminding.is_news(incident, at)
            return Decision(reminding.updated(incident, at) if is_news else incident, ())

        await change_incident(self._store, incident_id, decide)
        await self.follow(incident_id)

    async def snooze(self, incident_id: IncidentId, minutes: int, *, asked: Asked) -> Incident:
        """No reminder for so long, then the next; counted from when it was asked for.

        Raises ``NotAllowedError`` or ``WrongStateError``, as ``silence`` does.
        """
        until = asked.at + timedelta(minutes=minutes)
        details: Json = {"minutes": minutes, "until": until.isoformat()}
        authority = await self._authority(incident_id, asked)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            entry = self._entry(EntryKind.NUDGE_SNOOZED, asked, details)
            return Decision(reminding.snoozed(incident, until), (entry,))

        await self._decide_once(incident_id, decide, asked)
        return await self.follow(incident_id)

    async def silence(self, incident_id: IncidentId, *, asked: Asked) -> bool:
        """No reminder until ``unsilence``; whether that is new. The room is told.

        From the moment it is stored nobody is reminded, whatever the schedule says. Raises
        ``NotAllowedError`` for who may not, ``WrongStateError`` for a closed incident.
        """
        authority = await self._authority(incident_id, asked)

        def decide(incident: Incident) -> Decision:
            authority.require(incident)
            if incident.nudging.is_silenced:
                return Decision(incident, ())
            entry = self._entry(EntryKind.NUDGE_SILENCED, asked, {})
            return Decision(reminding.silenced(incident), (entry,))

        is_new = await self._decide_once(incident_id, decide, asked)
        incident = await self.follow(incident_id)
        if is_new:
            await self._tell_room(incident, silenced(incident, asked.by), asked)
        return is_new

    async def unsilence(self, incident_id: IncidentId, *, asked: Asked) -> bool:
        """Reminders again, counting from now; whether that is new. The room is told.

        Anybody in the room may. Raises as ``silence``, and what the scheduler raises: without it
        nobody would be reminded.
        """
        authority = await self._authority(incident_id, asked)
        authority.require_in_room()

        def decide(incident: Incident) -> Decision:
            if not incident.nudging.is_silenced:
                return Decision(incident, ())
            entry = self._entry(EntryKind.NUDGE_UNSILENCED, asked, {})
            return Decision(reminding.unsilenced(incident, asked.at), (entry,))

        is_new = await self._decide_once(incident_id, decide, asked)
        await self._fit(incident_id)
        if is_new:
            incident = await self._known(incident_id)
            await self._tell_room(incident, unsilenced(asked.by, self.next_at(incident)), asked)
        return is_new

    async def follow(self, incident_id: IncidentId) -> Incident:
        """Make the schedule fit a state that is stored already; the incident.

        If the scheduler does not answer, the next slot that comes does it: until then the state
        alone keeps anybody from being reminded who should not be.
        """
        try:
            await self._fit(incident_id)
        except IncidentResponseError as error:
            log.warning("schedule not changed", incident_id=incident_id, reason=str(error))
        return await self._known(incident_id)

    # Inside

    async def _fit(self, incident_id: IncidentId) -> Incident | None:
        """Make the schedule what the incident's state asks for, also if that moves meanwhile."""
        incident = await self._store.get(incident_id)
        for _ in range(MAX_FITS):
            wanted = self._wanted(incident)
            if wanted is None:
                await self.stop(incident_id)
            elif await self._scheduler.get(wanted.name) != wanted:
                await self._scheduler.put(wanted)
            incident = await self._store.get(incident_id)
            if self._wanted(incident) == wanted:
                break
        return incident

    def _wanted(self, incident: Incident | None) -> Schedule | None:
        """The whole schedule; a silenced one is kept, and off."""
        if incident is None or incident.is_ending:
            return None
        cadence = self._cadence(incident)
        if cadence is None:
            return None
        first_at = reminding.next_at(incident, cadence)
        return Schedule(
            name=_name(incident.incident_id),
            queue=NUDGE_QUEUE,
            type=NUDGE_EVENT,
            group=incident.incident_id,
            body={"incident_id": incident.incident_id},
            first_at=first_at,
            every=cadence,
            until=first_at + GIVE_UP_AFTER,
            is_enabled=not incident.nudging.is_silenced,
        )

    def _cadence(self, incident: Incident) -> timedelta | None:
        return self._policy.of(incident.severity).nudge_every

    async def _authority(self, incident_id: IncidentId, asked: Asked) -> Authority:
        return await authority_of(self._chat, await self._known(incident_id), asked.by)

    async def _decide_once(self, incident_id: IncidentId, decide: Decide, asked: Asked) -> bool:
        """Decide, unless it was decided already; whether what was asked for made a change, now or
        in an earlier, interrupted try.
        """

        def decide_open(incident: Incident) -> Decision:
            if incident.is_closed:
                raise WrongStateError("this incident is over: nobody is reminded any more")
            return decide(incident)

        if not await is_decided(self._ledger, incident_id, asked.key):
            await change_incident(self._store, incident_id, decide_open)
        return await is_decided(self._ledger, incident_id, asked.key)

    async def _tell_room(self, incident: Incident, message: Message, asked: Asked) -> None:
        if incident.room is not None:
            channel = incident.room.channel_id
            await post_once(self._chat, channel, message, key=asked.key, since=asked.at)

    def _entry(self, kind: EntryKind, asked: Asked, details: Json) -> NewEntry:
        details = {KEY: asked.key, **details}
        return NewEntry(kind=kind, at=self._clock.now(), actor=asked.by, details=details)

    async def _known(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident


def _name(incident_id: IncidentId) -> str:
    return f"nudge-{incident_id}"
