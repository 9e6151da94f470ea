"""The plan that ends an incident: everything that has to happen once somebody has resolved it.

It leaves nothing to a vendor: the incident is over within a minute even if none of them answers,
and the room is told exactly what worked and what did not. Not here: who may resolve (resolution),
what happens days later (aftercare), what a postmortem says (postmortem).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from incident_response.blocks.pulse import pulse
from incident_response.blocks.resolution import (
    KEPT,
    resolved_in_public,
    resolved_in_room,
    room_not_told,
)
from incident_response.domain.briefing import Part, PartState
from incident_response.domain.errors import (
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.incident import Incident, IncidentStatus, MessageRef
from incident_response.domain.ledger import SYSTEM, EntryKind, NewEntry
from incident_response.domain.lifecycle import shows_open
from incident_response.domain.model import ChannelId, IncidentId, Json, UserId
from incident_response.domain.postmortem import PostmortemDocument
from incident_response.domain.response import Postmortem, Resolution
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, StepState
from incident_response.workflows.aftercare import Aftercare
from incident_response.workflows.pulse import PULSE
from incident_response.workflows.reminders import Reminders
from incident_response.workflows.resolution import RESOLVE, ended, resolve_run
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard

RESOLUTION = "resolution"
"""Name of the message that says how it went, among the incident's messages."""
END_AT_LATEST = timedelta(seconds=60)
"""How long the end waits for the vendors; what comes later is still done, and shown."""
TELL_AT_LATEST = timedelta(seconds=10)
"""How long the room then waits to be told."""
WRITING = timedelta(seconds=75)
"""For gathering and writing a postmortem, a slow model included."""

LABELS: dict[str, str] = {
    "write_postmortem": "Postmortem text",
    "create_issue": "Postmortem issue",
    "draft_closing": "Closing message for the status page",
    "stop_reminders": "Reminders and escalation",
    "ask_pulse": "Pulse rating",
    "schedule_archive": "Archiving of this room",
    "schedule_review": "Review of the postmortem",
    "schedule_pulse_followup": "Pulse follow-up",
    "announce_channel": "Announcement",
}
"""What the room is told of, in this order."""

_BEFORE_THE_END = (
    "draft_closing",
    "write_postmortem",
    "create_issue",
    "stop_reminders",
    "ask_pulse",
)
_AFTER_THE_END = (
    "redraw_board",
    "announce_channel",
    "schedule_archive",
    "schedule_review",
    "schedule_pulse_followup",
)
_OFF: Json = {"state": PartState.OFF.value}
_READY: Json = {"state": PartState.READY.value}
_KEPT: Json = {"state": PartState.READY.value, "is_kept": True}


class ClosingMessage(Protocol):
    """Proposes the last message to customers; ``workflows.closing_message`` has one."""

    async def propose(self, incident: Incident, *, asked: Asked) -> None:
        """Make it a draft that people may approve; done twice under one key, it is one draft."""
        ...


class PostmortemWriter(Protocol):
    """Writes and files postmortems; ``workflows.postmortem.PostmortemWriter`` is one."""

    @property
    def has_tracker(self) -> bool: ...

    async def write(self, incident: Incident) -> PostmortemDocument: ...

    async def publish(self, incident: Incident, document: PostmortemDocument) -> Postmortem:
        """Filed when this returns, once, however often it is called."""
        ...


