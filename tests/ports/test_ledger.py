import asyncio

from incident_response.domain.ledger import GENESIS, EntryKind, NewEntry, Seal
from incident_response.ports.incident_store import Change
from tests.ports import samples
from tests.ports.backends import Backend

ID = samples.incident_id()


async def commit_entries(backend: Backend, *numbers: int) -> None:
    entries = tuple(samples.entry(number) for number in numbers)
    await backend.incidents.commit(Change(incident_id=ID, entries=entries))


async def test_an_incident_without_entries_stands_at_the_beginning(backend: Backend) -> None:
    assert await backend.ledger.entries(ID) == []
    assert await backend.ledger.head(ID) == (0, GENESIS)
    assert await backend.ledger.heads() == {}


async def test_entries_come_back_in_order_with_what_they_told(backend: Backend) -> None:
    await commit_entries(backend, 1, 2)
    await commit_entries(backend, 3)
    entries = await backend.ledger.entries(ID)
    assert [entry.seq for entry in entries] == [1, 2, 3]
    told = [NewEntry.model_validate(entry.model_dump()) for entry in entries]
    assert told == [samples.entry(number) for number in (1, 2, 3)]


async def test_the_chain_holds_and_ends_at_the_head(backend: Backend, seal: Seal) -> None:
    await commit_entries(backend, 1, 2)
    await commit_entries(backend, 3)
    last = seal.verify(ID, await backend.ledger.entries(ID))
    assert await backend.ledger.head(ID) == (3, last)


async def test_entries_can_be_read_in_parts(backend: Backend) -> None:
    await commit_entries(backend, 1, 2, 3, 4, 5)
    part = await backend.ledger.entries(ID, after=1, limit=2)
    assert [entry.seq for entry in part] == [2, 3]
    rest = await backend.ledger.entries(ID, after=3)
    assert [entry.seq for entry in rest] == [4, 5]
    assert await backend.ledger.entries(ID, after=5) == []


async def test_every_incident_is_listed_also_one_that_has_no_entries(backend: Backend) -> None:
    numbers = [3, 1, 2]
    for number in numbers:
        await backend.incidents.commit(
            Change(incident_id=samples.incident_id(number), entries=(samples.entry(),))
        )
    await backend.incidents.commit(
        Change(incident_id=samples.incident_id(9), incident=samples.incident(9))
    )
    heads = await backend.ledger.heads()
    assert set(heads) == {samples.incident_id(number) for number in (1, 2, 3, 9)}
    for incident_id, head in heads.items():
        assert head == await backend.ledger.head(incident_id)
    assert heads[samples.incident_id(9)] == (0, GENESIS)


async def test_each_incident_has_a_chain_of_its_own(backend: Backend, seal: Seal) -> None:
    other = samples.incident_id(2)
    await commit_entries(backend, 1)
    await backend.incidents.commit(Change(incident_id=other, entries=(samples.entry(1),)))
    await commit_entries(backend, 2)
    seal.verify(ID, await backend.ledger.entries(ID))
    seal.verify(other, await backend.ledger.entries(other))
    assert (await backend.ledger.head(ID))[0] == 2
    assert (await backend.ledger.head(other))[0] == 1


async def test_50_concurrent_commits_leave_no_gap(backend: Backend, seal: Seal) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(commit_entries(backend, 2 * number, 2 * number + 1))
    entries = await backend.ledger.entries(ID)
    assert [entry.seq for entry in entries] == list(range(1, 101))
    numbers = [int(str(entry.details["number"])) for entry in entries]
    assert sorted(numbers) == list(range(100))
    for first, second in zip(numbers[::2], numbers[1::2], strict=True):
        assert second == first + 1  # the entries of one commit stand together
    assert await backend.ledger.head(ID) == (100, seal.verify(ID, entries))


async def test_a_detail_that_json_cannot_hold_does_not_break_the_chain(
    backend: Backend, seal: Seal
) -> None:
    odd = NewEntry(
        kind=EntryKind.STEP_FAILED,
        at=samples.MOMENT,
        details={"ratio": float("nan"), "big": 2**70},
    )
    await backend.incidents.commit(Change(incident_id=ID, entries=(odd, samples.entry(2))))
    seal.verify(ID, await backend.ledger.entries(ID))
