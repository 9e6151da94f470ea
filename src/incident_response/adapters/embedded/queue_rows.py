"""The rows of the queues, changed within a caller's transaction.

Not here: who waits for a message (event_queue) or sends one at a later time (scheduler). Only the
oldest message of a group can be delivered; it is marked as the group's head, and the next becomes
head when it is gone.
"""

import sqlite3
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from incident_response.adapters.times import micros, moment
from incident_response.domain.errors import ConflictError
from incident_response.ports.event_queue import (
    DEDUPLICATION_WINDOW,
    MAX_RECEIVES,
    Delivery,
    QueueMessage,
    encode,
    trace_of,
)

logger = structlog.get_logger(__name__)


class _Content(NamedTuple):
    """What of a message stays the same wherever it lies."""

    message_id: str
    group: str
    raw: str
    sent_at: int


class _Head(NamedTuple):
    """The oldest message of a group, as it lies in its table."""

    ordinal: int
    receive_count: int
    content: _Content


def enqueue(
    connection: sqlite3.Connection,
    queue: str,
    messages: Sequence[QueueMessage],
    *,
    now: datetime,
) -> None:
    """Append ``messages`` to ``queue`` unless seen, within the caller's transaction."""
    connection.execute("DELETE FROM queue_seen WHERE forget_at <= ?", (micros(now),))
    forget_at = micros(now + DEDUPLICATION_WINDOW)
    for message in messages:
        is_new = connection.execute(
            "INSERT INTO queue_seen (queue, dedup_id, forget_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (queue, message.dedup_id, forget_at),
        ).rowcount
        if is_new:
            content = _Content(uuid.uuid4().hex, message.group, encode(message), micros(now))
            _append(connection, queue, content, visible_at=micros(now))


def return_all(connection: sqlite3.Connection, *, now: datetime) -> int:
    """Make every message that is in flight deliverable at once and its receipt void; how many."""
    return connection.execute(
        "UPDATE queue_message SET visible_at = ?, receipt = NULL"
        " WHERE is_head = 1 AND receipt IS NOT NULL",
        (micros(now),),
    ).rowcount


def _append(
    connection: sqlite3.Connection, queue: str, content: _Content, *, visible_at: int
) -> None:
    """Put a message at the end of its group."""
    connection.execute(
        "INSERT INTO queue_message"
        " (queue, message_id, group_name, is_head, raw, sent_at, visible_at)"
        " VALUES (:queue, :message_id, :group, NOT EXISTS ("
        "  SELECT 1 FROM queue_message WHERE queue = :queue AND group_name = :group),"
        " :raw, :sent_at, :visible_at)",
        {"queue": queue, "visible_at": visible_at, **content._asdict()},
    )


def deliver(
    connection: sqlite3.Connection, queue: str, *, limit: int, now: datetime, until: datetime
) -> list[Delivery]:
    """Deliver up to ``limit`` heads; bury those that were delivered too often, which may bring up
    others.
    """
    deliveries: list[Delivery] = []
    while len(deliveries) < limit:
        heads = _visible_heads(connection, queue, limit=limit - len(deliveries), now=now)
        for head in heads:
            if head.receive_count >= MAX_RECEIVES:
                reason = f"delivered {head.receive_count} times and never finished"
                _to_dead_letters(connection, head.content.message_id, reason, at=now)
                logger.warning("message given up", queue=queue, message_id=head.content.message_id)
            else:
                # At least a tick from now, or a visibility of zero would deliver it twice here.
                hidden_until = max(micros(until), micros(now) + 1)
                deliveries.append(_hand_out(connection, head, hidden_until))
        if not heads:
            break
    return deliveries


def _visible_heads(
    connection: sqlite3.Connection, queue: str, *, limit: int, now: datetime
) -> list[_Head]:
    rows = connection.execute(
        "SELECT ordinal, receive_count, message_id, group_name, raw, sent_at FROM queue_message"
        " WHERE queue = ? AND is_head = 1 AND visible_at <= ? ORDER BY ordinal LIMIT ?",
        (queue, micros(now), limit),
    ).fetchall()
    return [_Head(ordinal, count, _Content(*content)) for ordinal, count, *content in rows]