class IncidentEnding:
    """Owns the plan, and does its steps."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        chat: Chat,
        board: RoomBoard,
        reminders: Reminders,
        aftercare: Aftercare,
        postmortems: PostmortemWriter,
        closing: ClosingMessage | None,
        clock: Clock,
        incidents_channel: str,
    ) -> None:
        self._store = store
        self._chat = chat
        self._board = board
        self._reminders = reminders
        self._aftercare = aftercare
        self._postmortems = postmortems
        self._closing = closing
        self._clock = clock
        self._incidents_channel = incidents_channel
        self.plan = Plan(name=RESOLVE, steps=(*self._first_steps(), *self._last_steps()))

    def _first_steps(self) -> tuple[Step, ...]:
        return (
            Step(
                name="draft_closing",
                run=self._current(self._draft_closing),
                deadline=WRITING,
            ),
            Step(
                name="write_postmortem",
                run=self._current(self._write_postmortem),
                deadline=WRITING,
                attempts=2,
            ),
            Step(
                name="create_issue",
                run=self._current(self._create_issue),
                after=("write_postmortem",),
                deadline=timedelta(seconds=20),
                attempts=5,
            ),
            Step(name="stop_reminders", run=self._current(self._stop_reminders), attempts=6),
            Step(
                name="ask_pulse",
                run=self._current(self._ask_pulse),
                reconcile=self._find_pulse,
                attempts=6,
            ),
            Step(
                name="flip_state",
                run=self._current(self._flip_state),
                prefers=_BEFORE_THE_END,
                patience=END_AT_LATEST,
                attempts=None,
            ),
        )

    def _last_steps(self) -> tuple[Step, ...]:
        end = ("flip_state",)
        return (
            Step(name="redraw_board", run=self._redraw_board, after=end, attempts=6),
            Step(
                name="announce_channel",
                run=self._current(self._announce_channel),
                reconcile=self._find_public,
                after=end,
                attempts=6,
            ),
            Step(name="schedule_archive", run=self._schedule_archive, after=end, attempts=6),
            Step(
                name="schedule_review",
                run=self._schedule_review,
                after=("flip_state", "create_issue"),
                attempts=6,
            ),
            Step(name="schedule_pulse_followup", run=self._schedule_pulse, after=end, attempts=6),
            Step(
                name="announce_room",
                run=self._current(self._announce_room),
                reconcile=self._find_announcement,
                after=end,
                prefers=(*_BEFORE_THE_END, *_AFTER_THE_END),
                patience=TELL_AT_LATEST,
                attempts=6,
            ),
            Step(
                name="tell_resolver",
                run=self._current(self._tell_resolver),
                settled=("announce_room",),
                attempts=6,
            ),
            Step(
                name="complete_announcement",
                run=self._current(self._complete_announcement),
                after=("announce_room",),
                settled=(*_BEFORE_THE_END, *_AFTER_THE_END),
                attempts=6,
            ),
        )

    # Before the end

    async def _draft_closing(self, context: StepContext) -> Outcome:
        """Customers still read of it: propose to tell them that it is over, never by ourselves."""
        incident = await self._known(context.incident_id)
        if not shows_open(incident):
            return Outcome(result=_OFF)
        if self._closing is None:
            raise RefusedError("the status page is no longer connected")
        resolution = _resolution(incident)
        asked = Asked(by=UserId(SYSTEM), at=resolution.at, key=context.key)
        await self._closing.propose(incident, asked=asked)
        return Outcome(result=_READY)

    async def _write_postmortem(self, context: StepContext) -> Outcome:
        """One incident has one postmortem: a second resolving keeps the first one's issue."""
        incident = await self._known(context.incident_id)
        if incident.postmortem is not None:
            return Outcome(result=_KEPT)
        if not self._postmortems.has_tracker:
            return Outcome(result=_OFF)
        document = await self._postmortems.write(incident)
        return Outcome(result={**_READY, "document": document.model_dump(mode="json")})

    async def _create_issue(self, context: StepContext) -> Outcome:
        incident = await self._known(context.incident_id)
        written = context.results["write_postmortem"]
        content = written.get("document") if isinstance(written, dict) else None
        if content is None or incident.postmortem is not None:
            return Outcome(result=written)  # kept, or off
        document = PostmortemDocument.model_validate(content)
        postmortem = await self._postmortems.publish(incident, document)
        entry = self._entry(
            EntryKind.POSTMORTEM_CREATED,
            {"issue_id": postmortem.issue_id, "identifier": postmortem.identifier},
        )
        return Outcome(
            result={**_READY, "identifier": postmortem.identifier},
            apply=lambda now: now.model_copy(update={"postmortem": postmortem}),
            entries=(entry,),
        )

    async def _stop_reminders(self, context: StepContext) -> Outcome:
        await self._reminders.stop(context.incident_id)
        newest = await self._known(context.incident_id)
        if not _is_of(newest, context):  # reopened at the same moment: its reminders stay
            await self._reminders.start(newest)
        return Outcome(result=_READY)

    async def _ask_pulse(self, context: StepContext) -> Outcome:
        """Once an incident, however often it is resolved."""
        if PULSE in context.incident.messages:
            return Outcome(result=_KEPT)
        room = _channel(context.incident)
        ref = await self._chat.post(room, pulse(context.incident), key=context.key)
        return self._pulse_asked(context, ref)

    async def _find_pulse(self, context: StepContext) -> Outcome | None:
        ref = await self._find(context, _channel(context.incident))
        return self._pulse_asked(context, ref) if ref is not None else None

    def _pulse_asked(self, context: StepContext, ref: MessageRef) -> Outcome:
        return Outcome(
            result=_READY,
            apply=lambda incident: _with_message(incident, PULSE, ref),
            entries=(self._entry(EntryKind.PULSE_ASKED, {"ts": ref.ts}),),
        )

    async def _flip_state(self, context: StepContext) -> Outcome:
        """From here on it is over, whatever became of the rest."""
        incident = await self._known(context.incident_id)
        if incident.status is IncidentStatus.RESOLVED:
            return Outcome(result=_READY)
        resolution, run = _resolution(incident), _run_of(context)
        details: Json = {"run": run, "summary": resolution.summary}
        entry = self._entry(EntryKind.INCIDENT_RESOLVED, details, by=resolution.by)
        return Outcome(result=_READY, apply=lambda now: ended(now, run), entries=(entry,))

    # After the end

    async def _redraw_board(self, context: StepContext) -> Outcome:
        await self._board.redraw(context.incident_id)
        return Outcome(result=_READY)

    async def _schedule_archive(self, context: StepContext) -> Outcome:
        incident = await self._ended_here(context)
        if incident is None or context.previous is not None:
            return Outcome(result=context.previous or _OFF)
        at = await self._aftercare.schedule_archive(incident)
        return Outcome(result=_at(at.isoformat()) if at else _OFF)

    async def _schedule_review(self, context: StepContext) -> Outcome:
        incident = await self._ended_here(context)
        if incident is None:
            return Outcome(result=_OFF)
        at = await self._aftercare.schedule_review(incident)
        return Outcome(result=_at(at.isoformat()) if at else _OFF)

    async def _schedule_pulse(self, context: StepContext) -> Outcome:
        incident = await self._ended_here(context)
        if incident is None or context.previous is not None:
            return Outcome(result=context.previous or _OFF)
        at = await self._aftercare.schedule_pulse(incident)
        return Outcome(result=_at(at.isoformat()))

    async def _announce_channel(self, context: StepContext) -> Outcome:
        if context.previous is not None:  # asked again for something else: they know
            return Outcome(result=context.previous)
        message = resolved_in_public(context.incident)
        await self._chat.post(await self._public(), message, key=context.key)
        return Outcome(result=_READY)

    async def _find_public(self, context: StepContext) -> Outcome | None:
        ref = await self._find(context, await self._public())
        return Outcome(result=_READY) if ref is not None else None

    async def _announce_room(self, context: StepContext) -> Outcome:
        """What worked and what did not; asked again, the same message says what is true now."""
        ref = _previous_ref(context)
        message = self._told(context)
        if ref is not None:
            await self._chat.update(ref, message)
        else:
            ref = await self._chat.post(_channel(context.incident), message, key=context.key)
        return self._announced(context, ref)

    async def _find_announcement(self, context: StepContext) -> Outcome | None:
        if _previous_ref(context) is not None:
            return None
        ref = await self._find(context, _channel(context.incident))
        if ref is None:
            return None
        await self._chat.update(ref, self._told(context))
        return self._announced(context, ref)

    def _announced(self, context: StepContext, ref: MessageRef) -> Outcome:
        pending = [part.step for part in self.parts(context) if part.state is PartState.PENDING]
        return Outcome(
            result={"ref": ref.model_dump(mode="json"), "pending": [*pending]},
            apply=lambda incident: _with_message(incident, RESOLUTION, ref),
        )

    async def _tell_resolver(self, context: StepContext) -> Outcome:
        """Where the room could not be told, who resolved it is: somebody was promised to hear."""
        why = context.failures.get("announce_room")
        by = context.incident.resolution.by if context.incident.resolution else SYSTEM
        if why is None or by == SYSTEM or not context.incident.is_closed:
            return Outcome(result=_OFF)
        await self._chat.direct(UserId(by), room_not_told(context.incident, why))
        return Outcome(result=_READY)

    async def _complete_announcement(self, context: StepContext) -> Outcome:
        """What was still being tried has ended since: say how."""
        announced = context.results["announce_room"]
        ref = _ref_of(announced)
        if ref is not None and isinstance(announced, dict) and announced.get("pending"):
            await self._chat.update(ref, self._told(context))
        return Outcome(result=_READY)

    def _told(self, context: StepContext) -> Message:
        archive_at = self._aftercare.archive_at(context.incident)
        parts = self.parts(context)
        return resolved_in_room(context.incident, parts, run=context.plan, archive_at=archive_at)

    def parts(self, context: StepContext) -> tuple[Part, ...]:
        """What became of each step that people would miss, as a step of this run knows it."""
        return self._parts(context.results, context.failures)

    async def missing(self, incident: Incident) -> tuple[Part, ...]:
        """What was given up when the incident was resolved last: to be asked for again."""
        journal = await self._store.journal(incident.incident_id, resolve_run(incident))
        records = journal.values()
        results = {r.step: r.result for r in records if r.state is StepState.DONE}
        failures = {r.step: r.error for r in records if r.state is StepState.FAILED}
        parts = self._parts(results, failures)
        return tuple(part for part in parts if part.state is PartState.FAILED)

    def _parts(
        self, results: Mapping[str, JsonValue], failures: Mapping[str, str]
    ) -> tuple[Part, ...]:
        return tuple(
            _part(step, label, results, failures, after=self.plan.by_name[step].after)
            for step, label in LABELS.items()
        )

    # Inside

    def _current(
        self, run: Callable[[StepContext], Awaitable[Outcome]]
    ) -> Callable[[StepContext], Awaitable[Outcome]]:
        """``run``, unless the incident was reopened since: then nothing of this is wanted."""

        async def run_if_wanted(context: StepContext) -> Outcome:
            if not _is_of(await self._known(context.incident_id), context):
                return Outcome(result=_OFF)
            return await run(context)

        return run_if_wanted

    async def _ended_here(self, context: StepContext) -> Incident | None:
        """The incident, if it is over by this run."""
        incident = await self._known(context.incident_id)
        return incident if incident.is_closed and _is_of(incident, context) else None

    async def _find(self, context: StepContext, channel: ChannelId) -> MessageRef | None:
        return await self._chat.find_message(
            channel, key=context.key, since=context.first_started_at
        )

    async def _public(self) -> ChannelId:
        channel = await self._chat.find_channel(self._incidents_channel)
        if channel is None:
            raise RefusedError(
                f"there is no public channel #{self._incidents_channel} that I can see"
            )
        return channel

    async def _known(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        return incident

    def _entry(self, kind: EntryKind, details: Json, *, by: str = SYSTEM) -> NewEntry:
        return NewEntry(kind=kind, at=self._clock.now(), actor=by, details=details)


def _run_of(context: StepContext) -> int:
    return int(context.plan.partition("#")[2])


def _is_of(incident: Incident, context: StepContext) -> bool:
    """Whether the run of this step is what resolves, or resolved, the incident."""
    return incident.resolution is not None and incident.resolution.run == _run_of(context)


def _resolution(incident: Incident) -> Resolution:
    if incident.resolution is None:
        raise UnavailableError("it was reopened at this moment")
    return incident.resolution


def _channel(incident: Incident) -> ChannelId:
    assert incident.room is not None, "one without a room is over without a plan"
    return incident.room.channel_id


def _with_message(incident: Incident, name: str, ref: MessageRef) -> Incident:
    return incident.model_copy(update={"messages": {**incident.messages, name: ref}})


def _previous_ref(context: StepContext) -> MessageRef | None:
    return _ref_of(context.previous)


def _ref_of(result: JsonValue) -> MessageRef | None:
    """Where the announcement stands, by the result of its step."""
    ref = result.get("ref") if isinstance(result, dict) else None
    return MessageRef.model_validate(ref) if ref is not None else None


def _at(at: str) -> Json:
    return {**_READY, "at": at}


def _part(
    step: str,
    label: str,
    results: Mapping[str, JsonValue],
    failures: Mapping[str, str],
    *,
    after: tuple[str, ...],
) -> Part:
    if step in failures:
        return Part(step=step, label=label, state=PartState.FAILED, reason=failures[step])
    result = results.get(step)
    if isinstance(result, dict):
        state = PartState(str(result.get("state")))
        reason = KEPT if result.get("is_kept") else ""
        return Part(step=step, label=label, state=state, reason=reason)
    if blocked := next((name for name in after if name in failures), ""):
        return Part(step=step, label=label, state=PartState.EMPTY, reason=LABELS.get(blocked, ""))
    return Part(step=step, label=label, state=PartState.PENDING)
