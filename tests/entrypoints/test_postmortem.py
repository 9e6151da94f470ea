"""``incident-response postmortem``: from the store alone, beside a running processor."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.embedded import FILE_NAME
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import Change
from tests.entrypoints.processes import run

ID = IncidentId("inc-0a1b2c3d4e5f")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Path]:
    """A store that a processor has claimed and still holds open, with one incident."""
    clock = SystemClock()
    backend = EmbeddedBackend.open(tmp_path / FILE_NAME, clock=clock)
    await backend.claim_processor()
    now = clock.now()
    incident = Incident(
        incident_id=ID,
        title="Nobody can pay",
        severity=Severity.P1,
        source="alertmanager",
        service="api",
        created_at=now,
        started_at=now,
        group_id="g",
        alert_changed_at=now,
    )
    entry = NewEntry(kind=EntryKind.UPDATE_POSTED, at=now, actor="U0ADA", details={"text": "Hm."})
    await backend.incidents.commit(Change(incident_id=ID, incident=incident, entries=(entry,)))
    yield tmp_path
    entries = await backend.ledger.entries(ID)
    assert len(entries) == 1, "reading writes nothing"
    await backend.close()


def environment(store: Path) -> dict[str, str]:
    return {"STATE_DIR": str(store)}


@pytest.mark.parametrize("named", [ID, "0a1b2c", "inc-20260302-nobody-can-pay-0a1b2c"])
async def test_it_prints_the_document_and_says_what_was_not_asked(store: Path, named: str) -> None:
    code, said = await run("postmortem", named, env=environment(store))
    assert code == 0, said
    assert said.startswith("# Postmortem: Nobody can pay\n")
    assert "Update by U0ADA: Hm." in said
    assert "Acknowledged: not recorded (target 30 min)" in said
    for heading in ("Commits", "Metrics", "Pinned and marked messages"):
        part = said.partition(f"### {heading}")[2].partition("###")[0]
        assert "it was not asked" in part, heading
    assert "the chat was not asked" in said


async def test_it_writes_a_file_and_prints_nothing(store: Path) -> None:
    target = store / "postmortem.md"
    code, said = await run("postmortem", ID, "--output", str(target), env=environment(store))
    assert (code, said) == (0, "")
    assert target.read_text(encoding="utf-8").startswith("# Postmortem: Nobody can pay\n")


async def test_what_it_cannot_do_is_one_clear_line(store: Path, tmp_path: Path) -> None:
    for arguments, reason in (
        (("000000",), "I know no incident"),
        (("inc-ffffffffffff",), "I know no incident"),
        ((ID, "--output", str(tmp_path / "no" / "x.md")), "No such file or directory"),
    ):
        code, said = await run("postmortem", *arguments, env=environment(store))
        assert code == 1
        assert reason in said
        assert said.count("\n") == 1
    empty = tmp_path / "empty"
    code, said = await run("postmortem", ID, env=environment(empty))
    assert code == 1
    assert "there is no store at" in said
    assert not empty.exists(), "looking makes nothing"
