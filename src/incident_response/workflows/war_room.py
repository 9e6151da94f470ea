"""Assembles the war room: the plan, and what each of its steps does.

The graph leaves nothing waiting that need not wait: the room is created while people and context
are looked up. Nothing a vendor fails to do keeps the room from standing; it becomes a row of *What
is missing*. Not here: running the plan (durable), reading its journal for people (briefing).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from incident_response.blocks.announcement import announcement
from incident_response.blocks.checklist import checklist
from incident_response.blocks.facts import facts
from incident_response.blocks.notices import room_failed
from incident_response.blocks.proposal import proposal
from incident_response.blocks.room import bookmarks
from incident_response.domain.errors import NameTakenError, RefusedError
from incident_response.domain.incident import Incident, IncidentStatus, MessageRef, Room
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import ChannelId, Json, UserId, Value
from incident_response.domain.policy import Policy
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.code_host import CodeHost
from incident_response.ports.directory import Directory
from incident_response.ports.on_call import OnCall
from incident_response.ports.telemetry_source import LogSource, MetricsSource, TraceSource
from incident_response.workflows.briefing import OFF, briefing_now, ready, value_of
from incident_response.workflows.call_responders import Called, match_people
from incident_response.workflows.escalation import EscalationLadder
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.nudge import NudgeScheduler
from incident_response.workflows.page_reminder import PageReminder
from incident_response.workflows.room_board import (
    ANNOUNCEMENT,
    CHECKLIST,
    FACTS,
    PROPOSAL,
    RoomBoard,
)

MAX_NAMES = 5
"""Room names tried before we give up: the name, then ``-2`` to ``-5``."""
LOOKUP_DEADLINE = timedelta(seconds=8)
"""For asking a vendor, its client's own retries included."""
INVITE_PATIENCE = timedelta(seconds=3)
"""How long the one invitation waits for a slow source of people; who comes later is invited later.

"""
LOG_LINES = 8
TRACES = 5
COMMITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where people and context come from; None is one that is not configured."""

    on_call: OnCall | None = None
    directory: Directory | None = None
    metrics: MetricsSource | None = None
    logs: LogSource | None = None
    traces: TraceSource | None = None
    code_host: CodeHost | None = None


class WarRoomAssembler:
    """Owns the plan that turns an incident into a staffed room."""

    def __init__(
        self,
        *,
        chat: Chat,
        board: RoomBoard,
        nudges: NudgeScheduler,
        page_reminder: PageReminder,
        escalation: EscalationLadder,
        sources: Sources,
        policy: Policy,
        clock: Clock,
        incidents_channel: str,
    ) -> None:
        self._chat = chat
        self._board = board
        self._nudges = nudges
        self._page_reminder = page_reminder
        self._escalation = escalation
        self._sources = sources
        self._policy = policy
        self._clock = clock
        self._incidents_channel = incidents_channel
        self.plan = self._plan()

    def _plan(self) -> Plan:
        return Plan(name=ASSEMBLE, steps=(*self._room_steps(), *self._lookups(), *self._ending()))

    def _room_steps(self) -> tuple[Step, ...]:
        room = ("create_room",)
        return (
            Step(
                name="create_room",
                run=self._create_room,
                reconcile=self._find_room,
                attempts=None,
            ),
            Step(
                name="post_facts",
                run=self._post_facts,
                reconcile=self._find(FACTS),
                after=room,
                attempts=6,
            ),
            Step(
                name="post_checklist",
                run=self._post_checklist,
                reconcile=self._find(CHECKLIST),
                after=room,
                attempts=6,
            ),
            Step(name="pin_checklist", run=self._pin_checklist, after=("post_checklist",)),
            Step(name="set_topic", run=self._set_topic, after=room),
            Step(name="add_bookmarks", run=self._add_bookmarks, after=room),
            Step(
                name="announce",
                run=self._announce,
                reconcile=self._find_announcement,
                settled=room,
                attempts=6,
            ),
            Step(name="schedule_nudge", run=self._schedule_nudge, attempts=6),
            Step(name="schedule_page_reminder", run=self._schedule_page_reminder, attempts=6),
            Step(name="schedule_escalation", run=self._schedule_escalation, attempts=6),
            Step(
                name="call_further",
                run=self._call_further,
                after=("create_room",),
                settled=("invite_late",),
                deadline=timedelta(seconds=30),
                attempts=6,
            ),
        )

    def _lookups(self) -> tuple[Step, ...]:
        people = ("resolve_on_call", "resolve_directory")
        return (
            _lookup("resolve_on_call", self._resolve_on_call),
            _lookup("resolve_directory", self._resolve_directory),
            _lookup("fetch_metrics", self._fetch_metrics),
            _lookup("fetch_logs", self._fetch_logs),
            _lookup("fetch_traces", self._fetch_traces),
            _lookup("fetch_changes", self._fetch_changes),
            Step(
                name="invite",
                run=self._invite,
                after=("create_room",),
                prefers=people,
                patience=INVITE_PATIENCE,
                attempts=6,
            ),
            Step(
                name="invite_late",
                run=self._invite_late,
                after=("create_room",),
                settled=("invite", *people),
            ),
            Step(
                name="propose_commander",
                run=self._propose_commander,
                reconcile=self._find_proposal,
                after=("create_room",),
                settled=("invite", "resolve_on_call"),
            ),
        )

    def _ending(self) -> tuple[Step, ...]:
        standing = (
            "post_facts",
            "pin_checklist",
            "set_topic",
            "add_bookmarks",
            "announce",
            "schedule_nudge",
            "schedule_page_reminder",
            "schedule_escalation",
            "invite",
            "propose_commander",
        )
        context = ("fetch_metrics", "fetch_logs", "fetch_traces", "fetch_changes")
        return (
            Step(
                name="mark_assembled",
                run=self._mark_assembled,
                after=("create_room",),
                settled=standing,
            ),
            Step(
                name="complete_facts",
                run=self._complete_facts,
                after=("post_facts",),
                settled=("mark_assembled", "invite_late", *context),
            ),
        )

    # The room

    async def _create_room(self, context: StepContext) -> Outcome:
        """Create it under the first name that is free or already ours."""
        for attempt in range(1, MAX_NAMES + 1):
            name = context.incident.room_name(attempt)
            try:
                return self._adopt(await self._chat.create_room(name))
            except NameTakenError:
                room = await self._chat.find_room(name)
                if room is not None:
                    return self._adopt(room)
        raise RefusedError(f"all {MAX_NAMES} names for the room are taken by other channels")

    async def _find_room(self, context: StepContext) -> Outcome | None:
        """The room that an earlier try made, though we never heard of it."""
        room = await self._chat.find_room(context.incident.room_name())
        return self._adopt(room) if room is not None else None

    def _adopt(self, room: Room) -> Outcome:
        entry = self._entry(EntryKind.WAR_ROOM_CREATED, room.model_dump(mode="json"))
        return Outcome(
            result=room.model_dump(mode="json"),
            apply=lambda incident: incident.model_copy(update={"room": room}),
            entries=(entry,),
        )

    async def _post_facts(self, context: StepContext) -> Outcome:
        briefing = briefing_now(context.results, context.failures)
        now = self._clock.now()
        message = facts(context.incident, briefing, now, policy=self._policy)
        return await self._post(context, FACTS, message)

    async def _post_checklist(self, context: StepContext) -> Outcome:
        return await self._post(context, CHECKLIST, checklist(context.incident))

    async def _pin_checklist(self, context: StepContext) -> Outcome:
        await self._chat.pin(context.incident.messages[CHECKLIST])
        return Outcome()

    async def _set_topic(self, context: StepContext) -> Outcome:
        await self._board.set_topic(context.incident)
        return Outcome()

    async def _add_bookmarks(self, context: StepContext) -> Outcome:
        links = bookmarks(context.incident)
        for link in links:
            await self._chat.bookmark(_channel(context.incident), title=link.title, url=link.url)
        return Outcome(result={"count": len(links)})

    async def _announce(self, context: StepContext) -> Outcome:
        """Say in the incidents channel that there is a room, or that there could be none."""
        channel = await self._announcement_channel()
        message = announcement(context.incident)
        if context.incident.room is None:
            reason = context.failures.get("create_room", "")
            message = room_failed(context.incident, "create_room", reason)
        ref = context.incident.messages.get(ANNOUNCEMENT)
        if ref is not None:  # asked again: the same message, now true
            await self._chat.update(ref, message)
        else:
            ref = await self._chat.post(channel, message, key=context.key)
        self._board.remember(context.incident, ANNOUNCEMENT, message)
        return self._posted(context, ANNOUNCEMENT, ref)

    async def _find_announcement(self, context: StepContext) -> Outcome | None:
        if ANNOUNCEMENT in context.incident.messages:
            return None
        channel = await self._announcement_channel()
        return await self._found(context, ANNOUNCEMENT, channel)

    async def _announcement_channel(self) -> ChannelId:
        channel = await self._chat.find_channel(self._incidents_channel)
        if channel is None:
            raise RefusedError(
                f"there is no public channel #{self._incidents_channel} that I can see"
            )
        return channel

    async def _schedule_nudge(self, context: StepContext) -> Outcome:
        """At the policy's pace, which may be never."""
        first_at = await self._nudges.schedule(context.incident)
        if first_at is None:
            return Outcome(result={"first_at": None})
        entry = self._entry(EntryKind.NUDGE_SCHEDULED, {"first_at": first_at.isoformat()})
        return Outcome(result={"first_at": first_at.isoformat()}, entries=(entry,))

    async def _schedule_page_reminder(self, context: StepContext) -> Outcome:
        """Have the room reminded of the customers, where there is a page to tell them on."""
        at = await self._page_reminder.schedule(context.incident)
        return Outcome(result={"at": at.isoformat() if at else None})

    async def _schedule_escalation(self, context: StepContext) -> Outcome:
        """Have the next people called unless somebody acknowledges."""
        first_at = await self._escalation.start(context.incident)
        return Outcome(result={"first_at": first_at.isoformat() if first_at else None})

    async def _call_further(self, context: StepContext) -> Outcome:
        """At once, if nobody could be called into the room."""
        is_called = await self._escalation.hurry(context.incident, key=context.key)
        return Outcome(result={"is_called": is_called})

    # People

    async def _resolve_on_call(self, context: StepContext) -> Outcome:
        if self._sources.on_call is None:
            return Outcome(result=OFF)
        incident = context.incident
        roster = await self._sources.on_call.responders(
            incident.route, team=incident.team, service=incident.service
        )
        called = await match_people(self._chat, roster)
        return Outcome(result=ready(called, is_empty=not called.users))

    async def _resolve_directory(self, context: StepContext) -> Outcome:
        if self._sources.directory is None:
            return Outcome(result=OFF)
        incident = context.incident
        roster = await self._sources.directory.members(
            team=incident.team, service=incident.service
        )
        called = await match_people(self._chat, roster)
        return Outcome(result=ready(called, is_empty=not called.users))

    async def _invite(self, context: StepContext) -> Outcome:
        """Everybody known so far, in one call; the declarer too."""
        wanted = dict.fromkeys(_known_people(context))
        return await self._invite_all(context, tuple(wanted))

    async def _invite_late(self, context: StepContext) -> Outcome:
        """Those whose source answered after the invitation had gone out."""
        first = value_of(context.results, "invite", _Invitation)
        already = set(first.users) if first else set()
        late = tuple(u for u in dict.fromkeys(_known_people(context)) if u not in already)
        return await self._invite_all(context, late)

    async def _invite_all(self, context: StepContext, users: tuple[UserId, ...]) -> Outcome:
        if not users:
            return Outcome(result=ready(_Invitation(), is_empty=context.step == "invite"))
        invited = await self._chat.invite(_channel(context.incident), users)
        refused = tuple(f"<@{user}>: {why}" for user, why in invited.refused.items())
        result = _Invitation(users=invited.joined, unresolved=refused)
        entry = self._entry(
            EntryKind.RESPONDERS_INVITED,
            {
                "users": list(invited.joined),
                "refused": {str(user): why for user, why in invited.refused.items()},
            },
        )
        return Outcome(
            result=ready(result, is_empty=False),
            apply=lambda incident: _with_responders(incident, invited.joined),
            entries=(entry,),
        )

    async def _propose_commander(self, context: StepContext) -> Outcome:
        """Ask the first person on call to take command; without one, ask the room."""
        candidate = _candidate(context)
        message = proposal(_with_proposed(context.incident, candidate))
        ref = context.incident.messages.get(PROPOSAL)
        if ref is not None:  # asked again: the same message, a better name
            await self._chat.update(ref, message)
        else:
            ref = await self._chat.post(_channel(context.incident), message, key=context.key)
        self._board.remember(context.incident, PROPOSAL, message)
        return self._proposed(candidate, ref)

    async def _find_proposal(self, context: StepContext) -> Outcome | None:
        if PROPOSAL in context.incident.messages:
            return None
        ref = await self._chat.find_message(
            _channel(context.incident), key=context.key, since=context.first_started_at
        )
        return self._proposed(_candidate(context), ref) if ref is not None else None

    def _proposed(self, candidate: UserId | None, ref: MessageRef) -> Outcome:
        entry = self._entry(EntryKind.COMMANDER_PROPOSED, {"user": candidate})
        return Outcome(
            result=ref.model_dump(mode="json"),
            apply=lambda i: _with_message(_with_proposed(i, candidate), PROPOSAL, ref),
            entries=(entry,),
        )

    # Context

    async def _fetch_metrics(self, context: StepContext) -> Outcome:
        if self._sources.metrics is None or not context.incident.service:
            return Outcome(result=OFF)
        health = await self._sources.metrics.health(context.incident.service, at=self._clock.now())
        readings = (health.error_rate, health.p99_seconds)
        is_empty = all(r.now is None and r.before is None for r in readings)
        return Outcome(result=ready(health, is_empty=is_empty))

    async def _fetch_logs(self, context: StepContext) -> Outcome:
        if self._sources.logs is None or not context.incident.service:
            return Outcome(result=OFF)
        excerpt = await self._sources.logs.errors(
            context.incident.service, until=self._clock.now(), limit=LOG_LINES
        )
        return Outcome(result=ready(excerpt, is_empty=not excerpt.lines))

    async def _fetch_traces(self, context: StepContext) -> Outcome:
        if self._sources.traces is None or not context.incident.service:
            return Outcome(result=OFF)
        excerpt = await self._sources.traces.suspicious(
            context.incident.service, until=self._clock.now(), limit=TRACES
        )
        return Outcome(result=ready(excerpt, is_empty=not excerpt.traces))

    async def _fetch_changes(self, context: StepContext) -> Outcome:
        if self._sources.code_host is None or not context.incident.service:
            return Outcome(result=OFF)
        changes = await self._sources.code_host.recent_changes(
            context.incident.service, until=self._clock.now(), limit=COMMITS
        )
        return Outcome(result=ready(changes, is_empty=not changes.commits))

    # The end

    async def _mark_assembled(self, context: StepContext) -> Outcome:
        now = self._clock.now()
        seconds = (now - context.incident.created_at).total_seconds()
        entry = self._entry(EntryKind.WAR_ROOM_ASSEMBLED, {"seconds": round(seconds, 3)})

        def assembled(incident: Incident) -> Incident:
            update: dict[str, object] = {"assembled_at": incident.assembled_at or now}
            if incident.status is IncidentStatus.OPEN:
                update["status"] = IncidentStatus.ASSEMBLED
            return incident.model_copy(update=update)

        is_first = context.previous is None
        return Outcome(
            result={"seconds": seconds}, apply=assembled, entries=(entry,) if is_first else ()
        )

    async def _complete_facts(self, context: StepContext) -> Outcome:
        await self._board.redraw(context.incident_id)
        return Outcome()

    # Messages that are kept

    async def _post(self, context: StepContext, name: str, message: Message) -> Outcome:
        ref = await self._chat.post(_channel(context.incident), message, key=context.key)
        self._board.remember(context.incident, name, message)
        return self._posted(context, name, ref)

    def _posted(self, context: StepContext, name: str, ref: MessageRef) -> Outcome:
        entry = self._entry(EntryKind.MESSAGE_POSTED, {"message": name, "ts": ref.ts})
        return Outcome(
            result=ref.model_dump(mode="json"),
            apply=lambda incident: _with_message(incident, name, ref),
            entries=(entry,),
        )

    def _find(self, name: str) -> Callable[[StepContext], Awaitable[Outcome | None]]:
        async def find(context: StepContext) -> Outcome | None:
            return await self._found(context, name, _channel(context.incident))

        return find

    async def _found(self, context: StepContext, name: str, channel: ChannelId) -> Outcome | None:
        ref = await self._chat.find_message(
            channel, key=context.key, since=context.first_started_at
        )
        return self._posted(context, name, ref) if ref is not None else None

    def _entry(self, kind: EntryKind, details: Json) -> NewEntry:
        return NewEntry(kind=kind, at=self._clock.now(), details=details)


