"""The tables, and the care that a file is ours and of a version we understand.

Not here: what is written into them. A stored value lies as JSON in one column; beside it stand
only the columns that a condition, an order or a change needs. No foreign keys: every reference is
written by one commit together with what it refers to, and a backend without them has to behave
the same.
"""

import sqlite3
import time

from incident_response.domain.errors import InvalidConfigurationError, UnavailableError

VERSION = 1
"""Of the tables below. A file of an older version would be brought up here; one of a newer
version is refused.
"""

_SWITCH_TRIES, _SWITCH_PAUSE_SECONDS = 100, 0.02

_TABLES = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE intake (
        event_id TEXT PRIMARY KEY NOT NULL,
        status TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        incident_id TEXT,
        record TEXT NOT NULL)""",
    "CREATE INDEX intake_pending ON intake (received_at) WHERE status = 'pending'",
    """CREATE INDEX intake_troubled ON intake (received_at)
        WHERE status IN ('quarantined', 'dead')""",
    """CREATE TABLE incident (
        incident_id TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        is_closed INTEGER NOT NULL,
        channel_id TEXT UNIQUE,
        state TEXT NOT NULL)""",
    "CREATE INDEX incident_newest ON incident (created_at)",
    "CREATE INDEX incident_open ON incident (created_at) WHERE is_closed = 0",
    """CREATE TABLE alert_group (
        group_id TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        state TEXT NOT NULL)""",
    """CREATE TABLE plan (
        incident_id TEXT NOT NULL,
        plan TEXT NOT NULL,
        state TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        not_before INTEGER,
        record TEXT NOT NULL,
        PRIMARY KEY (incident_id, plan))""",
    "CREATE INDEX plan_open ON plan (opened_at, not_before) WHERE state = 'open'",
    """CREATE TABLE step (
        incident_id TEXT NOT NULL,
        plan TEXT NOT NULL,
        step TEXT NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (incident_id, plan, step))""",
    """CREATE TABLE ledger (
        incident_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (incident_id, seq))""",
    # Beside the entries, so that a cut-off tail shows.
    """CREATE TABLE ledger_head (
        incident_id TEXT PRIMARY KEY NOT NULL,
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL)""",
    # REPLACE fires no DELETE trigger, but it cannot pass this one.
    """CREATE TRIGGER ledger_grows_without_gaps BEFORE INSERT ON ledger
        WHEN NEW.seq <> 1 + (
            SELECT coalesce(max(seq), 0) FROM ledger WHERE incident_id = NEW.incident_id)
        BEGIN SELECT RAISE(ABORT, 'a ledger entry must follow the last one'); END""",
    """CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'a ledger entry never changes'); END""",
    """CREATE TRIGGER ledger_never_shrinks BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'a ledger entry is never deleted'); END""",
    """CREATE TABLE lease (
        name TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        fence INTEGER NOT NULL,
        expires_at INTEGER NOT NULL)""",
    """CREATE TABLE queue_message (
        ordinal INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        group_name TEXT NOT NULL,
        is_head INTEGER NOT NULL,
        raw TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        receipt TEXT)""",
    "CREATE INDEX queue_order ON queue_message (queue, group_name, ordinal)",
    # Only the head of a group can be delivered: finding it must not cost the length of the group.
    "CREATE INDEX queue_heads ON queue_message (queue, ordinal) WHERE is_head = 1",
    "CREATE UNIQUE INDEX queue_one_head ON queue_message (queue, group_name) WHERE is_head = 1",
    """CREATE TABLE queue_seen (
        queue TEXT NOT NULL,
        dedup_id TEXT NOT NULL,
        forget_at INTEGER NOT NULL,
        PRIMARY KEY (queue, dedup_id)) WITHOUT ROWID""",
    "CREATE INDEX queue_seen_forget ON queue_seen (forget_at)",
    """CREATE TABLE queue_dead (
        ordinal INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        group_name TEXT NOT NULL,
        raw TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL,
        reason TEXT NOT NULL,
        died_at INTEGER NOT NULL)""",
    "CREATE INDEX queue_dead_order ON queue_dead (queue, ordinal)",
    """CREATE TABLE schedule (
        name TEXT PRIMARY KEY NOT NULL,
        is_enabled INTEGER NOT NULL,
        next_at INTEGER,
        last_at INTEGER,
        schedule TEXT NOT NULL)""",
    "CREATE INDEX schedule_due ON schedule (next_at) WHERE is_enabled = 1",
    """CREATE TABLE inbox (
        ordinal INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL DEFAULT 'open',
        received_at INTEGER NOT NULL,
        claimed_until INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        buried_at INTEGER,
        envelope TEXT NOT NULL)""",
    "CREATE INDEX inbox_open ON inbox (received_at, ordinal) WHERE state = 'open'",
    "CREATE INDEX inbox_buried ON inbox (buried_at) WHERE state = 'buried'",
    """CREATE TABLE secret (
        name TEXT PRIMARY KEY NOT NULL,
        version INTEGER NOT NULL,
        current BLOB NOT NULL,
        previous BLOB)""",
)


def make_durable(connection: sqlite3.Connection) -> None:
    """Have every commit on the file synced to the disk through a write-ahead log.

    Raises ``InvalidConfigurationError`` if the file lies where SQLite cannot keep one,
    ``UnavailableError`` if others keep it locked.
    """
    if _switch_to_wal(connection) != "wal":
        raise InvalidConfigurationError(
            "the database needs a file system that can hold a write-ahead log (no network share)"
        )
    connection.execute("PRAGMA synchronous = FULL")


def _switch_to_wal(connection: sqlite3.Connection) -> str:
    """The journal mode after the switch. SQLite does not wait for other processes here, as several
    may be opening a new file at once, so it is tried again.
    """
    for _ in range(_SWITCH_TRIES):
        try:
            mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_SWITCH_PAUSE_SECONDS)
        else:
            return mode
    raise UnavailableError("other processes keep the database locked")


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database, or check that they are ours.

    Raises ``InvalidConfigurationError`` if the file is another program's or too new.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_empty(connection):
            _create(connection)
        else:
            check(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO schema_version (version) VALUES (?)", (VERSION,))


def check(connection: sqlite3.Connection) -> None:
    """Raises ``InvalidConfigurationError`` if the file is another program's or too new."""
    name = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
    if connection.execute(name).fetchone() is None:
        raise InvalidConfigurationError("the file is a database of another program")
    version = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0]
    if version != VERSION:
        raise InvalidConfigurationError(
            f"the file has schema version {version}, this program understands {VERSION}:"
            " run the program that wrote it, or a newer one"
        )
