"""The program's workflows over fakes that behave, entered through the composition root.

The world (chat, sources, the store) outlives a crash; the program can be built over it again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.alert_intake import alert_intake
from incident_response.bootstrap.vendors import Outside
from incident_response.bootstrap.workflows import build_workflows
from incident_response.domain.alert import Alert, AlertState, Link
from incident_response.domain.context import (
    ChangeExcerpt,
    Commit,
    LogLine,
    Reading,
    ServiceHealth,
    TraceSummary,
)
from incident_response.domain.incident import Incident
from incident_response.domain.model import EventId, Json, UserId
from incident_response.domain.people import ChatUser, Origin, Person, Roster
from incident_response.domain.policy import Policy
from incident_response.domain.severity import Severity
from incident_response.events import EVENTS
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.drafter import Drafter
from incident_response.ports.incident_store import PlanState
from incident_response.routing.event import Event
from incident_response.routing.workflows import Workflows
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import ALERT_RECEIVED, AlertIntake
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.war_room import Sources
from tests.fakes.chat import FakeChannel, FakeChat
from tests.fakes.code_host import FakeCodeHost
from tests.fakes.directory import FakeDirectory
from tests.fakes.issue_tracker import FakeIssueTracker
from tests.fakes.on_call import FakeOnCall
from tests.fakes.pager import FakePager
from tests.fakes.status_page import PAGE_ID, FakeStatusPage
from tests.fakes.telemetry import FakeTelemetry

T = TypeVar("T")

ADA, BEN, CLEO, DEV = (UserId(f"U0{name}") for name in ("ADA", "BEN", "CLEO", "DEV"))
GUEST, GONE, ROBOT = (UserId(f"U0{name}") for name in ("GUEST", "GONE", "ROBOT"))

USERS = (
    ChatUser(user_id=ADA, name="Ada", email="ada@x.test"),
    ChatUser(user_id=BEN, name="Ben", email="ben@x.test"),
    ChatUser(user_id=CLEO, name="Cleo", email="cleo@x.test"),
    ChatUser(user_id=DEV, name="Dev", email="dev@x.test"),
    ChatUser(user_id=GUEST, name="Guest", email="guest@x.test", is_guest=True),
    ChatUser(user_id=GONE, name="Gone", email="gone@x.test", is_deactivated=True),
    ChatUser(user_id=ROBOT, name="Robot", email="robot@x.test", is_bot=True),
)


def person(name: str, *, level: int = 0, origin: Origin = Origin.ON_CALL) -> Person:
    return Person(name=name, email=f"{name.lower()}@x.test", origin=origin, level=level)


@dataclass
class World:
    """Everything outside the program; a crash leaves it as it is."""

    clock: Clock = field(default_factory=SystemClock)
    drafter: Drafter | None = None
    chat: FakeChat = field(init=False)
    on_call: FakeOnCall = field(init=False)
    directory: FakeDirectory = field(init=False)
    telemetry: FakeTelemetry = field(init=False)
    code_host: FakeCodeHost = field(init=False)
    pager: FakePager = field(init=False)
    tracker: FakeIssueTracker = field(init=False)
    page: FakeStatusPage | None = None
    """The status page; None while none is connected."""
    has_tracker: bool = True
    """Whether it is connected."""
    backend: EmbeddedBackend = field(init=False)
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        now = self.began = self.clock.now()
        self.backend = EmbeddedBackend.open(None, clock=self.clock)
        self.chat = FakeChat(self.clock, users=USERS)
        self.chat.add_channel("incidents")
        self.on_call = FakeOnCall(
            {"payments": Roster(people=(person("Ada"), person("Ben", level=1)))}
        )
        staff = (person("Cleo", origin=Origin.DIRECTORY), person("Ada", origin=Origin.DIRECTORY))
        self.directory = FakeDirectory({"payments": Roster(people=staff)})
        self.telemetry = FakeTelemetry(
            healths={
                "api": ServiceHealth(
                    error_rate=Reading(now=0.14, before=0.002),
                    p99_seconds=Reading(now=2.6, before=0.3),
                )
            },
            lines={"api": [LogLine(at=now - timedelta(minutes=1), text="boom happened")]},
            summaries={
                "api": [
                    TraceSummary(
                        trace_id="abc",
                        root="POST /pay",
                        duration_seconds=2.5,
                        at=now - timedelta(minutes=1),
                    )
                ]
            },
        )
        self.pager = FakePager(frozenset(user.email for user in USERS))
        commit = Commit(sha="f00dfeed", title="Raise timeout", author="Dev", at=now)
        self.code_host = FakeCodeHost(
            {"api": ChangeExcerpt(repository="x/api", commits=(commit,))}
        )

        self.tracker = FakeIssueTracker(people=[user.email for user in USERS])

    @property
    def sources(self) -> Sources:
        return Sources(
            on_call=self.on_call,
            directory=self.directory,
            metrics=self.telemetry,
            logs=self.telemetry,
            traces=self.telemetry,
            code_host=self.code_host,
        )

    @property
    def outside(self) -> Outside:
        tracker = self.tracker if self.has_tracker else None
        return Outside(
            sources=self.sources,
            pager=self.pager,
            tracker=tracker,
            drafter=self.drafter,
            status_page=self.page,
            page_board=self.page,
        )

    @property
    def room(self) -> FakeChannel:
        """The one room there is."""
        rooms = self.chat.rooms()
        assert len(rooms) == 1, [room.name for room in rooms]
        return rooms[0]

    def keys(self, channel: str) -> list[str]:
        """The keys of what we posted for all in a channel, sorted."""
        posted = self.chat.channel(channel).posted
        return sorted(p.key for p in posted if p.private_to is None)

    def facts(self) -> str:
        """What the facts message says now, as one text."""
        found = [p for p in self.room.posted if p.key.endswith(":post_facts")]
        assert len(found) == 1
        return str(found[0].message.blocks).replace("*", "")


@dataclass(frozen=True)
class House:
    """A running program over a world."""

    world: World
    workflows: Workflows
    intake: AlertIntake

    async def alert(self, **changes: object) -> Incident | None:
        """Accept an alert and fold it, as the webhook and the queue would; its incident."""
        accepted = await self.intake.accept(alert(self.world, **changes), raw=b"{}")
        incident_id = await self.workflows.folder.fold(accepted.event_id)
        if incident_id is None:
            return None
        self.workflows.runner.kick(incident_id, ASSEMBLE)
        return await self.workflows.store.get(incident_id)

    async def accepted(self, **changes: object) -> EventId:
        """Accept an alert, and nothing more."""
        accepted = await self.intake.accept(alert(self.world, **changes), raw=b"{}")
        return accepted.event_id

    async def received(self, **changes: object) -> None:
        """Accept an alert and have its event handled to the end, as the queue would."""
        body: Json = {"event_id": await self.accepted(**changes)}
        handler = next(e for e in EVENTS if e.type == ALERT_RECEIVED)
        await handler.handle(Event(type=ALERT_RECEIVED, body=body), self.workflows)

    async def assembled(self, **changes: object) -> Incident:
        """Fire an alert and wait until its room stands."""
        incident = await self.alert(**changes)
        assert incident is not None
        return await self.settled(incident)

    async def settled(self, incident: Incident) -> Incident:
        """The incident once its assembly has nothing left to do."""

        async def has_ended() -> bool:
            plan = await self.workflows.store.plan(incident.incident_id, ASSEMBLE)
            return plan is not None and plan.state is not PlanState.OPEN

        await eventually(has_ended)
        found = await self.workflows.store.get(incident.incident_id)
        assert found is not None
        return found


def alert(world: World, **changes: object) -> Alert:
    at = changes.pop("at", world.clock.now())
    values: dict[str, object] = {
        "source": "test",
        "group_key": "g1",
        "state": AlertState.FIRING,
        "changed_at": at,
        "occurrence": str(at),
        "title": "Payments fail",
        "summary": "Nobody can pay",
        "severity": Severity.P1,
        "service": "api",
        "team": "payments",
        "links": (Link(title="Runbook", url="https://wiki.x.test/pay"),),
    }
    return Alert.model_validate(values | changes)


@asynccontextmanager
async def house(
    world: World,
    *,
    chat: Chat | None = None,
    policy: Policy | None = None,
    outside: Outside | None = None,
) -> AsyncIterator[House]:
    """The program until the context ends; cut off then in the middle of whatever it does."""
    intake = alert_intake(world.backend, world.clock)
    workflows = build_workflows(
        Settings.isolated(statuspage_page_id=PAGE_ID),
        backend=world.backend,
        chat=chat or world.chat,
        outside=outside or world.outside,
        policy=policy or shipped_policy(),
        intake=intake,
        clock=world.clock,
    )
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(workflows.runner.run()),
            tasks.create_task(workflows.board.run()),
        ]
        await asyncio.sleep(0)  # the runner has its tasks from here on
        try:
            yield House(world, workflows, intake)
        finally:
            for task in running:
                task.cancel()


async def eventually(check: Callable[[], Awaitable[T]], *, within: float = 10.0) -> T:
    """What ``check`` returns once it is true."""
    async with asyncio.timeout(within):
        while not (found := await check()):  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)
    return found
