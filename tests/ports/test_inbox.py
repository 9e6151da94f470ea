import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from incident_response.ports.inbox import Envelope
from tests.ports import samples
from tests.ports.backends import Backend

PassTime = Callable[[float], Awaitable[None]]
VISIBILITY = timedelta(seconds=10)


async def claim(backend: Backend, limit: int = 10) -> list[Envelope]:
    return await backend.inbox.claim(limit=limit, visibility=VISIBILITY, wait=timedelta())


async def keys(backend: Backend, limit: int = 10) -> list[str]:
    return [envelope.key for envelope in await claim(backend, limit)]


async def test_an_envelope_is_claimed_as_it_was_put(backend: Backend) -> None:
    envelope = samples.envelope()
    assert await backend.inbox.put(envelope)
    (claimed,) = await claim(backend)
    assert claimed == envelope.model_copy(update={"attempts": 1})


async def test_a_known_key_is_not_stored_again(backend: Backend) -> None:
    assert await backend.inbox.put(samples.envelope())
    assert not await backend.inbox.put(samples.envelope(seconds=5))
    assert await backend.inbox.open_count() == 1


async def test_a_key_is_known_also_after_its_work(backend: Backend) -> None:
    await backend.inbox.put(samples.envelope("done"))
    await backend.inbox.put(samples.envelope("buried"))
    await backend.inbox.done("done")
    await backend.inbox.bury("buried", "no")
    assert not await backend.inbox.put(samples.envelope("done"))
    assert not await backend.inbox.put(samples.envelope("buried"))
    assert await claim(backend) == []


async def test_of_64_concurrent_puts_of_one_key_one_is_stored(backend: Backend) -> None:
    async with asyncio.TaskGroup() as tasks:
        puts = [tasks.create_task(backend.inbox.put(samples.envelope())) for _ in range(64)]
    assert sum(put.result() for put in puts) == 1


async def test_the_oldest_are_claimed_first_and_no_more_than_asked_for(backend: Backend) -> None:
    for seconds in (30, 10, 20):
        await backend.inbox.put(samples.envelope(f"key-{seconds}", seconds=seconds))
    assert await keys(backend, limit=2) == ["key-10", "key-20"]
    assert await keys(backend, limit=2) == ["key-30"]


async def test_a_claimed_envelope_is_nobody_elses_until_the_claim_ends(
    backend: Backend, pass_time: PassTime
) -> None:
    await backend.inbox.put(samples.envelope())
    await claim(backend)
    await pass_time(9)
    assert await claim(backend) == []
    await pass_time(2)
    (again,) = await claim(backend)
    assert again.attempts == 2


async def test_a_claim_that_is_extended_lasts_from_then(
    backend: Backend, pass_time: PassTime
) -> None:
    await backend.inbox.put(samples.envelope())
    (claimed,) = await claim(backend)
    await pass_time(6)
    await backend.inbox.extend(claimed, VISIBILITY)
    await pass_time(6)
    assert await claim(backend) == []
    await pass_time(5)
    assert len(await claim(backend)) == 1


async def test_a_claim_that_is_given_back_can_be_had_at_once(backend: Backend) -> None:
    await backend.inbox.put(samples.envelope())
    (claimed,) = await claim(backend)
    await backend.inbox.extend(claimed, timedelta())
    (again,) = await claim(backend)
    assert again.attempts == 2


async def test_a_claim_that_has_ended_can_no_longer_be_given_back_nor_what_is_done(
    backend: Backend, pass_time: PassTime
) -> None:
    await backend.inbox.put(samples.envelope())
    (old,) = await claim(backend)
    await pass_time(11)
    (newer,) = await claim(backend)
    await backend.inbox.extend(old, timedelta())
    assert await claim(backend) == []
    await backend.inbox.done("key-1")
    await backend.inbox.extend(newer, timedelta())
    assert await claim(backend) == []


async def test_an_envelope_that_is_done_does_not_come_again(
    backend: Backend, pass_time: PassTime
) -> None:
    await backend.inbox.put(samples.envelope())
    await claim(backend)
    await backend.inbox.done("key-1")
    await pass_time(11)
    assert await claim(backend) == []
    assert await backend.inbox.open_count() == 0


async def test_buried_envelopes_are_kept_and_shown_newest_first(
    backend: Backend, pass_time: PassTime
) -> None:
    for number in (1, 2, 3):
        await backend.inbox.put(samples.envelope(f"key-{number}", seconds=number))
    await claim(backend)
    for number in (2, 1, 3):
        await backend.inbox.bury(f"key-{number}", f"reason {number}")
        await pass_time(1)
    shown = await backend.inbox.buried(limit=2)
    assert shown == [
        (samples.envelope("key-3", seconds=3).model_copy(update={"attempts": 1}), "reason 3"),
        (samples.envelope("key-1", seconds=1).model_copy(update={"attempts": 1}), "reason 1"),
    ]
    await pass_time(11)
    assert await claim(backend) == []
    assert await backend.inbox.open_count() == 0


async def test_what_is_done_is_not_buried_any_more(backend: Backend) -> None:
    await backend.inbox.put(samples.envelope())
    await backend.inbox.done("key-1")
    await backend.inbox.bury("key-1", "late")
    assert await backend.inbox.buried(limit=10) == []


async def test_the_open_ones_are_counted_claimed_or_not(backend: Backend) -> None:
    assert await backend.inbox.open_count() == 0
    for number in range(3):
        await backend.inbox.put(samples.envelope(f"key-{number}"))
    await claim(backend, limit=1)
    assert await backend.inbox.open_count() == 3


@pytest.mark.timeout(20)
async def test_a_waiting_claimer_wakes_when_an_envelope_comes(backend: Backend) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            backend.inbox.claim(limit=1, visibility=VISIBILITY, wait=timedelta(seconds=15))
        )
        await asyncio.sleep(0)  # it may or may not wait yet: it has to get it either way
        await backend.inbox.put(samples.envelope())
    assert [envelope.key for envelope in waiting.result()] == ["key-1"]


async def test_concurrent_claimers_never_share_an_envelope(backend: Backend) -> None:
    for number in range(30):
        await backend.inbox.put(samples.envelope(f"key-{number}"))
    async with asyncio.TaskGroup() as tasks:
        claims = [tasks.create_task(keys(backend, limit=2)) for _ in range(20)]
    claimed = [key for task in claims for key in task.result()]
    assert len(claimed) == len(set(claimed)) == 30
