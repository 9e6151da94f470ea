"""A desk that handles messages and clicks as told, over a real queue and inbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.errors import UnavailableError
from incident_response.durable.consumer import QueueConsumer
from incident_response.durable.inbox_worker import InboxWorker, PlaceOf
from incident_response.ports.event_queue import Delivery, QueueMessage
from incident_response.ports.inbox import Envelope, EnvelopeKind
from tests.fakes.clock import FakeClock


@dataclass
class Desk:
    """Handles what it is given, as told."""

    clock: FakeClock = field(default_factory=FakeClock)
    backend: EmbeddedBackend = field(init=False)
    begun: list[str] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    telling_fails: bool = False
    dead_when_told: list[int] = field(default_factory=list)
    """How many dead letters there were each time somebody was told of one."""

    def __post_init__(self) -> None:
        self.backend = EmbeddedBackend.open(None, clock=self.clock)
        self.queue = self.backend.queue("incident-events")

    async def work(self, name: str) -> None:
        self.begun.append(name)
        if name in self.gates:
            await self.gates[name].wait()
        if self.failures.get(name):
            raise self.failures[name].pop(0)
        self.handled.append(name)

    async def send(self, *names: str) -> None:
        """Messages named ``<group><number>``."""
        await self.queue.send(
            [QueueMessage(type=name, group=name[0], dedup_id=name) for name in names]
        )

    async def handle_delivery(self, delivery: Delivery) -> None:
        await self.work(_name(delivery))

    async def on_dead(self, delivery: Delivery, reason: str) -> None:
        self.told.append((_name(delivery), reason))
        self.dead_when_told.append(len(await self.queue.dead_letters(limit=9)))
        if "telling" in self.gates:
            await self.gates["telling"].wait()
        if self.telling_fails:
            raise UnavailableError("chat is down")

    def consumer(self, concurrency: int = 64) -> QueueConsumer:
        return QueueConsumer(
            queue=self.queue,
            handle=self.handle_delivery,
            on_dead=self.on_dead,
            clock=self.clock,
            concurrency=concurrency,
        )

    async def put(self, *keys: str) -> None:
        """Envelopes named ``<place><number>``."""
        for key in keys:
            await self.backend.inbox.put(
                Envelope(
                    key=key,
                    kind=EnvelopeKind.ACTION,
                    payload={},
                    received_at=self.clock.now(),
                )
            )

    async def handle_envelope(self, envelope: Envelope) -> None:
        await self.work(envelope.key)

    async def on_buried(self, envelope: Envelope, reason: str) -> None:
        self.told.append((envelope.key, reason))

    def worker(self, place_of: PlaceOf = lambda envelope: envelope.key[0]) -> InboxWorker:
        return InboxWorker(
            inbox=self.backend.inbox,
            handle=self.handle_envelope,
            on_buried=self.on_buried,
            place_of=place_of,
            clock=self.clock,
        )

    def has_handled(self, *names: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return set(names) <= set(self.handled)

        return check

    def has_begun(self, name: str, times: int = 1) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return self.begun.count(name) >= times

        return check

    def has_told(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return name in dict(self.told)

        return check

    async def is_empty(self) -> bool:
        return await self.queue.depth() == 0

    async def is_clear(self) -> bool:
        return await self.backend.inbox.open_count() == 0


def _name(delivery: Delivery) -> str:
    return delivery.raw.split('"type":"')[1].split('"')[0]


@asynccontextmanager
async def working(loop: QueueConsumer | InboxWorker) -> AsyncIterator[None]:
    """The loop until the context ends, then drained."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(loop.run())
        yield
        loop.drain()
        async with asyncio.timeout(5):
            await task
