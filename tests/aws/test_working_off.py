"""The consumer on an SQS queue: done, tried again, dead, and put back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.domain.errors import PermanentError, UnavailableError
from incident_response.durable.consumer import QueueConsumer
from incident_response.ports.event_queue import Delivery
from tests.aws.harness import AwsPorts
from tests.aws.ministack import Ministack
from tests.ports import samples


class Worker:
    """Handles as it is told, and remembers."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.failure: Exception | None = None
        self.dead: list[str] = []
        self._changed = asyncio.Condition()

    async def handle(self, delivery: Delivery) -> None:
        async with self._changed:
            self.handled.append(delivery.group)
            self._changed.notify_all()
        if self.failure is not None:
            raise self.failure

    async def on_dead(self, _delivery: Delivery, reason: str) -> None:
        self.dead.append(reason)

    async def has_handled(self, count: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.handled) >= count)


@pytest.fixture
def queue(ports: AwsPorts) -> SqsQueue:
    return ports.queue("events")


@asynccontextmanager
async def working(queue: SqsQueue, worker: Worker, ministack: Ministack) -> AsyncIterator[None]:
    consumer = QueueConsumer(
        queue=queue, handle=worker.handle, on_dead=worker.on_dead, clock=ministack.clock
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run())
        yield
        consumer.drain()


async def test_messages_of_many_groups_are_worked_off_to_the_last(
    queue: SqsQueue, ministack: Ministack
) -> None:
    worker = Worker()
    await queue.send([samples.message(f"id-{n}", group=f"g-{n % 7}") for n in range(30)])
    async with working(queue, worker, ministack):
        await worker.has_handled(30)
    assert sorted(worker.handled) == sorted(f"g-{n % 7}" for n in range(30))
    assert await queue.depth() == 0


async def test_a_trouble_that_passes_costs_a_second_delivery_and_no_more(
    queue: SqsQueue, ministack: Ministack
) -> None:
    worker = Worker()
    worker.failure = UnavailableError("not now", retry_after=timedelta(seconds=1))
    await queue.send([samples.message("id-1")])
    async with working(queue, worker, ministack):
        await worker.has_handled(1)
        worker.failure = None
        await worker.has_handled(2)
    assert await queue.depth() == 0
    assert await queue.dead_letters(limit=1) == []


async def test_what_cannot_be_done_is_dead_at_once_and_lives_again_when_redriven(
    queue: SqsQueue, ministack: Ministack
) -> None:
    worker = Worker()
    worker.failure = PermanentError("nobody knows this event")
    await queue.send([samples.message("id-1")])
    async with working(queue, worker, ministack):
        await worker.has_handled(1)
    (letter,) = await queue.dead_letters(limit=10)
    assert worker.dead == [letter.reason] == ["nobody knows this event"]
    worker.failure = None
    assert await queue.redrive(limit=10) == 1
    async with working(queue, worker, ministack):
        await worker.has_handled(2)
    assert (await queue.depth(), await queue.dead_letters(limit=10)) == (0, [])
