import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from incident_response.domain.errors import ConflictError
from incident_response.ports.event_queue import (
    DEDUPLICATION_WINDOW,
    MAX_RECEIVES,
    Delivery,
    EventQueue,
    encode,
)
from tests.ports import samples
from tests.ports.backends import Backend

PassTime = Callable[[float], Awaitable[None]]
VISIBILITY = timedelta(seconds=10)
AT_ONCE = timedelta()


@pytest.fixture
def queue(backend: Backend) -> EventQueue:
    return backend.queue("events")


async def receive(queue: EventQueue, limit: int = 10) -> list[Delivery]:
    return await queue.receive(limit=limit, wait=AT_ONCE, visibility=VISIBILITY)


async def receive_one(queue: EventQueue) -> Delivery:
    (delivery,) = await receive(queue)
    return delivery


async def exhaust(queue: EventQueue, pass_time: PassTime) -> None:
    """Deliver the one message as often as it may be, and once more."""
    for _ in range(MAX_RECEIVES):
        await receive_one(queue)
        await pass_time(11)
    assert await receive(queue) == []


async def test_a_message_is_delivered_as_it_was_sent(
    queue: EventQueue, now: Callable[[], datetime]
) -> None:
    sent = samples.message("id-1", group="group-7")
    await queue.send([sent])
    delivery = await receive_one(queue)
    assert delivery.raw == encode(sent)
    assert delivery.raw.isascii()
    assert json.loads(delivery.raw)["body"] == sent.body
    assert delivery.group == "group-7"
    assert delivery.trace == sent.trace != ""
    assert delivery.receive_count == 1
    assert abs(delivery.sent_at - now()) < timedelta(seconds=5)


async def test_an_empty_queue_delivers_nothing(queue: EventQueue) -> None:
    assert await receive(queue) == []
    assert await queue.depth() == 0


async def test_sending_nothing_changes_nothing(queue: EventQueue) -> None:
    await queue.send([])
    assert await queue.depth() == 0


async def test_queues_know_nothing_of_each_other(backend: Backend) -> None:
    await backend.queue("one").send([samples.message("id-1")])
    assert await receive(backend.queue("two")) == []
    await backend.queue("two").send([samples.message("id-1")])
    assert len(await receive(backend.queue("two"))) == 1
    assert await backend.queue("one").depth() == 1


async def test_a_group_is_delivered_in_order_one_by_one(queue: EventQueue) -> None:
    await queue.send([samples.message(f"id-{n}", body={"n": n}) for n in range(5)])
    order = []
    for _ in range(5):
        delivery = await receive_one(queue)
        assert await receive(queue) == []  # the group is locked
        order.append(json.loads(delivery.raw)["body"]["n"])
        await queue.delete(delivery)
    assert order == [0, 1, 2, 3, 4]
    assert await queue.depth() == 0


async def test_groups_do_not_wait_for_each_other(queue: EventQueue) -> None:
    await queue.send(
        [samples.message(f"id-{n}", group=f"group-{n % 3}", body={"n": n}) for n in range(6)]
    )
    deliveries = await receive(queue)
    assert [json.loads(each.raw)["body"]["n"] for each in deliveries] == [0, 1, 2]


async def test_no_more_are_delivered_than_asked_for(queue: EventQueue) -> None:
    await queue.send([samples.message(f"id-{n}", group=f"group-{n}") for n in range(5)])
    assert len(await receive(queue, limit=2)) == 2
    assert len(await receive(queue, limit=10)) == 3


async def test_a_known_deduplication_id_is_passed_over(queue: EventQueue) -> None:
    await queue.send([samples.message("id-1"), samples.message("id-1", group="group-2")])
    await queue.send([samples.message("id-1")])
    assert await queue.depth() == 1


