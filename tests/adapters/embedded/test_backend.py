import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.embedded.ledger_file import LEDGER_KEY
from incident_response.domain.alert import IntakeStatus
from incident_response.domain.errors import (
    ConflictError,
    InvalidConfigurationError,
    LeaseLostError,
    UnavailableError,
)
from incident_response.domain.ledger import Seal
from incident_response.domain.model import ChannelId
from incident_response.ports.incident_store import (
    Change,
    Folding,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.ports.scheduler import Schedule
from tests.adapters.embedded.conftest import Opener
from tests.fakes.clock import FakeClock
from tests.ports import samples

ID = samples.incident_id()
HOUR = timedelta(hours=1)
AT_ONCE = timedelta()


async def test_everything_is_found_again_after_reopening(open_backend: Opener) -> None:
    record, clock = samples.record(), open_backend.clock
    step = StepRecord(plan="assemble", step="room", state=StepState.DONE, result={"id": "C1"})
    plan = PlanRecord(
        incident_id=ID, plan="assemble", state=PlanState.OPEN, opened_at=samples.MOMENT
    )
    schedule = Schedule(
        name="s", queue="q", type="T", group="g", body={}, first_at=clock.now() + HOUR
    )
    first = open_backend()
    await first.intake.put(record)
    await first.incidents.commit(
        Change(
            incident_id=ID,
            incident=samples.incident(channel="C1"),
            group=samples.group(),
            entries=(samples.entry(1), samples.entry(2)),
            steps=(step,),
            plan=plan,
            folding=Folding(event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=ID),
        )
    )
    lease = await first.leases.acquire(ID, owner="a", ttl=HOUR)
    await first.queue("q").send([samples.message("id-1")])
    await first.scheduler.put(schedule)
    await first.inbox.put(samples.envelope())
    await first.secrets.put("webhook-key", b"key")
    await first.close()

    second = open_backend()
    found = await second.intake.get(record.event_id)
    assert found is not None
    assert found.status is IntakeStatus.FOLDED
    assert await second.incidents.by_channel(ChannelId("C1")) == samples.incident(channel="C1")
    assert await second.incidents.group("group-1") == samples.group()
    assert await second.incidents.journal(ID, "assemble") == {"room": step}
    assert await second.incidents.open_plans(due_at=samples.MOMENT, limit=5) == [plan]
    assert await second.ledger.head(ID) == (
        2,
        second.seal.verify(ID, await second.ledger.entries(ID)),
    )
    assert await second.leases.acquire(ID, owner="b", ttl=HOUR) is None
    assert lease is not None
    await second.leases.renew(lease, ttl=HOUR)
    assert await second.queue("q").depth() == 1
    await second.queue("q").send([samples.message("id-1")])
    assert await second.queue("q").depth() == 1
    assert await second.scheduler.get("s") == schedule
    assert await second.inbox.open_count() == 1
    assert (await second.secrets.read("webhook-key")).current == b"key"


async def test_the_ledger_key_is_made_once_and_kept_in_the_file(open_backend: Opener) -> None:
    first = open_backend()
    await first.incidents.commit(Change(incident_id=ID, entries=(samples.entry(),)))
    key = (await first.secrets.read(LEDGER_KEY)).current
    assert len(key) == 32
    await first.close()
    second = open_backend()
    assert (await second.secrets.read(LEDGER_KEY)).current == key
    await second.incidents.commit(Change(incident_id=ID, entries=(samples.entry(),)))
    Seal(key).verify(ID, await second.ledger.entries(ID))


async def test_every_installation_has_a_ledger_key_of_its_own(clock: FakeClock) -> None:
    one, two = (EmbeddedBackend.open(None, clock=clock) for _ in range(2))
    assert (await one.secrets.read(LEDGER_KEY)).current != (
        await two.secrets.read(LEDGER_KEY)
    ).current
    await one.close()
    await two.close()


async def test_a_given_seal_key_is_used_and_not_stored(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "incidents.db"
    backend = EmbeddedBackend.open(path, clock=clock, seal_key=b"a key from somewhere else")
    await backend.incidents.commit(Change(incident_id=ID, entries=(samples.entry(),)))
    entries = await backend.ledger.entries(ID)
    await backend.close()
    Seal(b"a key from somewhere else").verify(ID, entries)
    assert b"a key from somewhere else" not in path.read_bytes()


async def test_closing_twice_is_no_error(open_backend: Opener) -> None:
    backend = open_backend()
    await backend.close()
    await backend.close()


async def test_many_requests_share_few_transactions(open_backend: Opener) -> None:
    backend = open_backend()
    before = backend.transactions
    async with asyncio.TaskGroup() as tasks:
        for number in range(300):
            tasks.create_task(backend.intake.put(samples.record(f"group-{number}")))
    assert backend.transactions - before <= 30


async def test_a_second_processor_on_one_file_is_refused(open_backend: Opener) -> None:
    first, second = open_backend(), open_backend()
    await first.claim_processor()
    await first.claim_processor()  # again: it is ours
    with pytest.raises(InvalidConfigurationError, match="another processor is running"):
        await second.claim_processor()
    await first.close()
    await second.claim_processor()


async def test_processors_in_memory_do_not_meet(clock: FakeClock) -> None:
    one, two = (EmbeddedBackend.open(None, clock=clock) for _ in range(2))
    await one.claim_processor()
    await two.claim_processor()
    await one.close()
    await two.close()


async def test_what_a_dead_processor_held_is_free_at_once(open_backend: Opener) -> None:
    dead = open_backend()
    await dead.claim_processor()
    lease = await dead.leases.acquire(ID, owner="dead", ttl=HOUR)
    await dead.queue("q").send([samples.message("id-1"), samples.message("id-2")])
    (delivery,) = await dead.queue("q").receive(limit=5, wait=AT_ONCE, visibility=HOUR)
    await dead.inbox.put(samples.envelope())
    await dead.inbox.claim(limit=5, visibility=HOUR, wait=AT_ONCE)
    await dead.close()

    alive = open_backend()
    assert await alive.leases.acquire(ID, owner="new", ttl=HOUR) is None
    assert await alive.queue("q").receive(limit=5, wait=AT_ONCE, visibility=HOUR) == []
    await alive.claim_processor()
    taken = await alive.leases.acquire(ID, owner="new", ttl=HOUR)
    assert lease is not None
    assert taken is not None
    assert taken.fence > lease.fence
    (again,) = await alive.queue("q").receive(limit=5, wait=AT_ONCE, visibility=HOUR)
    assert (again.message_id, again.receive_count) == (delivery.message_id, 2)
    (envelope,) = await alive.inbox.claim(limit=5, visibility=HOUR, wait=AT_ONCE)
    assert envelope.attempts == 2


async def test_a_processor_that_only_seemed_dead_can_do_nothing_any_more(
    open_backend: Opener,
) -> None:
    old, new = open_backend(), open_backend()
    lease = await old.leases.acquire(ID, owner="old", ttl=HOUR)
    await old.queue("q").send([samples.message("id-1")])
    (delivery,) = await old.queue("q").receive(limit=5, wait=AT_ONCE, visibility=HOUR)
    await new.claim_processor()
    assert lease is not None
    with pytest.raises(LeaseLostError):
        await old.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(), lease=lease)
        )
    with pytest.raises(LeaseLostError):
        await old.leases.renew(lease, ttl=HOUR)
    with pytest.raises(ConflictError):
        await old.queue("q").delete(delivery)


