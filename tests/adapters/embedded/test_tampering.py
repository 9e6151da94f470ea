"""Whoever has the file can take the triggers off; the seal still tells."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.model import Json
from incident_response.ports.incident_store import Change
from tests.adapters.embedded.conftest import Opener
from tests.ports import samples

ID = samples.incident_id()
Tamper = Callable[[sqlite3.Connection], object]


def rewrite(seq: int, change: Callable[[Json], object]) -> Tamper:
    def tamper(connection: sqlite3.Connection) -> None:
        text = connection.execute("SELECT entry FROM ledger WHERE seq = ?", (seq,)).fetchone()[0]
        entry: Json = json.loads(text)
        change(entry)
        connection.execute("UPDATE ledger SET entry = ? WHERE seq = ?", (json.dumps(entry), seq))

    return tamper


def renumber(connection: sqlite3.Connection, seq: int, to: int) -> None:
    rewrite(seq, lambda entry: entry.update(seq=to))(connection)
    connection.execute("UPDATE ledger SET seq = ? WHERE seq = ?", (to, seq))


def drop(seq: int) -> Tamper:
    def tamper(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM ledger WHERE seq = ?", (seq,))

    return tamper


def drop_and_close_the_gap(connection: sqlite3.Connection) -> None:
    drop(3)(connection)
    for seq in (4, 5):
        renumber(connection, seq, seq - 1)


def swap(connection: sqlite3.Connection) -> None:
    texts = dict(connection.execute("SELECT seq, entry FROM ledger WHERE seq IN (2, 3)"))
    for seq, other in ((2, 3), (3, 2)):
        entry = {**json.loads(texts[other]), "seq": seq}
        connection.execute("UPDATE ledger SET entry = ? WHERE seq = ?", (json.dumps(entry), seq))


def insert(connection: sqlite3.Connection) -> None:
    for seq in (5, 4, 3):
        renumber(connection, seq, seq + 1)
    text = connection.execute("SELECT entry FROM ledger WHERE seq = 2").fetchone()[0]
    forged = {**json.loads(text), "seq": 3, "actor": "U0MALLORY"}
    connection.execute("INSERT INTO ledger VALUES (?, 3, ?)", (ID, json.dumps(forged)))


def move_to_another_incident(connection: sqlite3.Connection) -> None:
    rewrite(5, lambda entry: entry.update(incident_id="inc-0000000000ff"))(connection)


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (rewrite(1, lambda entry: entry.update(actor="U0MALLORY")), 1),
        (rewrite(3, lambda entry: entry.update(at="2026-03-02T08:55:04Z")), 3),
        (rewrite(4, lambda entry: entry.update(kind="NUDGE_SENT")), 4),
        (rewrite(5, lambda entry: entry.update(details={})), 5),
        (rewrite(2, lambda entry: entry.update(hash="0" * 64)), 2),
        (drop(1), 1),
        (drop(3), 3),
        (drop_and_close_the_gap, 3),
        (swap, 2),
        (insert, 3),
        (move_to_another_incident, 5),
    ],
)
async def test_the_first_entry_that_was_tampered_with_is_named(
    open_backend: Opener, tamper: Tamper, first_bad: int
) -> None:
    await write_five(open_backend)
    change_file(open_backend.path, tamper)
    backend = open_backend()
    with pytest.raises(LedgerBrokenError) as broken:
        backend.seal.verify(ID, await backend.ledger.entries(ID))
    assert (broken.value.incident_id, broken.value.seq) == (ID, first_bad)


async def test_a_cut_off_tail_does_not_reach_the_head(open_backend: Opener) -> None:
    await write_five(open_backend)
    change_file(open_backend.path, drop(5))
    backend = open_backend()
    last = backend.seal.verify(ID, await backend.ledger.entries(ID))
    assert await backend.ledger.head(ID) != (4, last)
    with pytest.raises(LedgerBrokenError):
        await backend.incidents.commit(Change(incident_id=ID, entries=(samples.entry(),)))


async def test_an_untouched_ledger_verifies(open_backend: Opener) -> None:
    await write_five(open_backend)
    change_file(open_backend.path, lambda _: None)
    backend = open_backend()
    last = backend.seal.verify(ID, await backend.ledger.entries(ID))
    assert await backend.ledger.head(ID) == (5, last)


async def write_five(open_backend: Opener) -> None:
    backend = open_backend()
    entries = tuple(samples.entry(number) for number in range(1, 6))
    await backend.incidents.commit(Change(incident_id=ID, entries=entries))
    await backend.close()


def change_file(path: Path, tamper: Tamper) -> None:
    """Take the triggers off, tamper, and put them back as if nothing had been."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    tamper(connection)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
