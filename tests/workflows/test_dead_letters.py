import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from incident_response.domain.alert import IntakeStatus
from incident_response.ports.event_queue import Delivery, EventQueue, QueueMessage, encode
from incident_response.telemetry import metrics
from tests.telemetry_reading import attributes, counted
from tests.workflows.house import World, alert, eventually, house

NOW = timedelta(0)


def is_told(world: World) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return bool(world.chat.channel("incidents").posted)

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


async def test_what_the_queue_gave_up_by_itself_is_told_once_across_restarts() -> None:
    world = World()
    queue = world.backend.queue("incident-events")
    await queue.send([QueueMessage(type="ALERT_RECEIVED", group="g", dedup_id="d")])
    for _ in range(4):
        for delivery in await queue.receive(limit=1, wait=NOW, visibility=timedelta(seconds=30)):
            await queue.extend(delivery, NOW)
    assert len(await queue.dead_letters(limit=5)) == 1
    for _ in range(2):
        async with house(world) as h, asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(h.workflows.dead_letters.watch())
            await eventually(is_told(world))
            await asyncio.sleep(0.05)  # long enough to tell it again, were that to happen
            watching.cancel()
    told = world.chat.channel("incidents").posted
    assert len(told) == 1
    assert "delivered 3 times and never finished" in told[0].message.text
    assert counted(metrics.DEAD_LETTERS)[attributes(queue="incident-events")] == 1