async def test_two_processes_on_one_file_see_each_others_writes(open_backend: Opener) -> None:
    webhook, processor = open_backend(), open_backend()
    for number in range(20):
        record = samples.record(f"group-{number}")
        await webhook.intake.put(record)
        assert await processor.intake.get(record.event_id) == record
        assert not (await processor.intake.put(record)).is_new


async def test_a_receiver_finds_what_another_process_sent_within_a_second(
    open_backend: Opener, clock: FakeClock
) -> None:
    webhook, processor = open_backend(), open_backend()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            processor.queue("q").receive(limit=1, wait=HOUR, visibility=HOUR)
        )
        await clock.sleeping()
        await webhook.queue("q").send([samples.message("id-1")])
        clock.advance(1)
    assert len(waiting.result()) == 1


async def test_a_receiver_stops_waiting_when_its_time_is_over(
    open_backend: Opener, clock: FakeClock
) -> None:
    backend = open_backend()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            backend.queue("q").receive(limit=1, wait=timedelta(seconds=0.5), visibility=HOUR)
        )
        await clock.sleeping()
        clock.advance(0.5)
    assert waiting.result() == []


async def test_two_writers_on_one_file_lose_nothing(open_backend: Opener) -> None:
    one, two = open_backend(), open_backend()
    async with asyncio.TaskGroup() as tasks:
        for number in range(100):
            backend = one if number % 2 else two
            change = Change(incident_id=ID, entries=(samples.entry(number),))
            tasks.create_task(backend.incidents.commit(change))
    entries = await one.ledger.entries(ID)
    assert len(entries) == 100
    one.seal.verify(ID, entries)


async def test_a_file_that_somebody_else_keeps_locked_does_not_answer_a_ping(
    tmp_path: Path,
) -> None:
    path = tmp_path / "held.db"
    backend = EmbeddedBackend.open(path, clock=FakeClock())
    await backend.ping()
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError):
        await backend.ping()
    stranger.execute("ROLLBACK")
    stranger.close()
    await backend.ping()
    await backend.close()
