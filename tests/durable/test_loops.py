"""The loops over queue and inbox: each message and each click settled, whatever happens in
between.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.durable.consumer import VISIBILITY, QueueConsumer
from incident_response.durable.inbox_worker import InboxWorker
from incident_response.ports.event_queue import Delivery, QueueMessage
from incident_response.ports.inbox import Envelope, EnvelopeKind
from tests.durable.bench import until
from tests.fakes.clock import FakeClock


@dataclass
class Desk:
    """Handles what it is given, as told."""

    clock: FakeClock = field(default_factory=FakeClock)
    backend: EmbeddedBackend = field(init=False)
    handled: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    telling_fails: bool = False

    def __post_init__(self) -> None:
        self.backend = EmbeddedBackend.open(None, clock=self.clock)
        self.queue = self.backend.queue("incident-events")

    async def work(self, name: str) -> None:
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
        if self.telling_fails:
            raise UnavailableError("chat is down")

    def consumer(self) -> QueueConsumer:
        return QueueConsumer(
            queue=self.queue,
            handle=self.handle_delivery,
            on_dead=self.on_dead,
            clock=self.clock,
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

    def worker(self) -> InboxWorker:
        return InboxWorker(
            inbox=self.backend.inbox,
            handle=self.handle_envelope,
            on_buried=self.on_buried,
            place_of=lambda envelope: envelope.key[0],
            clock=self.clock,
        )

    def has_handled(self, *names: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return set(names) <= set(self.handled)

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


async def test_groups_go_side_by_side_and_each_in_order() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1", "a2", "b1", "b2")
    async with working(desk.consumer()):
        await until(desk.has_handled("b1", "b2"))
        assert "a2" not in desk.handled
        desk.gates["a1"].set()
        await until(desk.is_empty)
    assert desk.handled == ["b1", "b2", "a1", "a2"]


async def test_a_slow_message_stays_ours_by_its_heartbeat() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1")
    async with working(desk.consumer()):
        for _ in range(9):
            await desk.clock.sleeping()
            desk.clock.advance(VISIBILITY.total_seconds() / 3)
            await asyncio.sleep(0.01)
        desk.gates["a1"].set()
        await until(desk.is_empty)
    assert desk.handled == ["a1"]


async def test_what_cannot_succeed_is_told_and_buried_at_once() -> None:
    desk = Desk()
    desk.failures["a1"] = [RefusedError("no handler for it")]
    await desk.send("a1", "a2")
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert desk.told == [("a1", "no handler for it")]
    assert desk.handled == ["a2"], "the group goes on"
    letters = await desk.queue.dead_letters(limit=5)
    assert [letter.reason for letter in letters] == ["no handler for it"]


async def test_what_may_succeed_comes_again_and_the_third_failure_is_the_last() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy")] * 3
    await desk.send("a1")

    async def is_dead() -> bool:
        desk.clock.advance(20)
        await asyncio.sleep(0.01)
        return bool(desk.told)

    async with working(desk.consumer()):
        await until(is_dead)
        await until(desk.is_empty)
    assert desk.told == [("a1", "busy")]
    assert desk.handled == []


async def test_a_message_that_failed_once_and_then_works_is_gone() -> None:
    desk = Desk()
    desk.failures["a1"] = [ZeroDivisionError()]
    await desk.send("a1")

    async def is_empty() -> bool:
        desk.clock.advance(3)
        await asyncio.sleep(0.01)
        return await desk.is_empty()

    async with working(desk.consumer()):
        await until(is_empty)
    assert desk.handled == ["a1"]
    assert desk.told == []


async def test_it_reaches_the_dead_letters_even_if_nobody_can_be_told() -> None:
    desk = Desk()
    desk.telling_fails = True
    desk.failures["a1"] = [RefusedError("no")]
    await desk.send("a1")
    async with working(desk.consumer()):
        await until(desk.is_empty)
    assert len(await desk.queue.dead_letters(limit=5)) == 1


@pytest.mark.parametrize("kind", ["consumer", "worker"])
async def test_draining_settles_what_is_in_hand_and_takes_nothing_more(kind: str) -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.send("a1")
    await desk.put("a1")
    loop = desk.consumer() if kind == "consumer" else desk.worker()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(loop.run())
        await asyncio.sleep(0.05)
        loop.drain()
        await desk.send("b1")
        await desk.put("b1")
        await asyncio.sleep(0.02)
        assert not task.done()
        desk.gates["a1"].set()
        async with asyncio.timeout(5):
            await task
    assert desk.handled == ["a1"]


async def test_things_done_in_one_place_stay_in_order_and_places_do_not_wait() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.put("a1", "a2", "b1")
    async with working(desk.worker()):
        await until(desk.has_handled("b1"))
        assert desk.handled == ["b1"]
        desk.gates["a1"].set()
        await until(desk.is_clear)
    assert desk.handled == ["b1", "a1", "a2"]


async def test_a_click_that_cannot_work_is_kept_and_the_person_told() -> None:
    desk = Desk()
    desk.failures = {"a1": [RefusedError("closed")], "b1": [ZeroDivisionError()]}
    await desk.put("a1", "b1")
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert dict(desk.told) == {
        "a1": "closed",
        "b1": "an error in this program; its log has the details",
    }
    buried = await desk.backend.inbox.buried(limit=5)
    assert {envelope.key for envelope, _ in buried} == {"a1", "b1"}


async def test_a_click_that_may_work_is_tried_again_and_given_up_in_the_end() -> None:
    desk = Desk()
    desk.failures = {"a1": [UnavailableError("busy")] * 2, "b1": [UnavailableError("busy")] * 9}
    await desk.put("a1", "b1")

    async def is_clear() -> bool:
        desk.clock.advance(2)
        await asyncio.sleep(0.01)
        return await desk.is_clear()

    async with working(desk.worker()):
        await until(is_clear)
    assert desk.handled == ["a1"]
    assert desk.told == [("b1", "busy")]


async def test_a_click_that_failed_while_stopping_stays_for_the_next_process() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy")]
    desk.gates["a1"] = asyncio.Event()
    await desk.put("a1")
    worker = desk.worker()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(worker.run())
        await asyncio.sleep(0.05)
        worker.drain()
        desk.gates["a1"].set()
        async with asyncio.timeout(5):
            await task
    assert await desk.backend.inbox.open_count() == 1
    await desk.backend.claim_processor()
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert desk.handled == ["a1"]
    assert desk.told == []


async def test_a_claim_that_ends_while_we_still_work_is_not_worked_on_twice() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.put("a1")
    async with working(desk.worker()):
        await asyncio.sleep(0.05)
        desk.clock.advance(timedelta(minutes=5).total_seconds())
        await asyncio.sleep(0.05)
        desk.gates["a1"].set()
        await until(desk.is_clear)
    assert desk.handled == ["a1"]