def _hand_out(connection: sqlite3.Connection, head: _Head, until: int) -> Delivery:
    receipt = uuid.uuid4().hex
    connection.execute(
        "UPDATE queue_message SET visible_at = ?, receive_count = receive_count + 1, receipt = ?"
        " WHERE ordinal = ?",
        (until, receipt, head.ordinal),
    )
    return Delivery(
        message_id=head.content.message_id,
        receipt=receipt,
        raw=head.content.raw,
        group=head.content.group,
        receive_count=head.receive_count + 1,
        sent_at=moment(head.content.sent_at),
        trace=trace_of(head.content.raw),
    )


def _holds(connection: sqlite3.Connection, delivery: Delivery) -> bool:
    """Whether the message is still this delivery's: False if it was deleted before, so that
    finishing twice is no error.

    Raises ``ConflictError`` if it was delivered anew, given back or given up meanwhile.
    """
    row: tuple[str | None] | None = connection.execute(
        "SELECT receipt FROM queue_message WHERE message_id = :id"
        " UNION ALL SELECT NULL FROM queue_dead WHERE message_id = :id",
        {"id": delivery.message_id},
    ).fetchone()
    if row is not None and row[0] != delivery.receipt:
        raise ConflictError(f"message {delivery.message_id} is no longer this delivery's")
    return row is not None


def delete(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """The message is done. Raises ``ConflictError`` if it is no longer this delivery's."""
    if _holds(connection, delivery):
        _remove(connection, delivery.message_id)


def extend(connection: sqlite3.Connection, delivery: Delivery, until: int) -> None:
    """Nobody else gets it before ``until`` (a column value). ``ConflictError`` as above."""
    if _holds(connection, delivery):
        connection.execute(
            "UPDATE queue_message SET visible_at = ? WHERE message_id = ?",
            (until, delivery.message_id),
        )


def bury(connection: sqlite3.Connection, delivery: Delivery, reason: str, *, at: datetime) -> None:
    """Give the message up. ``ConflictError`` as above."""
    if _holds(connection, delivery):
        _to_dead_letters(connection, delivery.message_id, reason, at=at)


def _to_dead_letters(
    connection: sqlite3.Connection, message_id: str, reason: str, *, at: datetime
) -> None:
    connection.execute(
        "INSERT INTO queue_dead"
        " (queue, message_id, group_name, raw, sent_at, receive_count, reason, died_at)"
        " SELECT queue, message_id, group_name, raw, sent_at, receive_count, ?, ?"
        " FROM queue_message WHERE message_id = ?",
        (reason, micros(at), message_id),
    )
    _remove(connection, message_id)


def _remove(connection: sqlite3.Connection, message_id: str) -> None:
    """Take the head of a group out, and make the next one head."""
    group = connection.execute(
        "SELECT queue, group_name FROM queue_message WHERE message_id = ?", (message_id,)
    ).fetchone()
    connection.execute("DELETE FROM queue_message WHERE message_id = ?", (message_id,))
    connection.execute(
        "UPDATE queue_message SET is_head = 1 WHERE ordinal ="
        " (SELECT min(ordinal) FROM queue_message WHERE queue = ? AND group_name = ?)",
        group,
    )


def redrive(connection: sqlite3.Connection, queue: str, *, limit: int, now: datetime) -> int:
    """Put up to ``limit`` dead letters back at the end of their groups; how many."""
    rows = connection.execute(
        "SELECT ordinal, message_id, group_name, raw, sent_at FROM queue_dead"
        " WHERE queue = ? ORDER BY ordinal LIMIT ?",
        (queue, limit),
    ).fetchall()
    for ordinal, *content in rows:
        connection.execute("DELETE FROM queue_dead WHERE ordinal = ?", (ordinal,))
        _append(connection, queue, _Content(*content), visible_at=micros(now))
    return len(rows)


def depth(connection: sqlite3.Connection, queue: str) -> int:
    """Messages waiting or in flight."""
    sql = "SELECT count(*) FROM queue_message WHERE queue = ?"
    count: int = connection.execute(sql, (queue,)).fetchone()[0]
    return count