async def test_a_deduplication_id_is_known_also_after_its_message_is_gone(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    await queue.delete(await receive_one(queue))
    await pass_time(DEDUPLICATION_WINDOW.total_seconds() - 5)
    await queue.send([samples.message("id-1")])
    assert await queue.depth() == 0
    await pass_time(6)
    await queue.send([samples.message("id-1")])
    assert await queue.depth() == 1


async def test_of_64_concurrent_sends_of_one_id_one_is_queued(queue: EventQueue) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(64):
            tasks.create_task(queue.send([samples.message("id-1")]))
    assert await queue.depth() == 1


async def test_a_message_that_is_not_deleted_comes_again(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    first = await receive_one(queue)
    await pass_time(5)
    assert await receive(queue) == []
    await pass_time(6)
    second = await receive_one(queue)
    assert second.message_id == first.message_id
    assert second.receipt != first.receipt
    assert (first.receive_count, second.receive_count) == (1, 2)


async def test_an_undeleted_message_holds_the_rest_of_its_group_back(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1", body={"n": 1}), samples.message("id-2")])
    await receive_one(queue)
    await pass_time(11)
    assert json.loads((await receive_one(queue)).raw)["body"] == {"n": 1}


async def test_a_late_finish_is_fine_while_nobody_else_got_the_message(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    delivery = await receive_one(queue)
    await pass_time(11)
    await queue.delete(delivery)
    assert await queue.depth() == 0


async def test_an_old_delivery_can_do_nothing_any_more(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    old = await receive_one(queue)
    await pass_time(11)
    new = await receive_one(queue)
    with pytest.raises(ConflictError):
        await queue.delete(old)
    with pytest.raises(ConflictError):
        await queue.extend(old, VISIBILITY)
    with pytest.raises(ConflictError):
        await queue.bury(old, "too late")
    await queue.delete(new)
    assert await queue.dead_letters(limit=10) == []


async def test_deleting_twice_is_no_error(queue: EventQueue) -> None:
    await queue.send([samples.message("id-1")])
    delivery = await receive_one(queue)
    await queue.delete(delivery)
    await queue.delete(delivery)
    assert await queue.depth() == 0


async def test_an_extended_message_stays_invisible_from_then_on(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    delivery = await receive_one(queue)
    await pass_time(8)
    await queue.extend(delivery, VISIBILITY)
    await pass_time(8)
    assert await receive(queue) == []
    await pass_time(3)
    assert len(await receive(queue)) == 1


async def test_extending_by_nothing_gives_the_message_back_at_once(queue: EventQueue) -> None:
    await queue.send([samples.message("id-1")])
    await queue.extend(await receive_one(queue), AT_ONCE)
    assert (await receive_one(queue)).receive_count == 2


async def test_a_message_that_is_never_deleted_dies_after_its_last_delivery(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1"), samples.message("id-2", body={"n": 2})])
    for count in range(1, MAX_RECEIVES + 1):
        assert (await receive_one(queue)).receive_count == count
        await pass_time(11)
    following = await receive_one(queue)
    assert json.loads(following.raw)["body"] == {"n": 2}
    (dead,) = await queue.dead_letters(limit=10)
    assert dead.raw == encode(samples.message("id-1"))
    assert (dead.group, dead.receive_count) == ("group-1", MAX_RECEIVES)
    assert dead.reason
    assert await queue.depth() == 1


async def test_the_last_delivery_of_a_dead_message_can_no_longer_finish_it(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1")])
    for _ in range(MAX_RECEIVES):
        last = await receive_one(queue)
        await pass_time(11)
    assert await receive(queue) == []
    with pytest.raises(ConflictError):
        await queue.delete(last)
    assert len(await queue.dead_letters(limit=10)) == 1


async def test_a_buried_message_is_dead_at_once_and_frees_its_group(queue: EventQueue) -> None:
    await queue.send([samples.message("id-1"), samples.message("id-2", body={"n": 2})])
    delivery = await receive_one(queue)
    await queue.bury(delivery, "unknown type")
    (dead,) = await queue.dead_letters(limit=10)
    assert (dead.message_id, dead.reason) == (delivery.message_id, "unknown type")
    assert dead.receive_count == 1
    assert json.loads((await receive_one(queue)).raw)["body"] == {"n": 2}


async def test_dead_letters_are_listed_newest_first(queue: EventQueue) -> None:
    for number in range(3):
        await queue.send([samples.message(f"id-{number}")])
        await queue.bury(await receive_one(queue), f"reason {number}")
    dead = await queue.dead_letters(limit=2)
    assert [letter.reason for letter in dead] == ["reason 2", "reason 1"]


async def test_redriven_letters_come_again_oldest_first_and_count_anew(
    queue: EventQueue, pass_time: PassTime
) -> None:
    await queue.send([samples.message("id-1", body={"n": 1})])
    await exhaust(queue, pass_time)
    await queue.send([samples.message("id-2", body={"n": 2})])
    await queue.bury(await receive_one(queue), "no")
    assert await queue.redrive(limit=1) == 1
    assert len(await queue.dead_letters(limit=10)) == 1
    assert await queue.redrive(limit=10) == 1
    assert await queue.dead_letters(limit=10) == []
    first = await receive_one(queue)
    assert json.loads(first.raw)["body"] == {"n": 1}
    assert first.receive_count == 1
    await queue.delete(first)
    assert json.loads((await receive_one(queue)).raw)["body"] == {"n": 2}


async def test_redriving_nothing_moves_nothing(queue: EventQueue) -> None:
    assert await queue.redrive(limit=10) == 0


async def test_the_depth_counts_waiting_and_in_flight_but_not_dead(queue: EventQueue) -> None:
    await queue.send([samples.message(f"id-{n}", group=f"group-{n}") for n in range(3)])
    first, second = await receive(queue, limit=2)
    assert await queue.depth() == 3
    await queue.delete(first)
    await queue.bury(second, "no")
    assert await queue.depth() == 1


@pytest.mark.timeout(20)
async def test_a_waiting_receiver_wakes_when_a_message_is_sent(queue: EventQueue) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            queue.receive(limit=1, wait=timedelta(seconds=15), visibility=VISIBILITY)
        )
        await asyncio.sleep(0)  # it may or may not wait yet: it has to get the message either way
        await queue.send([samples.message("id-1")])
    assert len(waiting.result()) == 1


@pytest.mark.timeout(20)
async def test_a_waiting_receiver_wakes_when_the_group_is_free_again(queue: EventQueue) -> None:
    await queue.send([samples.message("id-1"), samples.message("id-2", body={"n": 2})])
    first = await receive_one(queue)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            queue.receive(limit=1, wait=timedelta(seconds=15), visibility=VISIBILITY)
        )
        await asyncio.sleep(0)
        await queue.delete(first)
    assert json.loads(waiting.result()[0].raw)["body"] == {"n": 2}


async def test_concurrent_receivers_never_share_a_message(queue: EventQueue) -> None:
    await queue.send([samples.message(f"id-{n}", group=f"group-{n}") for n in range(40)])
    async with asyncio.TaskGroup() as tasks:
        receivers = [tasks.create_task(receive(queue, limit=3)) for _ in range(20)]
    received = [delivery.message_id for task in receivers for delivery in task.result()]
    assert len(received) == len(set(received)) == 40


@pytest.mark.parametrize("dedup_id", ["", "a b", "a/b", "é", "x" * 129])
async def test_a_deduplication_id_that_not_every_backend_takes_is_a_mistake(
    queue: EventQueue, dedup_id: str
) -> None:
    with pytest.raises(ValueError, match="deduplication id"):
        await queue.send([samples.message(dedup_id)])
