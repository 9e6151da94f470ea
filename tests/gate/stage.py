"""The gate over a world that behaves: product code, the embedded backend in memory, a clock that
a test moves, a chat, and a status page that can lose replies.

Every call the program makes of the world is counted, so that a test knows when it has done all it
does by itself, and can cut it off at any of them, as a crash would.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.vendors import Outside
from incident_response.bootstrap.workflows import build_workflows
from incident_response.domain.draft import Draft, DraftContent, PageImpact, PageStatus
from incident_response.domain.errors import UnavailableError, UnknownOutcomeError
from incident_response.domain.incident import Incident, IncidentStatus, Room
from incident_response.domain.ledger import EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import Change
from incident_response.routing.workflows import Workflows
from incident_response.settings import Settings
from incident_response.workflows.roles import Asked
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.status_page import PAGE_ID, FakeStatusPage
from tests.workflows.house import ADA, BEN, USERS

INCIDENT_ID = IncidentId("inc-0a1b2c3d4e5f")
APPROVERS = "approvers"
TICK = 1.0
"""Seconds of the clock between two looks at what the program does."""
QUIET_TURNS = 12
"""Turns of the event loop without a call: the program waits for its clock."""


_OF_THE_STORE = frozenset({"commit", "get", "entries", "acquire", "open_plans", "journal", "plan"})


@dataclass
class Wire:
    """What the program's calls of the world pass through."""

    calls: int = 0
    under_way: int = 0
    crash_at: int = 0
    """The number of the call at which it dies; 0: it lives."""
    crash_in: str = ""
    """The method in which it dies."""
    is_after: bool = False
    """Whether it dies after the call had its effect."""
    fail_at: int = 0
    """The number of the call from which on the store's next one fails."""
    fails_after: bool = False
    """Whether that one has its effect nevertheless, where it writes."""
    is_dead: bool = False
    is_gone: bool = False
    """Whether nothing of it is left, not even what it would do on its way out."""

    async def pass_on(self, name: str, do: Callable[[], Awaitable[Any]]) -> Any:
        if self.is_gone:
            raise asyncio.CancelledError
        if self.is_dead:
            await asyncio.Event().wait()  # a dead process does nothing more
        self.calls += 1
        is_last = self.calls == self.crash_at or name == self.crash_in
        if is_last and not self.is_after:
            await self._die()
        is_failing = self._is_failing(name)
        if is_failing and not (self.fails_after and name == "commit"):
            raise UnavailableError("the store does not answer")
        self.under_way += 1
        try:
            result = await do()
        finally:
            self.under_way -= 1
        if is_failing:
            raise UnknownOutcomeError("the store did not say whether it did it")
        if is_last or self.is_dead:
            await self._die()
        return result

    def _is_failing(self, name: str) -> bool:
        if not 0 < self.fail_at <= self.calls or name not in _OF_THE_STORE:
            return False
        self.fail_at = 0
        return True

    async def _die(self) -> None:
        self.is_dead = True
        await asyncio.Event().wait()


class Wired:
    """A port whose every awaitable method passes the wire."""

    def __init__(self, inner: object, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(getattr(found, "__func__", found)):
            return found

        async def call(*args: object, **kwargs: object) -> object:
            return await self._wire.pass_on(name, lambda: found(*args, **kwargs))

        return call


class WiredBackend:
    """The backend with all that the workflows use of it on the wire."""

    def __init__(self, inner: EmbeddedBackend, wire: Wire) -> None:
        self._inner = inner
        self.incidents = Wired(inner.incidents, wire)
        self.ledger = Wired(inner.ledger, wire)
        self.leases = Wired(inner.leases, wire)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@dataclass
class Stage:
    """Everything outside the program, which a crash leaves as it is."""

    clock: FakeClock = field(default_factory=FakeClock)
    policy: Policy = field(default_factory=shipped_policy)
    severity: Severity = Severity.P1
    has_page: bool = True
    backend: EmbeddedBackend = field(init=False)
    chat: FakeChat = field(init=False)
    page: FakeStatusPage = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.backend = EmbeddedBackend.open(None, clock=self.clock, seal_key=b"k" * 32)
        self.chat = FakeChat(self.clock, users=USERS)
        self.chat.add_channel("incidents")
        self.page = FakeStatusPage(self.clock)

    async def open_incident(self, commander: UserId | None = ADA) -> None:
        """An incident with a room, and somebody in command."""
        now = self.clock.now()
        room = await self.chat.create_room("inc-payments")
        incident = Incident(
            incident_id=INCIDENT_ID,
            title="Payments fail",
            severity=self.severity,
            status=IncidentStatus.ASSEMBLED,
            source="test",
            created_at=now,
            started_at=now,
            group_id="g",
            alert_changed_at=now,
            room=Room(channel_id=room.channel_id, name=room.name),
        )
        opened = NewEntry(kind=EntryKind.INCIDENT_OPENED, at=now)
        change = Change(incident_id=INCIDENT_ID, incident=incident, entries=(opened,))
        await self.backend.incidents.commit(change)
        if commander is not None:
            async with self.program() as program:
                await program.command(commander)

    def asking(self, by: UserId, key: str = "") -> Asked:
        """A click of its own, or with ``key`` one that is delivered again."""
        self.asked += 1
        return Asked(by=by, at=self.clock.now(), key=key or f"click-{self.asked}")

    @asynccontextmanager
    async def program(self, wire: Wire | None = None) -> AsyncIterator["Program"]:
        """The program until the context ends; cut off then in the middle of whatever it does."""
        wire = wire or Wire()
        backend = cast("EmbeddedBackend", WiredBackend(self.backend, wire))
        page = cast("FakeStatusPage", Wired(self.page, wire)) if self.has_page else None
        workflows = build_workflows(
            Settings.isolated(statuspage_page_id=PAGE_ID),
            backend=backend,
            chat=cast("FakeChat", Wired(self.chat, wire)),
            outside=Outside(status_page=page),
            policy=self.policy,
            intake=alert_intake(self.backend, self.clock),
            clock=self.clock,
        )
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(workflows.runner.run()),
                tasks.create_task(workflows.board.run()),
            ]
            try:
                yield Program(self, workflows, wire)
            finally:
                wire.is_gone = wire.is_dead
                for task in running:
                    task.cancel()

    async def incident(self) -> Incident:
        found = await self.backend.incidents.get(INCIDENT_ID)
        assert found is not None
        return found

    async def drafted(self) -> Draft:
        """The draft there is."""
        draft = (await self.incident()).page.draft
        assert draft is not None
        return draft

    async def change(self, **update: object) -> None:
        """Have the incident otherwise, as another workflow would."""
        incident = await self.incident()
        changed = incident.model_copy(update={**update, "version": incident.version + 1})
        await self.backend.incidents.commit(Change(incident_id=INCIDENT_ID, incident=changed))

    async def entries(self, kind: EntryKind | None = None) -> list[LedgerEntry]:
        found = await self.backend.ledger.entries(INCIDENT_ID)
        return [entry for entry in found if kind in (None, entry.kind)]

    async def kinds(self) -> list[str]:
        """What the ledger tells about the status page, in order."""
        told = (entry.kind.value for entry in await self.entries())
        return [k.removeprefix("STATUSPAGE_") for k in told if k.startswith("STATUSPAGE_")]

    def shown(self) -> list[list[str]]:
        """The texts of each incident on the page."""
        return [incident.bodies for incident in self.page.incidents]

    def room(self) -> list[str]:
        """What the room was told."""
        (room,) = self.chat.rooms()
        return [posted.message.text for posted in room.posted]

    def operators(self) -> list[str]:
        """What operators were told."""
        return [posted.message.text for posted in self.chat.channel("incidents").posted]


