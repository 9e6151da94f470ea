import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.ports.event_queue import (
    MAX_RECEIVES,
    Delivery,
    EventQueue,
    QueueMessage,
    encode,
)
from incident_response.telemetry import metrics
from incident_response.workflows.accept_alert import message_about
from tests.telemetry_reading import attributes, counted
from tests.workflows.house import World, alert, eventually, house

NOW = timedelta(0)


def is_told(world: World, times: int = 1) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return len(world.chat.channel("incidents").posted) >= times

    return check


async def deliver(queue: EventQueue, message: QueueMessage) -> Delivery:
    await queue.send([message])
    found = await queue.receive(limit=1, wait=NOW, visibility=timedelta(seconds=30))
    return found[0]


async def test_an_alert_that_cannot_be_folded_is_marked_dead_and_shown() -> None:
    world = World()
    async with house(world) as h:
        accepted = await h.intake.accept(alert(world), raw=b'{"a": 1}')
        message = QueueMessage(
            type="ALERT_RECEIVED", group="g", dedup_id="d", body={"event_id": accepted.event_id}
        )
        delivery = await deliver(world.backend.queue("incident-events"), message)
        await h.workflows.dead_letters.tell(delivery, queue="incident-events", reason="broken")
        record = await world.backend.intake.get(accepted.event_id)
    assert record is not None
    assert record.status is IntakeStatus.DEAD
    told = world.chat.channel("incidents").posted[-1].message.text
    assert "could not be processed" in told
    assert "broken" in told


async def test_a_message_nobody_can_read_is_shown() -> None:
    world = World()
    async with house(world) as h:
        message = QueueMessage(type="NO_SUCH", group="g", dedup_id="d")
        delivery = await deliver(world.backend.queue("incident-events"), message)
        assert delivery.raw == encode(message)
        await h.workflows.dead_letters.tell(delivery, queue="incident-events", reason="unknown")
    assert "given up" in world.chat.channel("incidents").posted[-1].message.text


async def die_with(queue: EventQueue) -> None:
    """As processes do that are killed over a message, until the queue gives it up."""
    for _ in range(MAX_RECEIVES + 1):
        for delivery in await queue.receive(limit=1, wait=NOW, visibility=timedelta(seconds=30)):
            await queue.extend(delivery, NOW)


async def killing_alert(world: World, queue: EventQueue) -> IntakeRecord:
    """An accepted alert over whose message processes were killed."""
    async with house(world) as h:
        accepted = await h.intake.accept(alert(world), raw=b"{}")
    record = await world.backend.intake.get(accepted.event_id)
    assert record is not None
    await queue.send([message_about(record)])
    await die_with(queue)
    return record


async def watch(world: World, *, told: int = 1) -> None:
    """A process's first look at the dead letters, of which so many are told of after it."""
    async with house(world) as h, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(h.workflows.dead_letters.watch())
        await eventually(is_told(world, told))
        await asyncio.sleep(0.05)  # long enough to tell it again, were that to happen
        watching.cancel()


async def test_an_alert_whose_message_died_with_its_processes_is_sent_again_once() -> None:
    world = World()
    queue = world.backend.queue("incident-events")
    record = await killing_alert(world, queue)
    await watch(world)
    (again,) = await queue.receive(limit=5, wait=NOW, visibility=timedelta(seconds=30))
    assert again.raw == encode(message_about(record))
    assert "Its alert is tried again" in world.chat.channel("incidents").posted[0].message.text
    await queue.extend(again, NOW)
    await die_with(queue)
    assert len(await queue.dead_letters(limit=5)) == 2
    await watch(world, told=2)
    assert await queue.depth() == 0, "an alert that kills every process does so in a while only"


async def test_an_alert_that_was_worked_off_meanwhile_is_not_sent_again() -> None:
    world = World()
    queue = world.backend.queue("incident-events")
    record = await killing_alert(world, queue)
    await world.backend.intake.mark(record.event_id, IntakeStatus.DEAD)
    await watch(world)
    assert await queue.depth() == 0


async def test_what_the_queue_gave_up_by_itself_is_told_once_across_restarts() -> None:
    world = World()
    queue = world.backend.queue("incident-events")
    await queue.send([QueueMessage(type="ALERT_RECEIVED", group="g", dedup_id="d")])
    await die_with(queue)
    assert len(await queue.dead_letters(limit=5)) == 1
    for _ in range(2):
        await watch(world)
    told = world.chat.channel("incidents").posted
    assert len(told) == 1
    assert "delivered 3 times and never finished" in told[0].message.text
    assert counted(metrics.DEAD_LETTERS)[attributes(queue="incident-events")] == 1
