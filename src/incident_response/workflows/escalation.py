"""Decides when the next step of the ladder is called: because its time has come and nobody has
acknowledged, because somebody asks for it, because nobody could be called into the room.

Whom a step means is asked first; then the call is claimed in one transaction with its ledger entry
and the plan that makes it, so a second firing of a schedule, a redelivery or an acknowledgement a
moment earlier makes no second call, and a crash after it loses none. The schedule is only a
trigger. Not here: making the call (calling), when a step is due (domain.ladder).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from incident_response.blocks.escalation import acknowledged as told_acknowledged
from incident_response.domain import ladder as steps
from incident_response.domain.errors import ConflictError, NotAllowedError, NotFoundError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM, EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.queues import NUDGE_QUEUE
from incident_response.domain.response import Call
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, PlanRecord, PlanState
from incident_response.ports.scheduler import Schedule, Scheduler
from incident_response.workflows.acknowledging import acknowledged
from incident_response.workflows.calling import ESCALATE
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.post_once import post_once
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard
from incident_response.workflows.rung_people import People, RungPeople

ESCALATION_EVENT = "ESCALATION_DUE"
GIVE_UP_AFTER = timedelta(days=7)
"""An orphaned schedule dies here."""
URGENT = timedelta(hours=1)
"""Where an answer is wanted within this, a room into which nobody could be called does not wait
for the next step's time.
"""
NOT_ANSWERED = "Nobody has acknowledged in time."
NOBODY_CAME = "Nobody could be called into the room."
MAX_TRIES = 10
"""Times that a call is thought over because the incident changed meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    """Why people are to be called."""

    key: str
    text: str
    by: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Steps ``first`` to ``last`` of a ladder, and who is behind them."""

    first: int
    last: int
    empty: int
    """How many of them, from the first on, have nobody behind them."""
    people: People


class EscalationLadder:
    """Takes incidents up the ladder."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        store: IncidentStore,
        chat: Chat,
        board: RoomBoard,
        people: RungPeople,
        policy: Policy,
        clock: Clock,
        has_pager: bool,
    ) -> None:
        self._scheduler = scheduler
        self._store = store
        self._chat = chat
        self._board = board
        self._people = people
        self._policy = policy
        self._clock = clock
        self._has_pager = has_pager
        self.kick: Callable[[IncidentId, str], None] = lambda *_: None
        """Begins an opened plan at once; the runner finds it by itself otherwise."""

    async def start(self, incident: Incident) -> datetime | None:
        """Have the next step called at its time; when, None if nobody will be."""
        now = await self._get(incident.incident_id)  # the plan may hold an older one
        return await self._schedule(now)

    async def rearm(self, incident_id: IncidentId) -> None:
        """Make the schedule what the incident's state asks for."""
        await self._schedule(await self._get(incident_id))

    async def stop(self, incident_id: IncidentId) -> None:
        """Nobody further is called by time; again or never started: nothing happens."""
        await self._scheduler.delete(_name(incident_id))

    async def due(self, incident_id: IncidentId, level: int) -> None:
        """The time of step ``level`` has come: call it, unless there is no reason to.

        Late after an outage, every step whose time has come is called as one. Raises
        ``NotFoundError`` for an unknown incident.
        """
        incident = await self._get(incident_id)
        reason = _Reason(key=f"due:{level}:{_since(incident)}", text=NOT_ANSWERED)
        await self._call(incident_id, reason, lambda now: self._due_range(now, level))
        await self._go_on(incident_id)

    async def escalate(self, incident_id: IncidentId, *, reason: str, asked: Asked) -> Incident:
        """Call the next step now, the last one again at the top; those after it follow anew.

        Asked again under the same key, nobody is called again. Raises ``NotAllowedError`` for a
        closed incident or a severity without a ladder.
        """
        why = _Reason(key=asked.key, text=reason, by=asked.by)
        await self._call(incident_id, why, self._next_range)
        return await self._go_on(incident_id)

    async def hurry(self, incident: Incident, *, key: str) -> bool:
        """Call the next step now if nobody is in the room and an answer is wanted soon; whether
        it was.
        """
        of = self._policy.of(incident.severity)
        is_urgent = of.respond_within is not None and of.respond_within <= URGENT
        if incident.responders or not is_urgent or not steps.is_waiting(incident):
            return False
        if steps.next_step(incident, of.ladder) is None:
            return False
        await self._call(incident.incident_id, _Reason(key=key, text=NOBODY_CAME), self._first)
        await self._go_on(incident.incident_id)
        return True

    async def acknowledge(self, incident_id: IncidentId, *, asked: Asked) -> Incident:
        """Somebody is on it: nobody further is called, and the room is told once.

        Raises ``NotAllowedError`` for a closed incident.
        """
        incident = await change_incident(
            self._store, incident_id, lambda now: self._acknowledged(now, asked)
        )
        await self.stop(incident_id)
        is_ours = incident.escalation.acknowledged_by == asked.by
        await self._board.redraw(incident_id)
        if incident.room is not None and is_ours:
            channel = incident.room.channel_id
            told = told_acknowledged(asked.by)
            await post_once(self._chat, channel, told, key=asked.key, since=asked.at)
        return incident

    def _acknowledged(self, incident: Incident, asked: Asked) -> Decision:
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        return acknowledged(incident, by=asked.by, at=self._clock.now())

    # Which steps

    def _due_range(self, incident: Incident, level: int) -> tuple[int, int] | None:
        ladder = self._policy.of(incident.severity).ladder
        latest = steps.latest_due(incident, ladder, self._clock.now())
        reached = incident.escalation.level
        if latest is None or level <= reached or not steps.is_waiting(incident):
            return None
        return reached + 1, latest

    def _next_range(self, incident: Incident) -> tuple[int, int]:
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        top = len(self._policy.of(incident.severity).ladder) - 1
        if top < 1:
            raise NotAllowedError(
                f"The policy has nobody else to call for {incident.severity}; raise the severity."
            )
        following = min(incident.escalation.level + 1, top)
        return following, following

    def _first(self, incident: Incident) -> tuple[int, int] | None:
        return self._next_range(incident) if steps.is_waiting(incident) else None

    # The call

    async def _call(
        self,
        incident_id: IncidentId,
        reason: _Reason,
        choose: Callable[[Incident], tuple[int, int] | None],
    ) -> None:
        """Find the people and claim the call; decided anew if the incident moves meanwhile."""
        for _ in range(MAX_TRIES):
            incident = await self._get(incident_id)
            chosen = choose(incident)
            if chosen is None or incident.escalation.call_of(reason.key) is not None:
                return
            reach = await self._reach(incident, *chosen)
            claim = partial(self._claim, seen=incident, reach=reach, reason=reason)
            changed = await change_incident(self._store, incident_id, claim)
            if changed.escalation.call_of(reason.key) is not None:
                return
        raise ConflictError(f"{incident_id} is changing too fast: try again")

    async def _reach(self, incident: Incident, first: int, last: int) -> _Reach:
        """The people of these steps; while there is nobody, the next step's too."""
        ladder, empty = self._policy.of(incident.severity).ladder, 0
        while True:
            people = await self._people.behind(incident, ladder[first : last + 1])
            if not self._has_pager:
                people = people.model_copy(update={"addresses": ()})
            is_anybody = bool(people.users or people.addresses)
            empty = empty if is_anybody else last + 1 - first
            if is_anybody or last + 1 >= len(ladder):
                return _Reach(first=first, last=last, empty=empty, people=people)
            last += 1

    def _claim(
        self, incident: Incident, *, seen: Incident, reach: _Reach, reason: _Reason
    ) -> Decision:
        is_as_seen = incident.escalation == seen.escalation and incident.severity is seen.severity
        if not is_as_seen or incident.is_closed or (incident.is_ending and reason.by is None):
            return Decision(incident, ())
        now = self._clock.now()
        call = self._made(incident, reach, reason, at=now)
        changed = incident.escalation.model_copy(
            update={
                "level": max(reach.last, incident.escalation.level),
                "armed_at": now,
                "paged_at": now,
                "paged": call.users,
                "calls": (*incident.escalation.calls, call),
                "acknowledged_by": None,
                "acknowledged_at": None,
            }
        )
        plan = PlanRecord(
            incident_id=incident.incident_id,
            plan=_plan_of(call),
            state=PlanState.OPEN,
            opened_at=now,
        )
        entry = self._entry(call, reach)
        return Decision(incident.model_copy(update={"escalation": changed}), (entry,), plan)

    def _made(self, incident: Incident, reach: _Reach, reason: _Reason, *, at: datetime) -> Call:
        ladder = self._policy.of(incident.severity).ladder
        levels = tuple(rung.level for rung in ladder[reach.first : reach.last + 1])
        return Call(
            number=len(incident.escalation.calls) + 1,
            key=reason.key,
            levels=levels,
            empty=levels[: reach.empty],
            at=at,
            by=reason.by,
            why=reason.text,
            users=reach.people.users,
            addresses=reach.people.addresses,
            unresolved=reach.people.unresolved,
        )

    def _entry(self, call: Call, reach: _Reach) -> NewEntry:
        how = {
            "room": True,
            "direct message": bool(call.users),
            "pager": bool(call.addresses),
        }
        details: Json = {
            "call": call.number,
            "level": reach.last,
            "levels": list(call.levels),
            "empty": list(call.empty),
            "to": list(call.users),
            "paged": len(call.addresses),
            "how": [way for way, is_taken in how.items() if is_taken],
            "unresolved": list(call.unresolved),
            "why": call.why,
        }
        return NewEntry(
            kind=EntryKind.ESCALATED, at=call.at, actor=call.by or SYSTEM, details=details
        )

    # The schedule

    async def _go_on(self, incident_id: IncidentId) -> Incident:
        """What follows from the state, also if it was decided by an earlier, interrupted try."""
        incident = await self._get(incident_id)
        await self._schedule(incident)
        for call in incident.escalation.calls[-1:]:
            self.kick(incident_id, _plan_of(call))
        self._board.touch(incident_id)
        return incident

    async def _schedule(self, incident: Incident) -> datetime | None:
        ladder = self._policy.of(incident.severity).ladder
        first_at = steps.next_at(incident, ladder)
        if first_at is None or not steps.is_waiting(incident):
            await self.stop(incident.incident_id)
            return None
        await self._scheduler.put(
            Schedule(
                name=_name(incident.incident_id),
                queue=NUDGE_QUEUE,
                type=ESCALATION_EVENT,
                group=incident.incident_id,
                body={
                    "incident_id": incident.incident_id,
                    "level": incident.escalation.level + 1,
                },
                first_at=first_at,
                until=first_at + GIVE_UP_AFTER,
            )
        )
        return first_at

    async def _get(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident


def _since(incident: Incident) -> str:
    """Tells one arming from the next: an event of an earlier one has another key."""
    return (incident.escalation.armed_at or incident.created_at).isoformat()


def _plan_of(call: Call) -> str:
    return f"{ESCALATE}#{call.number}"


def _name(incident_id: IncidentId) -> str:
    return f"escalate-{incident_id}"
