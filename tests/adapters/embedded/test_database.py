import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from incident_response.adapters.embedded.connections import open_reader, open_writer
from incident_response.adapters.embedded.database import Database
from incident_response.domain.errors import (
    ConflictError,
    UnavailableError,
    UnknownOutcomeError,
)

SHORT = timedelta(milliseconds=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "incidents.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database(
        open_writer(path, busy_timeout=SHORT), open_reader(path, busy_timeout=SHORT)
    )
    yield database
    await database.close()


class Store:
    """A job that stores a secret of ``size`` bytes."""

    def __init__(self, name: str, size: int = 1) -> None:
        self._values = (name, b"x" * size)

    def __call__(self, connection: sqlite3.Connection) -> str:
        connection.execute(
            "INSERT INTO secret (name, version, current) VALUES (?, 1, ?)", self._values
        )
        return self._values[0]


class Limit:
    """A job that bounds the file: SQLite then reports what it does on a full disk."""

    def __init__(self, pages: int) -> None:
        self._pages = pages

    def __call__(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {self._pages}")


def names(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM secret")}


async def test_many_concurrent_writes_share_few_transactions(database: Database) -> None:
    before = database.transactions
    async with asyncio.TaskGroup() as tasks:
        for number in range(500):
            tasks.create_task(database.write(Store(f"s{number}")))
    assert database.transactions - before <= 50
    assert len(await database.read(names)) == 500


async def test_every_write_gets_its_own_value(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        writes = [tasks.create_task(database.write(Store(f"s{number}"))) for number in range(100)]
    assert [write.result() for write in writes] == [f"s{number}" for number in range(100)]


async def test_a_failing_job_undoes_only_what_it_did_itself(database: Database) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        Store("half")(connection)
        raise ConflictError("no")

    outcomes = await asyncio.gather(
        database.write(Store("before")),
        database.write(fail),
        database.write(Store("before")),  # a name that is taken: SQLite's own refusal
        database.write(Store("after")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        str,
        ConflictError,
        sqlite3.IntegrityError,
        str,
    ]
    assert await database.read(names) == {"before", "after"}


async def test_nothing_is_told_before_it_is_in_the_file(database: Database, path: Path) -> None:
    stranger = open_reader(path)
    for number in range(50):
        name = await database.write(Store(f"s{number}"))
        assert name in names(stranger)
    stranger.close()


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(UnavailableError):
        await database.read(Store("s"))


async def test_while_another_process_writes_nothing_is_stored_and_that_is_said(
    database: Database, path: Path
) -> None:
    stranger = open_writer(path)
    stranger.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(
        database.write(Store("a")), database.write(Store("b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [UnavailableError, UnavailableError]
    stranger.execute("ROLLBACK")
    stranger.close()
    assert await database.read(names) == set()
    await database.write(Store("a"))
    assert await database.read(names) == {"a"}


async def test_a_full_disk_stores_nothing_and_says_so_until_there_is_room(
    database: Database,
) -> None:
    await database.write(Store("first"))
    await database.write(Limit(1))
    with pytest.raises(UnavailableError, match="full"):
        await database.write(Store("big", 1_000_000))
    assert await database.read(names) == {"first"}
    await database.write(Limit(1_000_000))
    await database.write(Store("big", 1_000_000))
    assert await database.read(names) == {"first", "big"}


async def test_a_commit_that_fails_is_told_to_everyone_in_it(database: Database) -> None:
    def owe_a_parent(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO child VALUES (1)")  # checked at COMMIT only

    def set_up(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
        )

    writer = open_writer(None)
    writer.execute("PRAGMA foreign_keys = ON")
    strict = Database(writer, None)
    await strict.write(set_up)
    outcomes = await asyncio.gather(
        strict.write(Store("a")),
        strict.write(owe_a_parent),
        strict.write(Store("b")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [UnknownOutcomeError] * 3
    await strict.write(Store("c"))
    assert await strict.read(names) == {"c"}
    await strict.close()


async def test_a_caller_that_gives_up_does_not_disturb_the_others(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(database.write(Store("gone")))
        kept = tasks.create_task(database.write(Store("kept")))
        await asyncio.sleep(0)
        gone.cancel()
    assert kept.result() == "kept"
    assert await database.read(names) >= {"kept"}


async def test_closing_finishes_what_was_asked_for(path: Path) -> None:
    database = Database(open_writer(path), open_reader(path))
    async with asyncio.TaskGroup() as tasks:
        writes = [tasks.create_task(database.write(Store(f"s{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        tasks.create_task(database.close())
    assert all(write.done() for write in writes)
    stranger = open_writer(path)
    assert len(names(stranger)) == 20
    stranger.close()


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    with pytest.raises(UnavailableError, match="closed"):
        await database.write(Store("a"))
    with pytest.raises(UnavailableError, match="closed"):
        await database.read(names)
    await database.close()
