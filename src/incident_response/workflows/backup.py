"""Tells the next person on call that nobody says where things stand: the plan, opened with the
reminder that makes it necessary.

Whoever is on call after the first, else whoever stands behind the next steps of the ladder; never
the commander themselves. A person who is told twice is better than one who is not told. Not here:
when (nudge), calling people because nobody acknowledges (escalation).
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import structlog

from incident_response.blocks.backup import backup_asked, backup_told
from incident_response.domain import reminding
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import Json, UserId
from incident_response.domain.policy import Policy
from incident_response.durable.plan import Outcome, Plan, Step, StepContext
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.workflows.rung_people import People, RungPeople

BACKUP = "backup"
"""Kind of the plan: ``backup#<the reminder's slot>``."""

log = structlog.get_logger(__name__)


def backup_run(slot: datetime) -> str:
    """The name of the run that begins at ``slot``."""
    return f"{BACKUP}#{slot.astimezone(UTC):%Y%m%dT%H%M%SZ}"


class BackupDesk:
    """Owns the plan."""

    def __init__(self, *, chat: Chat, people: RungPeople, policy: Policy, clock: Clock) -> None:
        self._chat = chat
        self._people = people
        self._policy = policy
        self._clock = clock
        self.plan = Plan(
            name=BACKUP,
            steps=(
                Step(name="find", run=self._find, deadline=timedelta(seconds=60), attempts=6),
                Step(
                    name="tell_room",
                    run=self._tell_room,
                    reconcile=self._find_told,
                    after=("find",),
                    attempts=6,
                ),
                Step(
                    name="tell_directly",
                    run=self._tell_directly,
                    after=("find",),
                    settled=("tell_room",),
                    attempts=6,
                ),
            ),
        )

    async def _find(self, context: StepContext) -> Outcome:
        incident = context.incident
        if not reminding.is_backup_wanted(incident):
            return Outcome(result={"to": []})
        async for found in self._candidates(incident):
            others = [user for user in found.users if user != incident.commander]
            if others:
                return Outcome(result={"to": [*others]})
        return Outcome(result={"to": []})

    async def _candidates(self, incident: Incident) -> AsyncIterator[People]:
        yield await self._people.next_on_call(incident)
        for rung in self._policy.of(incident.severity).ladder[1:]:
            yield await self._people.behind(incident, (rung,))

    async def _tell_room(self, context: StepContext) -> Outcome:
        incident = context.incident
        if incident.room is None or not reminding.is_backup_wanted(incident):
            return Outcome()
        message = backup_asked(incident, _people(context), self._clock.now())
        await self._chat.post(incident.room.channel_id, message, key=context.key)
        return Outcome()

    async def _find_told(self, context: StepContext) -> Outcome | None:
        room = context.incident.room
        if room is None:
            return None
        found = await self._chat.find_message(
            room.channel_id, key=context.key, since=context.first_started_at
        )
        return Outcome() if found is not None else None

    async def _tell_directly(self, context: StepContext) -> Outcome:
        """All that can be; if one cannot be told just now, all are told again."""
        incident, people = context.incident, _people(context)
        if not people or not reminding.is_backup_wanted(incident):
            return Outcome()
        message, told = backup_told(incident, self._clock.now()), []
        for user in people:
            try:
                await self._chat.direct(user, message)
            except RefusedError as error:
                log.warning("backup cannot be told", user=user, reason=str(error))
            else:
                told.append(user)
        if not told:
            raise RefusedError("nobody of them can be written to")
        details: Json = {"to": [*told]}
        entry = NewEntry(kind=EntryKind.BACKUP_TOLD, at=self._clock.now(), details=details)
        return Outcome(entries=(entry,))


def _people(context: StepContext) -> tuple[UserId, ...]:
    found = context.results.get("find")
    to = found.get("to") if isinstance(found, dict) else None
    return tuple(UserId(str(user)) for user in to) if isinstance(to, list) else ()
