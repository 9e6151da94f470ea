"""Cursors: a page of a sorted list, and the opaque word that asks for the next."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from incident_response.sandbox.slack.errors import SlackError

Item = TypeVar("Item")

PREFIX = "next:"


def page_of(
    items: Sequence[Item],
    key: Callable[[Item], str],
    *,
    limit: int,
    cursor: str | None,
) -> tuple[list[Item], str]:
    """At most `limit` items from `cursor` on, and the next cursor (empty at the end).

    `key` names an item; a cursor holds the key of the next page's first item, so that items that
    come or go between two pages shift nothing. Raises `invalid_cursor`.
    """
    start = _position(items, key, _wanted(cursor)) if cursor else 0
    end = start + limit
    return list(items[start:end]), _cursor(key(items[end])) if end < len(items) else ""


def _position(items: Sequence[Item], key: Callable[[Item], str], wanted: str) -> int:
    for index, item in enumerate(items):
        if key(item) == wanted:
            return index
    raise SlackError("invalid_cursor")


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(f"{PREFIX}{key}".encode()).decode()


def _wanted(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeError):
        raise SlackError("invalid_cursor") from None
    if not text.startswith(PREFIX):
        raise SlackError("invalid_cursor")
    return text.removeprefix(PREFIX)
