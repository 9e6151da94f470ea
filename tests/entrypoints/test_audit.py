"""``incident-response audit verify`` as an operator runs it, on a file that others work on."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.bootstrap.embedded import FILE_NAME
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId, Json
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import Change
from tests.entrypoints.processes import run
from tests.fakes.clock import START, FakeClock
from tests.gate.test_auditing import tamper

ONE, TWO = IncidentId("inc-111111111111"), IncidentId("inc-222222222222")


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[EmbeddedBackend]:
    """A processor's, at work on two incidents all the while."""
    clock = FakeClock()
    opened = EmbeddedBackend.open(tmp_path / FILE_NAME, clock=clock)
    await opened.claim_processor()
    for incident_id in (ONE, TWO):
        incident = Incident(
            incident_id=incident_id,
            title="Payments fail",
            severity=Severity.P1,
            source="test",
            created_at=START,
            started_at=START,
            group_id="g",
            alert_changed_at=START,
        )
        entry = NewEntry(kind=EntryKind.INCIDENT_OPENED, at=START)
        change = Change(incident_id=incident_id, incident=incident, entries=(entry, entry))
        await opened.incidents.commit(change)
    yield opened
    await opened.close()


async def verify(folder: Path, *more: str) -> tuple[int, str]:
    return await run("audit", "verify", *more, env={"STATE_DIR": str(folder)})


async def test_whole_ledgers_are_told_one_by_one_while_a_processor_works(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    code, said = await verify(tmp_path)
    assert said.splitlines() == [
        f"{ONE}  holds",
        f"{TWO}  holds",
        "2 ledgers, all whole; every publication was approved.",
    ]
    assert code == 0
    await backend.ping()  # nothing was taken from the processor


async def test_a_program_reads_one_line_of_json(backend: EmbeddedBackend, tmp_path: Path) -> None:
    code, said = await verify(tmp_path, "--json")
    assert (code, json.loads(said)) == (0, {"ok": True, "ledgers": 2, "findings": []})


async def test_the_first_bad_entry_is_named_and_ends_it_with_1(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    sent = NewEntry(kind=EntryKind.STATUSPAGE_SENDING, at=START)
    await backend.incidents.commit(Change(incident_id=ONE, entries=(sent,)))
    await tamper(
        backend,
        f"UPDATE ledger SET entry = replace(entry, '09', '10') WHERE incident_id = '{TWO}'",
    )
    code, said = await verify(tmp_path)
    assert code == 1
    assert said.splitlines() == [
        f"{ONE}  DOES NOT HOLD: entry 3: nobody approved what was sent",
        f"{TWO}  DOES NOT HOLD: entry 1: entry 1 does not match its seal",
        f"The first bad entry is 3 of {ONE}: nobody approved what was sent."
        " Keep a copy of the store before anything else.",
    ]
    code, said = await verify(tmp_path, "--json")
    found: Json = json.loads(said)
    assert (code, found["ok"], found["ledgers"]) == (1, False, 2)
    assert found["findings"] == [
        {"incident_id": ONE, "seq": 3, "rule": "sending", "why": "nobody approved what was sent"},
        {
            "incident_id": TWO,
            "seq": 1,
            "rule": "chain",
            "why": "entry 1 does not match its seal",
        },
    ]


async def test_a_copy_elsewhere_is_verified_by_its_folder(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    await backend.close()
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    shutil.copy(tmp_path / FILE_NAME, elsewhere / FILE_NAME)
    code, said = await run("audit", "verify", "--state-dir", str(elsewhere))
    assert (code, said.splitlines()[0]) == (0, f"{ONE}  holds")


async def test_the_wrong_key_finds_every_ledger_broken(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    env = {"STATE_DIR": str(tmp_path), "LEDGER_KEY": "another key than its own"}
    code, said = await run("audit", "verify", env=env)
    assert code == 1
    assert said.count("entry 1 does not match its seal") == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "unable to open database file"),
        (b"no database" * 99, "file is not a database"),
        (b"", "another program"),
    ],
)
async def test_what_is_no_file_of_ours_is_told_in_one_line(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / FILE_NAME).write_bytes(content)
    code, said = await verify(tmp_path)
    assert code == 1
    assert said.startswith("incident-response: ")
    assert why in said
    assert len(said.splitlines()) == 1
    assert content is not None or not (tmp_path / FILE_NAME).exists()


async def test_a_file_without_a_key_asks_for_it(backend: EmbeddedBackend, tmp_path: Path) -> None:
    await tamper(backend, "DELETE FROM secret")
    code, said = await verify(tmp_path)
    assert code == 1
    assert "holds no ledger key: set LEDGER_KEY" in said
