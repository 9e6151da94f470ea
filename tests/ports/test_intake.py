import asyncio

import pytest

from incident_response.domain.alert import IntakeStatus
from incident_response.domain.model import EventId
from incident_response.ports.incident_store import Change, Folding
from tests.ports import samples
from tests.ports.backends import Backend


async def test_a_record_that_was_put_is_read_back_as_it_was(backend: Backend) -> None:
    record = samples.record()
    accepted = await backend.intake.put(record)
    assert accepted.is_new
    assert accepted.record == record
    assert await backend.intake.get(record.event_id) == record


async def test_an_unknown_event_has_no_record(backend: Backend) -> None:
    assert await backend.intake.get(EventId("0" * 64)) is None


async def test_a_known_event_gets_the_record_that_is_stored(backend: Backend) -> None:
    first, second = samples.record(seconds=0), samples.record(seconds=5)
    await backend.intake.put(first)
    again = await backend.intake.put(second)
    assert not again.is_new
    assert again.record == first
    assert await backend.intake.get(first.event_id) == first


async def test_a_known_event_is_told_with_its_present_status(backend: Backend) -> None:
    record = samples.record()
    await backend.intake.put(record)
    folding = Folding(
        event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=samples.incident_id()
    )
    await backend.incidents.commit(Change(incident_id=samples.incident_id(), folding=folding))
    again = await backend.intake.put(record)
    assert again.record.status is IntakeStatus.FOLDED
    assert again.record.incident_id == samples.incident_id()


async def test_of_64_concurrent_puts_of_one_record_one_is_new(backend: Backend) -> None:
    record = samples.record()
    async with asyncio.TaskGroup() as tasks:
        puts = [tasks.create_task(backend.intake.put(record)) for _ in range(64)]
    assert sum(put.result().is_new for put in puts) == 1
    assert all(put.result().record == record for put in puts)


async def test_concurrent_puts_of_different_records_are_all_stored(backend: Backend) -> None:
    records = [samples.record(f"group-{n}") for n in range(64)]
    async with asyncio.TaskGroup() as tasks:
        for record in records:
            tasks.create_task(backend.intake.put(record))
    assert [await backend.intake.get(record.event_id) for record in records] == records


async def test_pending_lists_the_oldest_first_and_only_before_the_given_time(
    backend: Backend,
) -> None:
    for seconds in (30, 10, 20, 40):
        await backend.intake.put(samples.record(f"group-{seconds}", seconds=seconds))
    pending = await backend.intake.pending(received_before=samples.at(40), limit=10)
    assert [record.alert.group_key for record in pending] == ["group-10", "group-20", "group-30"]
    assert len(await backend.intake.pending(received_before=samples.at(40), limit=2)) == 2


@pytest.mark.parametrize("status", [IntakeStatus.QUARANTINED, IntakeStatus.DEAD])
async def test_a_marked_record_is_no_longer_pending_but_troubled(
    backend: Backend, status: IntakeStatus
) -> None:
    record = samples.record()
    await backend.intake.put(record)
    await backend.intake.mark(record.event_id, status)
    assert await backend.intake.pending(received_before=samples.at(60), limit=10) == []
    troubled = await backend.intake.troubled(limit=10)
    assert troubled == [record.model_copy(update={"status": status})]


async def test_a_quarantined_record_can_be_marked_pending_again(backend: Backend) -> None:
    record = samples.record(status=IntakeStatus.QUARANTINED)
    await backend.intake.put(record)
    await backend.intake.mark(record.event_id, IntakeStatus.PENDING)
    pending = await backend.intake.pending(received_before=samples.at(60), limit=10)
    assert [found.status for found in pending] == [IntakeStatus.PENDING]


@pytest.mark.parametrize("final", [IntakeStatus.FOLDED, IntakeStatus.DEAD])
async def test_a_folded_or_dead_record_stays_as_it_is(
    backend: Backend, final: IntakeStatus
) -> None:
    record = samples.record()
    await backend.intake.put(record)
    await backend.intake.mark(record.event_id, final)
    await backend.intake.mark(record.event_id, IntakeStatus.PENDING)
    found = await backend.intake.get(record.event_id)
    assert found is not None
    assert found.status is final


async def test_troubled_lists_the_newest_first(backend: Backend) -> None:
    for seconds, status in (
        (10, IntakeStatus.DEAD),
        (30, IntakeStatus.QUARANTINED),
        (20, IntakeStatus.DEAD),
        (40, IntakeStatus.PENDING),
    ):
        record = samples.record(f"group-{seconds}", seconds=seconds, status=status)
        await backend.intake.put(record)
    troubled = await backend.intake.troubled(limit=10)
    assert [record.alert.group_key for record in troubled] == ["group-30", "group-20", "group-10"]
    assert len(await backend.intake.troubled(limit=1)) == 1
