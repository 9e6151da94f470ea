import asyncio
import json
import os
import random
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.model import EventId, IncidentId
from tests.adapters.embedded.conftest import Opener

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ROUNDS = 6


async def start(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / script), *arguments, stdout=PIPE, cwd=ROOT, env=environment()
    )


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "PATH": os.defpath}


async def acknowledged_until_killed(path: Path, name: str, *, lines: int) -> list[str]:
    """What a writer told before it was killed, at some moment after ``lines`` of it."""
    process = await start("busy_writer.py", str(path), name)
    assert process.stdout is not None
    told = [(await process.stdout.readline()).decode() for _ in range(lines)]
    process.kill()
    rest = (await process.stdout.read()).decode()
    await process.wait()
    return [*told, *rest.splitlines(keepends=True)]


@pytest.mark.timeout(120)
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(
    open_backend: Opener,
) -> None:
    moments = random.Random(7)
    told: list[str] = []
    for number in range(ROUNDS):
        lines = moments.randint(1, 600)
        told += await acknowledged_until_killed(open_backend.path, f"r{number}", lines=lines)
        check_integrity(open_backend.path)
    facts = [line.split() for line in told if line.endswith("\n")]
    assert {kind for kind, *_ in facts} == {"intake", "commit", "send"}
    backend = open_backend()
    for event_id in (fact[1] for fact in facts if fact[0] == "intake"):
        assert await backend.intake.get(EventId(event_id)) is not None
    await check_ledgers(backend, facts)
    sent = Counter(fact[0] for fact in facts)["send"]
    # One more send per killed process may be in the file without having been acknowledged.
    assert sent <= await backend.queue("q").depth() <= sent + ROUNDS


def check_integrity(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def check_ledgers(backend: EmbeddedBackend, facts: list[list[str]]) -> None:
    for name in {fact[1] for fact in facts if fact[0] == "commit"}:
        own = IncidentId(name)
        entries = await backend.ledger.entries(own)
        assert await backend.ledger.head(own) == (
            len(entries),
            backend.seal.verify(own, entries),
        )
        assert len(entries) >= max(int(fact[2]) for fact in facts if fact[1] == name)
        incident = await backend.incidents.get(own)
        assert incident is not None
        assert incident.version * 2 == len(entries)  # state and entries are one transaction


@pytest.mark.timeout(60)
async def test_a_disk_that_takes_no_more_is_told_apart_from_what_is_stored(
    open_backend: Opener,
) -> None:
    process = await start("cramped_writer.py", str(open_backend.path))
    output, _ = await process.communicate()
    assert process.returncode == 0
    report = json.loads(output.splitlines()[-1])
    assert report["errors"], "the limit was never met"
    assert set(report["errors"]) <= {"UnavailableError", "UnknownOutcomeError"}
    check_integrity(open_backend.path)
    backend = open_backend()
    for event_id in report["stored"]:
        assert await backend.intake.get(EventId(event_id)) is not None
    for event_id in report["refused"]:
        assert await backend.intake.get(EventId(event_id)) is None
