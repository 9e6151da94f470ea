import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.alert import Alert, AlertState, IntakeRecord, IntakeStatus
from incident_response.domain.errors import UnavailableError
from incident_response.domain.model import EventId
from incident_response.ports.event_queue import QueueMessage
from incident_response.workflows.accept_alert import AlertIntake, Outcome
from tests.fakes.clock import START, FakeClock
from tests.fakes.intake import FakeIntake

VISIBILITY = timedelta(seconds=30)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class RecordingQueue:
    """Remembers what is sent; refuses it while ``is_down``."""

    name = "incident-events"

    def __init__(self) -> None:
        self.sent: list[QueueMessage] = []
        self.batches: list[int] = []
        self.is_down = False
        self.failure: Exception = UnavailableError()
        self._arrived = asyncio.Event()

    async def send(self, messages: Sequence[QueueMessage]) -> None:
        if self.is_down:
            raise self.failure
        if messages:
            self.sent.extend(messages)
            self.batches.append(len(messages))
            self._arrived.set()

    async def until(self, count: int) -> list[QueueMessage]:
        while len(self.sent) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.sent


class Setup:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeIntake()
        self.queue = RecordingQueue()
        self.alerts = AlertIntake(self.store, self.queue, self.clock)  # type: ignore[arg-type] # the sending side is all it uses

    async def accept(self, alert: Alert | None = None) -> Outcome:
        acceptance = await self.alerts.accept(alert or an_alert(), raw=b"{}", trace=TRACE)
        return acceptance.outcome

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.alerts.run())
            await self.clock.sleeping()
            yield
            task.cancel()


@pytest.fixture
def setup() -> Setup:
    return Setup()


def an_alert(number: int = 1, state: AlertState = AlertState.FIRING) -> Alert:
    return Alert(
        source="test",
        group_key=f"group-{number}",
        state=state,
        changed_at=START,
        occurrence="then",
        title="Something is wrong",
    )


async def test_a_new_alert_is_durable_and_relayed_with_its_trace(setup: Setup) -> None:
    alert = an_alert()
    async with setup.running():
        assert await setup.accept(alert) is Outcome.ACCEPTED
        (message,) = await setup.queue.until(1)
    assert message == QueueMessage(
        type="ALERT_RECEIVED",
        group=alert.group_id,
        dedup_id=alert.event_id,
        body={"event_id": alert.event_id},
        trace=TRACE,
    )
    assert setup.store.records[alert.event_id].status is IntakeStatus.PENDING


async def test_a_duplicate_of_a_pending_record_is_driven_again_under_the_same_id(
    setup: Setup,
) -> None:
    async with setup.running():
        await setup.accept()
        assert await setup.accept() is Outcome.REDRIVEN
        first, second = await setup.queue.until(2)
    assert first.dedup_id == second.dedup_id


@pytest.mark.parametrize("status", [IntakeStatus.FOLDED, IntakeStatus.DEAD])
async def test_a_duplicate_of_a_finished_record_is_only_told(
    setup: Setup, status: IntakeStatus
) -> None:
    async with setup.running():
        await setup.accept()
        await setup.queue.until(1)
        await setup.store.mark(an_alert().event_id, status)
        assert await setup.accept() is Outcome.DUPLICATE
        await setup.accept(an_alert(2))
        sent = await setup.queue.until(2)
    assert [m.group for m in sent] == [an_alert(n).group_id for n in (1, 2)]


async def test_an_unknown_state_is_quarantined_and_announced(setup: Setup) -> None:
    alert = an_alert(state=AlertState.UNKNOWN)
    async with setup.running():
        assert await setup.accept(alert) is Outcome.QUARANTINED
        (message,) = await setup.queue.until(1)
    assert message.type == "ALERT_QUARANTINED"
    assert setup.store.records[alert.event_id].status is IntakeStatus.QUARANTINED


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.SILENCED])
async def test_what_is_acknowledged_or_silenced_is_ignored_but_stored_and_relayed(
    setup: Setup, state: AlertState
) -> None:
    async with setup.running():
        assert await setup.accept(an_alert(state=state)) is Outcome.IGNORED
        assert await setup.accept(an_alert(state=state)) is Outcome.IGNORED
        (message, _) = await setup.queue.until(2)
    assert message.type == "ALERT_RECEIVED"


async def test_our_own_put_whose_reply_was_lost_counts_as_accepted(setup: Setup) -> None:
    setup.store.lost_replies = 1
    async with setup.running():
        assert await setup.accept() is Outcome.REDRIVEN
        await setup.queue.until(1)
    assert len(setup.store.records) == 1