@dataclass
class Program:
    """One life of the program."""

    stage: Stage
    workflows: Workflows
    wire: Wire

    @property
    def gate(self) -> Any:
        return self.workflows.gate

    async def command(self, user: UserId) -> None:
        """Give somebody the command."""
        asked = self.stage.asking(user)
        await self.workflows.roles.assign(INCIDENT_ID, Role.COMMANDER, to=user, asked=asked)

    async def draft(self, body: str = "We look into it.", by: UserId = BEN, **more: Any) -> str:
        """Draft a text; the digest its buttons carry."""
        asked = self.stage.asking(by)
        await self.workflows.gate.draft(INCIDENT_ID, content(body, **more), asked=asked)
        return (await self.stage.drafted()).message.digest

    async def approve(self, code: str, by: UserId = ADA, key: str = "") -> Incident:
        asked = self.stage.asking(by, key)
        return await self.workflows.gate.approve(INCIDENT_ID, code=code, asked=asked)

    async def publish_again(self, code: str, by: UserId = ADA, key: str = "") -> Incident:
        asked = self.stage.asking(by, key)
        return await self.workflows.gate.publish_again(INCIDENT_ID, code=code, asked=asked)

    async def found(self, code: str, by: UserId = ADA, key: str = "") -> Incident:
        asked = self.stage.asking(by, key)
        return await self.workflows.gate.found(INCIDENT_ID, code=code, asked=asked)

    async def reject(
        self, code: str, by: UserId = ADA, reason: str = "It is wrong", key: str = ""
    ) -> Incident:
        asked = self.stage.asking(by, key)
        gate = self.workflows.gate
        return await gate.reject(INCIDENT_ID, code=code, reason=reason, asked=asked)

    async def edit(self, code: str, body: str, by: UserId = BEN, key: str = "") -> str:
        asked = self.stage.asking(by, key)
        await self.workflows.gate.edit(INCIDENT_ID, code=code, content=content(body), asked=asked)
        return (await self.stage.drafted()).message.digest

    async def quiet(self) -> None:
        """Return once the program does nothing more until its clock moves, or is dead."""
        turns = 0
        seen = -1
        while turns < QUIET_TURNS and not (self.wire.is_dead and not self.wire.under_way):
            is_still = not self.wire.under_way and self.wire.calls == seen
            turns = turns + 1 if is_still else 0
            seen = self.wire.calls
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float, *, tick: float = TICK) -> None:
        """Let the clock go on, and the program do whatever is then to be done."""
        await self.quiet()
        end = self.stage.clock.monotonic() + seconds
        while (left := end - self.stage.clock.monotonic()) > 0 and not self.wire.is_dead:
            self.stage.clock.advance(min(tick, left))
            await self.quiet()


def content(body: str, **more: Any) -> DraftContent:
    values: dict[str, Any] = {
        "title": "Some payments fail",
        "body": body,
        "status": PageStatus.INVESTIGATING,
        "impact": PageImpact.MAJOR,
    }
    return DraftContent.model_validate(values | more)


def two_approvals(stage_policy: Policy | None = None) -> Policy:
    """The shipped policy, with two people for every message and a group of approvers."""
    policy = stage_policy or shipped_policy()
    severities = {
        severity: of.model_copy(update={"approvals": 2})
        for severity, of in policy.severities.items()
    }
    return policy.model_copy(update={"severities": severities, "approver_group": APPROVERS})


def with_approvers() -> Policy:
    """The shipped policy, with a group of approvers."""
    return shipped_policy().model_copy(update={"approver_group": APPROVERS})
