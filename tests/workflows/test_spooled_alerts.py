import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.adapters.spool_file.spool import FileSpool
from incident_response.domain.alert import Alert, AlertState, IntakeRecord, IntakeStatus
from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    InvalidConfigurationError,
    RateLimitedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import EventId
from incident_response.ports.intake import Accepted, Intake
from incident_response.workflows.accept_alert import AlertIntake, Outcome
from incident_response.workflows.fold_alerts import AlertFolder
from tests.fakes.clock import START, FakeClock
from tests.fakes.intake import FakeIntake
from tests.fakes.spool import FakeSpool
from tests.workflows.test_accept_alert import RecordingQueue, an_alert

WITHIN = 3.0


class Outage:
    """An intake whose puts fail until ``error`` is taken away."""

    def __init__(self, intake: Intake, error: IncidentResponseError | None) -> None:
        self._intake = intake
        self.error = error

    async def put(self, record: IntakeRecord) -> Accepted:
        if self.error is not None:
            raise self.error
        return await self._intake.put(record)

    async def get(self, event_id: EventId) -> IntakeRecord | None:
        return await self._intake.get(event_id)

    async def pending(self, *, received_before: datetime, limit: int) -> list[IntakeRecord]:
        return await self._intake.pending(received_before=received_before, limit=limit)

    async def mark(self, event_id: EventId, status: IntakeStatus) -> None:
        await self._intake.mark(event_id, status)

    async def troubled(self, *, limit: int) -> list[IntakeRecord]:
        return await self._intake.troubled(limit=limit)


class Setup:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeIntake()
        self.queue = RecordingQueue()
        self.spool = FakeSpool()
        self.alerts = self.build(self.store)

    def build(self, store: Intake) -> AlertIntake:
        return AlertIntake(store, self.queue, self.clock, spool=self.spool)  # type: ignore[arg-type] # the sending side is all it uses

    async def accept(self, alert: Alert | None = None, *, within: float = WITHIN) -> Outcome:
        taken = await self.alerts.accept(alert or an_alert(), raw=b"{}", within=within)
        return taken.outcome

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.alerts.run())
            await self.clock.sleeping()
            yield
            task.cancel()

    async def next_sweep(self) -> None:
        self.clock.advance(5)
        await self.clock.sleeping()


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.mark.parametrize(
    "error", [UnavailableError, UnknownOutcomeError, RateLimitedError, ConflictError]
)
async def test_what_the_store_cannot_take_now_is_spooled(
    setup: Setup, error: type[RetryableError]
) -> None:
    setup.alerts = setup.build(Outage(setup.store, error()))
    with capture_logs() as logs:
        assert await setup.accept() is Outcome.SPOOLED
    (kept,) = setup.spool.records
    assert (kept.event_id, kept.received_at) == (an_alert().event_id, START)
    assert setup.queue.sent == []
    (warning,) = [entry for entry in logs if entry["event"] == "alert spooled"]
    assert warning == {
        "event": "alert spooled",
        "log_level": "warning",
        "event_id": an_alert().event_id,
        "source": "test",
        "error": error().code,
        "reason": str(error()),
    }


async def test_what_the_store_will_never_take_is_not_spooled(setup: Setup) -> None:
    setup.alerts = setup.build(Outage(setup.store, InvalidConfigurationError()))
    with pytest.raises(InvalidConfigurationError):
        await setup.accept()
    assert not setup.spool.records


async def test_a_store_that_hangs_leaves_time_for_the_spool(setup: Setup) -> None:
    setup.store.gate.clear()
    async with asyncio.timeout(0.3):
        assert await setup.accept(within=0.3) is Outcome.SPOOLED


async def test_a_caller_that_needs_the_store_is_told_that_it_is_down(setup: Setup) -> None:
    setup.store.is_down = True
    with pytest.raises(UnavailableError):
        await setup.alerts.accept(an_alert(), raw=b"")
    assert not setup.spool.records


@pytest.mark.parametrize("is_hanging", [False, True])
async def test_without_store_and_spool_it_is_unavailable_in_time(
    setup: Setup, is_hanging: bool
) -> None:
    setup.store.is_down = True
    if is_hanging:
        setup.spool.gate.clear()
    setup.spool.is_down = True
    async with asyncio.timeout(2):
        with pytest.raises(UnavailableError):
            await setup.accept(within=0.1)


async def test_nothing_is_spooled_while_the_store_works(setup: Setup) -> None:
    assert await setup.accept() is Outcome.ACCEPTED
    assert not setup.spool.records


async def test_what_was_spooled_is_stored_and_relayed_in_order_once_the_store_is_back(
    setup: Setup,
) -> None:
    setup.store.is_down = True
    async with setup.running():
        for number in range(3):
            assert await setup.accept(an_alert(number)) is Outcome.SPOOLED
        await setup.next_sweep()
        assert setup.store.records == {}
        assert len(setup.spool.records) == 3
        setup.store.is_down = False
        await setup.next_sweep()
        sent = await setup.queue.until(3)
    ids = [an_alert(number).event_id for number in range(3)]
    assert list(setup.store.records) == ids
    assert [message.dedup_id for message in sent] == ids
    assert not setup.spool.records