async def test_a_store_that_is_down_is_said_so_and_nothing_is_relayed(setup: Setup) -> None:
    setup.store.is_down = True
    async with setup.running():
        with pytest.raises(UnavailableError):
            await setup.accept()
    assert setup.queue.sent == []


async def test_a_storm_is_relayed_many_at_a_time(setup: Setup) -> None:
    for number in range(250):
        await setup.accept(an_alert(number))
    async with setup.running():
        sent = await setup.queue.until(250)
    # What was pending at the start goes once more, by the first sweep; the ids are the same.
    assert {m.dedup_id for m in sent} == {an_alert(n).event_id for n in range(250)}
    assert max(setup.queue.batches) == 100


async def test_a_queue_that_is_down_is_tried_every_second_until_it_takes_all(
    setup: Setup,
) -> None:
    setup.queue.is_down = True
    async with setup.running():
        await setup.accept(an_alert(1))
        await setup.accept(an_alert(2))
        await setup.clock.sleeping(2)
        setup.clock.advance(1)
        await setup.clock.sleeping(2)
        assert setup.queue.sent == []
        setup.queue.is_down = False
        setup.clock.advance(1)
        sent = await setup.queue.until(2)
    assert [m.group for m in sent] == [an_alert(n).group_id for n in (1, 2)]


async def test_an_error_nobody_foresaw_does_not_end_the_loops(setup: Setup) -> None:
    setup.queue.is_down, setup.queue.failure = True, KeyError("unforeseen")
    async with setup.running():
        await setup.accept()
        await setup.clock.sleeping(2)
        setup.queue.is_down = False
        setup.clock.advance(1)
        assert len(await setup.queue.until(1)) == 1


async def test_what_a_crash_left_pending_is_sent_at_once_at_the_next_start(setup: Setup) -> None:
    await setup.store.put(IntakeRecord.of(an_alert(), received_at=START - timedelta(hours=3)))
    async with setup.running():
        (message,) = await setup.queue.until(1)
    assert message.dedup_id == an_alert().event_id


async def test_a_notice_that_a_crash_swallowed_is_sent_at_the_next_start_if_it_is_young(
    setup: Setup,
) -> None:
    for number, minutes in ((1, 10), (2, 70)):
        alert = an_alert(number, AlertState.UNKNOWN)
        record = IntakeRecord.of(alert, received_at=START - timedelta(minutes=minutes))
        quarantined = record.model_copy(update={"status": IntakeStatus.QUARANTINED})
        await setup.store.put(quarantined)
    async with setup.running():
        sent = await setup.queue.until(1)
    assert [(m.type, m.group) for m in sent] == [("ALERT_QUARANTINED", an_alert(1).group_id)]


async def test_the_sweep_sends_what_is_pending_for_longer_than_five_seconds(setup: Setup) -> None:
    async with setup.running():
        await setup.accept()
        await setup.queue.until(1)
        setup.clock.advance(5)
        await setup.clock.sleeping()
        assert len(setup.queue.sent) == 1
        setup.clock.advance(5)
        sent = await setup.queue.until(2)
        await setup.store.mark(EventId(sent[0].dedup_id), IntakeStatus.FOLDED)
        setup.clock.advance(5)
        await setup.clock.sleeping()
    assert {m.dedup_id for m in sent} == {an_alert().event_id}
    assert len(setup.queue.sent) == 2


async def test_the_real_queue_passes_a_sweep_over_until_its_memory_of_it_ends() -> None:
    clock = FakeClock()
    backend = EmbeddedBackend.open(None, clock=clock)
    queue = backend.queue("incident-events")
    alerts = AlertIntake(backend.intake, queue, clock)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(alerts.run())
        await alerts.accept(an_alert(), raw=b"{}")
        (delivery,) = await queue.receive(
            limit=10, wait=timedelta(seconds=5), visibility=VISIBILITY
        )
        assert json.loads(delivery.raw)["body"] == {"event_id": an_alert().event_id}
        await queue.delete(delivery)
        for _ in range(3):
            await clock.sleeping()
            clock.advance(5)
            await clock.sleeping()
        assert await queue.depth() == 0
        clock.advance(300)
        await clock.sleeping()
        clock.advance(5)
        await clock.sleeping()
        assert await queue.depth() == 1
        running.cancel()
    await backend.close()
