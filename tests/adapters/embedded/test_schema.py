import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_response.adapters.embedded.connections import open_reader, open_writer
from incident_response.adapters.embedded.schema import VERSION
from incident_response.domain.errors import InvalidConfigurationError, UnavailableError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "incidents.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_writer(path)
    yield connection
    connection.close()


def add_entry(connection: sqlite3.Connection, seq: int) -> None:
    connection.execute(
        "INSERT INTO ledger (incident_id, seq, entry) VALUES ('inc-1', ?, 'told')", (seq,)
    )


def test_a_commit_is_synced_into_a_write_ahead_log(writer: sqlite3.Connection) -> None:
    full = 2
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (full,)


def test_only_the_owner_can_read_the_file(writer: sqlite3.Connection, path: Path) -> None:
    add_entry(writer, 1)
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        assert name.stat().st_mode & 0o777 == 0o600


def test_a_file_can_be_opened_again(writer: sqlite3.Connection, path: Path) -> None:
    add_entry(writer, 1)
    again = open_writer(path)
    assert again.execute("SELECT count(*) FROM ledger").fetchone() == (1,)
    again.close()


def test_a_file_of_a_newer_schema_is_refused(writer: sqlite3.Connection, path: Path) -> None:
    writer.execute("UPDATE schema_version SET version = ?", (VERSION + 1,))
    with pytest.raises(InvalidConfigurationError, match=f"schema version {VERSION + 1}"):
        open_writer(path)


def test_a_database_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (id INTEGER)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(InvalidConfigurationError, match="another program"):
        open_writer(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database. " * 100)
    with pytest.raises(InvalidConfigurationError, match="cannot open"):
        open_writer(path)


def test_a_place_where_there_can_be_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidConfigurationError, match="cannot open"):
        open_writer(tmp_path / "file" / "incidents.db")
    with pytest.raises(InvalidConfigurationError, match="cannot open"):
        open_writer(tmp_path)


def test_a_damaged_file_is_unavailable(path: Path) -> None:
    connection = open_writer(path)
    connection.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    with pytest.raises(UnavailableError, match="malformed"):
        open_writer(path)


def test_many_can_open_a_new_file_at_once(tmp_path: Path) -> None:
    for attempt in range(20):
        path = tmp_path / f"{attempt}.db"
        opened: list[sqlite3.Connection] = []
        threads = [
            threading.Thread(target=lambda path=path, to=opened: to.append(open_writer(path)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for connection in opened:
            connection.close()
        assert len(opened) == 6


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET entry = 'other'",
        "UPDATE ledger SET seq = 3 WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 2",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger (incident_id, seq, entry) VALUES ('inc-1', 2, 'other')",
        "REPLACE INTO ledger (incident_id, seq, entry) VALUES ('inc-1', 1, 'other')",
        "INSERT INTO ledger (incident_id, seq, entry) VALUES ('inc-1', 4, 'gap')",
        "INSERT INTO ledger (incident_id, seq, entry) VALUES ('inc-2', 2, 'gap')",
    ],
)
def test_the_ledger_refuses_everything_but_the_next_entry(
    writer: sqlite3.Connection, statement: str
) -> None:
    add_entry(writer, 1)
    add_entry(writer, 2)
    with pytest.raises(sqlite3.IntegrityError, match="a ledger entry"):
        writer.execute(statement)
    rows = writer.execute("SELECT incident_id, seq, entry FROM ledger").fetchall()
    assert rows == [("inc-1", 1, "told"), ("inc-1", 2, "told")]
    add_entry(writer, 3)


@pytest.mark.usefixtures("writer")
def test_a_reading_connection_cannot_write(path: Path) -> None:
    reader = open_reader(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        add_entry(reader, 1)
    reader.close()
