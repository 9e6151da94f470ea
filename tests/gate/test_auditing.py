import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from incident_response import telemetry
from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.errors import ConflictError, UnavailableError
from incident_response.domain.ledger import EntryKind, LedgerEntry, NewEntry
from incident_response.domain.model import IncidentId
from incident_response.ports.incident_store import Change
from incident_response.telemetry import metrics as names
from incident_response.workflows.auditor import Auditor, audit_ledger
from incident_response.workflows.operator_notices import OperatorNotices
from tests.fakes.clock import FakeClock
from tests.gate.stage import INCIDENT_ID, Stage

OTHER = IncidentId("inc-ffffffffffff")


async def tamper(backend: EmbeddedBackend, *statements: str) -> None:
    """Change the store as somebody could who gets past the program and the triggers."""
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"

    def work(connection: sqlite3.Connection) -> None:
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)

    await backend._database.write(work)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many heartbeats there have been."""
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    counter = provider.get_meter("test").create_counter(names.AUDITOR_HEARTBEAT)
    monkeypatch.setitem(names._writers, names.AUDITOR_HEARTBEAT, counter.add)

    def count() -> int:
        data: Any = reader.get_metrics_data()
        if data is None:
            return 0
        (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
        assert metric.name == "incident_response.auditor.heartbeat"
        (point,) = metric.data.data_points
        return int(point.value)

    yield count
    provider.shutdown()


def auditor(stage: Stage, backend: EmbeddedBackend | None = None) -> Auditor:
    backend = backend or stage.backend
    return Auditor(
        ledger=backend.ledger,
        seal=backend.seal,
        operators=OperatorNotices(chat=stage.chat, channel_name="incidents"),
        clock=stage.clock,
    )


async def note(stage: Stage, kind: EntryKind, incident_id: IncidentId = INCIDENT_ID) -> None:
    entry = NewEntry(kind=kind, at=stage.clock.now(), details={"draft": 1})
    await stage.backend.incidents.commit(Change(incident_id=incident_id, entries=(entry,)))


async def test_a_round_in_which_every_ledger_holds_is_a_heartbeat(
    stage: Stage, beats: Callable[[], int]
) -> None:
    audits = auditor(stage)
    for number in (1, 2, 3):
        assert await audits.audit() == ()
        assert beats() == number
        await note(stage, EntryKind.MESSAGE_POSTED)
    assert stage.operators() == []


async def test_a_violation_stops_the_heartbeat_and_is_told_once(
    stage: Stage, beats: Callable[[], int]
) -> None:
    audits = auditor(stage)
    await note(stage, EntryKind.STATUSPAGE_SENDING)
    await note(stage, EntryKind.INCIDENT_OPENED, OTHER)
    for _ in range(3):
        (finding,) = await audits.audit()
        assert (finding.incident_id, finding.seq, finding.rule) == (INCIDENT_ID, 4, "sending")
    assert beats() == 0
    (told,) = stage.operators()
    assert "The ledger of `inc-0a1b2c3d4e5f` does not hold* at entry 4" in told
    assert "nobody approved what was sent" in told
    await note(stage, EntryKind.STATUSPAGE_SENDING)
    assert len(await audits.audit()) == 2
    assert len(stage.operators()) == 2


async def test_a_restarted_processor_does_not_tell_it_again(stage: Stage) -> None:
    await note(stage, EntryKind.STATUSPAGE_SENDING)
    await auditor(stage).audit()
    await auditor(stage).audit()
    assert len(stage.operators()) == 1


async def test_what_could_not_be_told_is_told_in_the_next_round(
    stage: Stage, beats: Callable[[], int]
) -> None:
    audits = auditor(stage)
    await note(stage, EntryKind.STATUSPAGE_SENDING)
    stage.chat.fail("post", UnavailableError("chat down"))
    with pytest.raises(UnavailableError):
        await audits.audit()
    assert stage.operators() == []
    await audits.audit()
    assert len(stage.operators()) == 1
    assert beats() == 0


async def test_a_ledger_is_read_again_when_it_grew_or_after_an_hour(stage: Stage) -> None:
    audits = auditor(stage)
    await audits.audit()
    forged = "UPDATE ledger SET entry = replace(entry, 'U0ADA', 'U0EVE')"
    await tamper(stage.backend, forged)
    assert await audits.audit() == ()  # its head stands still
    stage.clock.advance(3599)
    assert await audits.audit() == ()
    stage.clock.advance(1)
    (finding,) = await audits.audit()
    assert (finding.seq, finding.rule) == (2, "chain")
    other = auditor(stage)
    assert len(await other.audit()) == 1


async def test_a_changed_ledger_that_grows_is_found_at_once(stage: Stage) -> None:
    audits = auditor(stage)
    await audits.audit()
    await tamper(stage.backend, "UPDATE ledger SET entry = replace(entry, 'U0ADA', 'U0EVE')")
    await note(stage, EntryKind.MESSAGE_POSTED)
    (finding,) = await audits.audit()
    assert (finding.seq, finding.rule) == (2, "chain")


@pytest.mark.parametrize(
    ("statement", "seq", "rule"),
    [
        ("DELETE FROM ledger WHERE seq = 3", 3, "head"),
        ("DELETE FROM ledger WHERE seq = 1", 1, "chain"),
        ("DELETE FROM ledger", 1, "head"),
        ("DELETE FROM ledger_head", 1, "head"),
        ("UPDATE ledger_head SET seq = 1", 1, "head"),
        ("UPDATE ledger_head SET seq = 9", 4, "head"),
        ("UPDATE ledger_head SET hash = replace(hash, substr(hash, 1, 1), 'x')", 3, "head"),
    ],
)
async def test_whatever_is_missing_is_found(
    stage: Stage, statement: str, seq: int, rule: str
) -> None:
    await tamper(stage.backend, statement)
    (finding,) = await auditor(stage).audit()
    assert (finding.incident_id, finding.seq, finding.rule) == (INCIDENT_ID, seq, rule)


async def test_an_incident_whose_whole_ledger_is_gone_is_found(stage: Stage) -> None:
    await tamper(stage.backend, "DELETE FROM ledger", "DELETE FROM ledger_head")
    (finding,) = await auditor(stage).audit()
    assert (finding.seq, finding.rule) == (1, "head")


class Growing:
    """A ledger that grows between any two readings."""

    def __init__(self, stage: Stage, times: int) -> None:
        self._stage = stage
        self._left = times

    async def head(self, incident_id: IncidentId) -> tuple[int, str]:
        return await self._stage.backend.ledger.head(incident_id)

    async def entries(
        self, incident_id: IncidentId, *, after: int = 0, limit: int | None = None
    ) -> list[LedgerEntry]:
        found = await self._stage.backend.ledger.entries(incident_id)
        if self._left:
            self._left -= 1
            await note(self._stage, EntryKind.MESSAGE_POSTED)
        return found

    async def heads(self) -> dict[IncidentId, tuple[int, str]]:
        return {INCIDENT_ID: await self.head(INCIDENT_ID)}


async def test_a_ledger_that_grows_while_it_is_read_is_read_again(stage: Stage) -> None:
    assert await audit_ledger(Growing(stage, 19), stage.backend.seal, INCIDENT_ID) == ()
    with pytest.raises(ConflictError, match="grows faster than it can be read"):
        await audit_ledger(Growing(stage, 20), stage.backend.seal, INCIDENT_ID)


async def test_it_audits_every_minute_whatever_the_store_or_chat_does(
    stage: Stage, beats: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    audits = auditor(stage)
    clock = stage.clock
    assert isinstance(clock, FakeClock)
    heads = stage.backend.ledger.heads

    async def down() -> dict[IncidentId, tuple[int, str]]:
        raise UnavailableError("store down")

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(audits.run())
        await clock.sleeping()
        assert beats() == 1
        clock.advance(59)
        await asyncio.sleep(0.01)
        assert beats() == 1
        monkeypatch.setattr(stage.backend.ledger, "heads", down)
        clock.advance(1)
        await clock.sleeping()
        assert beats() == 1
        monkeypatch.setattr(stage.backend.ledger, "heads", heads)
        clock.advance(60)
        await clock.sleeping()
        assert beats() == 2
        running.cancel()


def test_without_a_provider_the_heartbeat_costs_nothing() -> None:
    assert metrics.get_meter_provider() is not None
    telemetry.count_clean_audit()
