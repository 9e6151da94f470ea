"""Every statement the ports run finds its rows through an index."""

import sqlite3
from datetime import timedelta

from incident_response.adapters.embedded.connections import open_writer
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.event_queue import EmbeddedEventQueue
from incident_response.adapters.embedded.inbox import EmbeddedInbox
from incident_response.adapters.embedded.incident_store import EmbeddedIncidentStore
from incident_response.adapters.embedded.intake import EmbeddedIntake
from incident_response.adapters.embedded.lease import EmbeddedLeaseStore
from incident_response.adapters.embedded.ledger import EmbeddedLedger
from incident_response.adapters.embedded.scheduler import EmbeddedScheduler
from incident_response.adapters.embedded.secret_store import EmbeddedSecretStore
from incident_response.adapters.wakeups import Wakeups
from incident_response.domain.alert import IntakeStatus
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
from tests.fakes.clock import FakeClock
from tests.ports import samples

ID = samples.incident_id()
MINUTE = timedelta(minutes=1)


async def use_intake(database: Database) -> None:
    intake = EmbeddedIntake(database)
    record = samples.record()
    for _ in range(2):
        await intake.put(record)
    await intake.get(record.event_id)
    await intake.pending(received_before=samples.at(1), limit=5)
    await intake.mark(record.event_id, IntakeStatus.QUARANTINED)
    await intake.troubled(limit=5)


async def use_incidents(database: Database, clock: FakeClock) -> None:
    store, leases = (
        EmbeddedIncidentStore(database, Seal(b"k" * 16)),
        EmbeddedLeaseStore(database, clock),
    )
    lease = await leases.acquire(ID, owner="a", ttl=MINUTE)
    assert lease is not None
    record = samples.record()
    for version in (1, 2):
        await store.commit(
            Change(
                incident_id=ID,
                incident=samples.incident(version=version, channel="C1"),
                group=samples.group(version),
                entries=(samples.entry(),),
                steps=(StepRecord(plan="a", step="b", state=StepState.DONE),),
                plan=PlanRecord(
                    incident_id=ID, plan="a", state=PlanState.OPEN, opened_at=samples.MOMENT
                ),
                folding=Folding(
                    event_id=record.event_id, status=IntakeStatus.PENDING, incident_id=ID
                ),
                lease=lease,
            )
        )
    await leases.renew(lease, ttl=MINUTE)
    await leases.release(lease)
    await store.get(ID)
    await store.by_channel(ChannelId("C1"))
    for open_only in (True, False):
        await store.recent(open_only=open_only, limit=5)
    await store.group("group-1")
    await store.journal(ID, "a")
    await store.plan(ID, "a")
    await store.open_plans(due_at=samples.MOMENT, limit=5)
    ledger = EmbeddedLedger(database)
    await ledger.entries(ID, after=1, limit=5)
    await ledger.head(ID)


async def use_queue(database: Database, clock: FakeClock, wakeups: Wakeups) -> None:
    queue = EmbeddedEventQueue("q", database, clock=clock, wakeups=wakeups)
    await queue.send([samples.message(f"id-{n}", group=f"g-{n}") for n in range(2)])
    first, second = await queue.receive(limit=2, wait=timedelta(), visibility=MINUTE)
    await queue.extend(first, MINUTE)
    await queue.delete(first)
    await queue.bury(second, "no")
    await queue.dead_letters(limit=5)
    await queue.redrive(limit=5)
    await queue.depth()


async def use_schedules(database: Database, clock: FakeClock, wakeups: Wakeups) -> None:
    scheduler = EmbeddedScheduler(database, clock, wakeups)
    repeating = Schedule(
        name="s", queue="q", type="T", group="g", body={}, first_at=clock.now(), every=MINUTE
    )
    await scheduler.put(repeating)
    await scheduler.get("s")
    await scheduler.fire_due()
    await scheduler.delete("s")


async def use_inbox(database: Database, clock: FakeClock, wakeups: Wakeups) -> None:
    inbox = EmbeddedInbox(database, clock, wakeups)
    for key in ("a", "b"):
        await inbox.put(samples.envelope(key))
    await inbox.claim(limit=5, visibility=MINUTE, wait=timedelta())
    await inbox.done("a")
    await inbox.bury("b", "no")
    await inbox.buried(limit=5)
    await inbox.open_count()
    secrets = EmbeddedSecretStore(database)
    await secrets.put("name", b"one")
    await secrets.rotate("name", b"two")
    await secrets.read("name")


async def test_no_statement_walks_a_table_or_sorts_in_memory() -> None:
    statements: list[str] = []
    connection = open_writer(None)
    connection.set_trace_callback(statements.append)
    database, clock = Database(connection, None), FakeClock()
    wakeups = Wakeups(clock)
    await use_intake(database)
    await use_incidents(database, clock)
    await use_queue(database, clock, wakeups)
    await use_schedules(database, clock, wakeups)
    await use_inbox(database, clock, wakeups)
    seen = {
        each for each in statements if each.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
    }
    assert len(seen) > 40

    def explain(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        connection.set_trace_callback(None)
        return [
            (step[3], statement)
            for statement in seen
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]

    plan = await database.read(explain)
    await database.close()
    slow = [
        (step, statement)
        for step, statement in plan
        if "TEMP B-TREE" in step
        or (step.startswith("SCAN") and "INDEX" not in step and "CONSTANT ROW" not in step)
    ]
    assert slow == []
