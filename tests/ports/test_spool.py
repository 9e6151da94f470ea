import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from incident_response.adapters.spool_file.spool import FileSpool
from incident_response.domain.alert import IntakeRecord, IntakeStatus
from incident_response.domain.errors import UnavailableError
from incident_response.ports.spool import Spool
from tests.fakes.spool import FakeSpool
from tests.ports import samples

OPENERS: Mapping[str, Callable[[Path], Spool]] = {
    "fake": lambda folder: FakeSpool(),
    "file": lambda folder: FileSpool(folder / "webhook.spool"),
}


@pytest.fixture(params=sorted(OPENERS))
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Spool:
    return OPENERS[request.param](tmp_path)


class Taker:
    """Takes what it is handed, until it is told to refuse."""

    def __init__(self, *, refuses_after: int | None = None) -> None:
        self.taken: list[IntakeRecord] = []
        self.refuses_after = refuses_after

    async def put(self, record: IntakeRecord) -> None:
        if len(self.taken) == self.refuses_after:
            raise UnavailableError
        self.taken.append(record)


def records(count: int, *, first: int = 0) -> list[IntakeRecord]:
    return [samples.record(f"group-{n}", seconds=n) for n in range(first, first + count)]


async def drained(spool: Spool) -> list[IntakeRecord]:
    taker = Taker()
    assert await spool.drain(taker.put) == len(taker.taken)
    return taker.taken


async def test_what_was_appended_is_handed_over_once_as_it_was_and_in_order(spool: Spool) -> None:
    quarantined = samples.record("strange", status=IntakeStatus.QUARANTINED)
    appended = [*records(5), quarantined, samples.record("last")]
    for record in appended:
        await spool.append(record)
    assert await drained(spool) == appended
    assert await drained(spool) == []


async def test_an_empty_spool_hands_over_nothing(spool: Spool) -> None:
    assert await drained(spool) == []


async def test_the_same_record_twice_is_handed_over_twice(spool: Spool) -> None:
    for _ in range(2):
        await spool.append(samples.record())
    assert await drained(spool) == [samples.record()] * 2


async def test_a_refused_record_and_those_behind_it_stay_and_no_other_comes_again(
    spool: Spool,
) -> None:
    appended = records(5)
    for record in appended:
        await spool.append(record)
    taker = Taker(refuses_after=2)
    with pytest.raises(UnavailableError):
        await spool.drain(taker.put)
    assert taker.taken == appended[:2]
    assert await drained(spool) == appended[2:]


async def test_what_is_appended_after_a_refusal_comes_behind_what_was_refused(
    spool: Spool,
) -> None:
    appended = records(4)
    await spool.append(appended[0])
    await spool.append(appended[1])
    with pytest.raises(UnavailableError):
        await spool.drain(Taker(refuses_after=1).put)
    await spool.append(appended[2])
    await spool.append(appended[3])
    assert await drained(spool) == appended[1:]


async def test_an_append_does_not_wait_for_the_draining(spool: Spool) -> None:
    first, second = records(2)
    await spool.append(first)
    taken: list[IntakeRecord] = []

    async def put(record: IntakeRecord) -> None:
        if not taken:
            await spool.append(second)
        taken.append(record)

    async with asyncio.timeout(5):
        await spool.drain(put)
        taken += await drained(spool)
    assert taken == [first, second]


async def test_of_two_drainings_at_once_each_record_goes_to_one(spool: Spool) -> None:
    appended = records(20)
    for record in appended:
        await spool.append(record)
    takers = [Taker(), Taker()]
    await asyncio.gather(*(spool.drain(taker.put) for taker in takers))
    taken = [record for taker in takers for record in taker.taken]
    assert sorted(taken, key=lambda r: r.received_at) == appended


async def test_concurrent_appends_are_all_kept(spool: Spool) -> None:
    appended = records(64)
    await asyncio.gather(*map(spool.append, appended))
    found = await drained(spool)
    assert sorted(found, key=lambda r: r.received_at) == appended


async def test_a_draining_that_is_cut_off_loses_nothing_and_the_next_goes_on(
    spool: Spool,
) -> None:
    appended = records(3)
    for record in appended:
        await spool.append(record)
    is_at_second = asyncio.Event()
    taken: list[IntakeRecord] = []

    async def put(record: IntakeRecord) -> None:
        if taken:
            is_at_second.set()
            await asyncio.Event().wait()
        taken.append(record)

    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(spool.drain(put))
        await is_at_second.wait()
        draining.cancel()
    assert [*taken, *await drained(spool)] == appended