async def test_what_a_dead_process_spooled_is_stored_at_the_next_start(setup: Setup) -> None:
    await setup.spool.append(IntakeRecord.of(an_alert(), received_at=START))
    async with setup.running():
        await setup.queue.until(1)
    assert list(setup.store.records) == [an_alert().event_id]


async def test_a_store_that_hangs_while_the_spool_drains_does_not_stop_the_sweep(
    setup: Setup,
) -> None:
    setup.store.is_down = True
    await setup.accept()
    setup.store.is_down = False
    setup.store.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(setup.alerts.run())
        async with asyncio.timeout(10):
            await setup.clock.sleeping()
        assert len(setup.spool.records) == 1
        setup.store.gate.set()
        await setup.next_sweep()
        await setup.queue.until(1)
        running.cancel()
    assert not setup.spool.records


async def test_a_spooled_one_of_unknown_state_is_quarantined_and_announced(setup: Setup) -> None:
    alert = an_alert(state=AlertState.UNKNOWN)
    setup.store.is_down = True
    async with setup.running():
        assert await setup.accept(alert) is Outcome.SPOOLED
        setup.store.is_down = False
        await setup.next_sweep()
        (message,) = await setup.queue.until(1)
    assert message.type == "ALERT_QUARANTINED"
    assert setup.store.records[alert.event_id].status is IntakeStatus.QUARANTINED


async def test_one_that_was_stored_after_all_and_spooled_is_one_record(setup: Setup) -> None:
    setup.store.lost_replies = 2
    async with setup.running():
        assert await setup.accept() is Outcome.SPOOLED
        await setup.store.mark(an_alert().event_id, IntakeStatus.FOLDED)
        await setup.next_sweep()
        assert not setup.spool.records
        await setup.accept(an_alert(2))
        sent = await setup.queue.until(1)
    assert setup.store.records[an_alert().event_id].status is IntakeStatus.FOLDED
    assert [message.dedup_id for message in sent] == [an_alert(2).event_id]


@pytest.fixture
async def backend() -> AsyncIterator[EmbeddedBackend]:
    backend = EmbeddedBackend.open(None, clock=FakeClock())
    yield backend
    await backend.close()


def changes(clock: FakeClock) -> list[Alert]:
    """Two groups that fire, the first of which is resolved then."""
    states = [("a", AlertState.FIRING), ("b", AlertState.FIRING), ("a", AlertState.RESOLVED)]
    return [
        Alert(
            source="test",
            group_key=key,
            state=state,
            changed_at=clock.now() + timedelta(seconds=n),
            occurrence=str(n),
            title="Something is wrong",
        )
        for n, (key, state) in enumerate(states)
    ]


async def worked_off(backend: EmbeddedBackend, folder: AlertFolder, *, count: int) -> list[str]:
    """The event ids of the next messages, each folded."""
    queue, done = backend.queue("incident-events"), list[str]()
    while len(done) < count:
        deliveries = await queue.receive(
            limit=10, wait=timedelta(seconds=5), visibility=timedelta(seconds=30)
        )
        for delivery in deliveries:
            event_id = json.loads(delivery.raw)["body"]["event_id"]
            await folder.fold(EventId(event_id))
            await queue.delete(delivery)
            done.append(event_id)
    return done


async def test_spooled_alerts_and_their_duplicates_are_folded_once_and_in_order(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    clock, spool = FakeClock(), FileSpool(tmp_path / "webhook.spool")
    store = Outage(backend.intake, UnavailableError())
    alerts = AlertIntake(store, backend.queue("incident-events"), clock, spool=spool)
    folder = AlertFolder(
        intake=backend.intake, store=backend.incidents, policy=shipped_policy(), clock=clock
    )
    arrived = changes(clock)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(alerts.run())
        await clock.sleeping()
        for alert in [*arrived, arrived[0]]:
            clock.advance(0.1)
            taken = await alerts.accept(alert, raw=b"{}", within=WITHIN)
            assert taken.outcome is Outcome.SPOOLED
        store.error = None
        clock.advance(5)
        done = await worked_off(backend, folder, count=3)
        again = await alerts.accept(arrived[0], raw=b"{}", within=WITHIN)
        assert again.outcome is Outcome.DUPLICATE
        await clock.sleeping()
        running.cancel()
    of_first = [alert.event_id for alert in arrived if alert.group_key == "a"]
    assert [event_id for event_id in done if event_id in of_first] == of_first
    assert sorted(done) == sorted(alert.event_id for alert in arrived)
    stored = [await backend.intake.get(alert.event_id) for alert in arrived]
    assert [record.status for record in stored if record] == [IntakeStatus.FOLDED] * 3
    first, second, resolved = (record.incident_id for record in stored if record)
    assert first == resolved != second
    assert await backend.queue("incident-events").depth() == 0
