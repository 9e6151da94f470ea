import asyncio
from datetime import timedelta

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.durable.inbox_worker import (
    AT_ONCE,
    IN_HAND,
    MAX_ATTEMPTS,
    PAUSE_SECONDS,
    VISIBILITY,
)
from incident_response.ports.inbox import Envelope
from tests.durable.bench import until
from tests.durable.desk import Desk, working


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
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert desk.handled == ["a1"]
    assert desk.told == []


async def test_what_is_cut_off_is_given_back_and_so_is_what_waits_behind_it() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.put("a1", "a2")
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(desk.worker().run())
        await until(desk.has_begun("a1"))
        task.cancel()
    desk.gates["a1"].set()
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert desk.handled == ["a1", "a2"]


async def test_what_takes_long_stays_ours_by_its_heartbeat() -> None:
    desk = Desk()
    desk.gates["a1"] = asyncio.Event()
    await desk.put("a1")
    async with working(desk.worker()):
        await until(desk.has_begun("a1"))
        for _ in range(12):
            await desk.clock.sleeping(2)  # the heartbeat, and who looks for more
            desk.clock.advance(VISIBILITY.total_seconds() / 3)
        await desk.clock.sleeping(2)
        assert await desk.backend.inbox.claim(limit=1, visibility=VISIBILITY, wait=AT_ONCE) == []
        desk.gates["a1"].set()
        await until(desk.is_clear)


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


async def test_what_comes_later_in_a_place_waits_for_the_second_try_of_what_came_first() -> None:
    desk = Desk()
    desk.failures["a1"] = [UnavailableError("busy")]
    await desk.put("a1", "a2", "b1")
    async with working(desk.worker()):
        await until(desk.has_handled("b1"))
        assert desk.handled == ["b1"]
        desk.clock.advance(PAUSE_SECONDS)
        await until(desk.is_clear)
    assert desk.handled == ["b1", "a1", "a2"]


async def test_what_has_no_place_is_settled_by_its_handler_and_stops_nothing() -> None:
    desk = Desk()
    desk.failures["a1"] = [RefusedError("not understood")]
    await desk.put("a1", "b1")

    def place_of(envelope: Envelope) -> str:
        if envelope.key == "a1":
            raise RefusedError("not understood")
        return envelope.key

    async with working(desk.worker(place_of)):
        await until(desk.is_clear)
    assert desk.told == [("a1", "not understood")]
    assert desk.handled == ["b1"]


async def test_what_was_begun_by_too_many_processes_is_given_up_unbegun() -> None:
    desk = Desk()
    await desk.put("a1")
    for _ in range(MAX_ATTEMPTS):
        await desk.backend.inbox.claim(limit=1, visibility=timedelta(0), wait=timedelta(0))
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert desk.begun == []
    assert desk.told == [("a1", "it was begun too often")]


async def test_only_so_much_is_taken_in_hand_and_the_rest_stays_for_others() -> None:
    desk = Desk()
    desk.gates["a0"] = asyncio.Event()
    keys = [f"a{number}" for number in range(IN_HAND + 30)]
    await desk.put(*keys)
    async with working(desk.worker()):
        await until(desk.has_begun("a0"))
        await asyncio.sleep(0.1)
        left = await desk.backend.inbox.claim(
            limit=len(keys), visibility=timedelta(0), wait=timedelta(0)
        )
        assert [envelope.key for envelope in left] == keys[IN_HAND:]
        desk.gates["a0"].set()
        await until(desk.is_clear)
    assert desk.handled == keys


async def test_a_group_of_failures_is_settled_by_the_gravest() -> None:
    desk = Desk()
    desk.failures["a1"] = [ExceptionGroup("two", [UnavailableError("busy"), RefusedError("no")])]
    await desk.put("a1")
    async with working(desk.worker()):
        await until(desk.is_clear)
    assert desk.told == [("a1", "no")]