class _Invitation(Value):
    """Result of an invitation."""

    users: tuple[UserId, ...] = ()
    unresolved: tuple[str, ...] = ()


def _lookup(name: str, run: Callable[[StepContext], Awaitable[Outcome]]) -> Step:
    """A step that only reads: asked once, for the client behind it retries by itself."""
    return Step(name=name, run=run, deadline=LOOKUP_DEADLINE, attempts=1)


def _channel(incident: Incident) -> ChannelId:
    assert incident.room is not None, "this step comes after create_room"
    return incident.room.channel_id


def _known_people(context: StepContext) -> list[UserId]:
    """On-call people first, then the directory's; who declared or raised it before all."""
    people: list[UserId] = []
    if context.incident.declared_by is not None:
        people.append(context.incident.declared_by)
    people.extend(context.incident.responders)
    for step in ("resolve_on_call", "resolve_directory"):
        called = value_of(context.results, step, Called)
        people.extend(called.users if called else ())
    return people


def _candidate(context: StepContext) -> UserId | None:
    called = value_of(context.results, "resolve_on_call", Called)
    if called is not None and called.on_call:
        return called.on_call[0]
    return context.incident.declared_by


def _with_responders(incident: Incident, users: tuple[UserId, ...]) -> Incident:
    people = tuple(dict.fromkeys((*incident.responders, *users)))
    return incident.model_copy(update={"responders": people})


def _with_proposed(incident: Incident, candidate: UserId | None) -> Incident:
    return incident.model_copy(update={"proposed_commander": candidate})


def _with_message(incident: Incident, name: str, ref: MessageRef) -> Incident:
    return incident.model_copy(update={"messages": {**incident.messages, name: ref}})
