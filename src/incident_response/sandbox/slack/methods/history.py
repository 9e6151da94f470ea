"""Reading a channel, newest first, and a thread, oldest first."""

import math
import re
from collections.abc import Callable

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods import scopes
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Channel, Json, Message
from incident_response.sandbox.slack.paging import page_of
from incident_response.sandbox.slack.wire import message_json

TS = re.compile(r"\d+(\.\d{1,6})?")
PAGE = 100
PAGE_MOST = 999
THREAD_PAGE_MOST = 1000


def _history(call: Call) -> Json:
    channel = call.channel(scopes.HISTORY)
    call.workspace.channels.require_member(channel, call.actor)
    found = call.workspace.messages.top_level(channel.id)
    is_within = _window(call)
    within = [message for message in reversed(found) if is_within(message)]
    page, cursor = page_of(within, _ts, limit=_limit(call, PAGE_MOST), cursor=call.get("cursor"))
    return _answer(call, page, cursor) | {
        "pin_count": len(call.workspace.pins.of(channel.id)),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }


def _replies(call: Call) -> Json:
    channel = call.channel(scopes.HISTORY)
    thread = _thread(call, channel)
    is_within = _window(call)
    within = [m for m in thread if m is thread[0] or is_within(m)]
    limit = _limit(call, THREAD_PAGE_MOST, default=THREAD_PAGE_MOST)
    page, cursor = page_of(within, _ts, limit=limit, cursor=call.get("cursor"))
    return _answer(call, page, cursor)


def _thread(call: Call, channel: Channel) -> list[Message]:
    message = call.workspace.messages.find(channel.id, call.args["ts"])
    if message is None:
        raise SlackError("thread_not_found")
    if message.is_reply:
        return [message]
    return call.workspace.messages.thread(channel.id, message.ts)


def _answer(call: Call, page: list[Message], cursor: str) -> Json:
    with_metadata = call.get("include_all_metadata", False)
    body: Json = {
        "messages": [message_json(call.workspace, m, with_metadata=with_metadata) for m in page],
        "has_more": bool(cursor),
    }
    return body | {"response_metadata": {"next_cursor": cursor}} if cursor else body


def _window(call: Call) -> Callable[[Message], bool]:
    """Whether a message lies between `oldest` and `latest`; the ends count when `inclusive`."""
    oldest = _edge(call, "oldest", "invalid_ts_oldest")
    latest = _edge(call, "latest", "invalid_ts_latest")
    low = oldest if oldest is not None else -math.inf
    high = latest if latest is not None else math.inf
    if call.get("inclusive"):
        return lambda message: low <= float(message.ts) <= high
    return lambda message: low < float(message.ts) < high


def _edge(call: Call, name: str, error: str) -> float | None:
    text = call.get(name)
    if not text or text == "now":
        return None
    if not TS.fullmatch(text):
        raise SlackError(error)
    return float(text)


def _limit(call: Call, most: int, *, default: int = PAGE) -> int:
    return min(most, max(0, call.get("limit", 0)) or default)


def _ts(message: Message) -> str:
    return message.ts


ARGS = "channel! cursor include_all_metadata:bool inclusive:bool latest limit:int oldest"
ERRORS = "channel_not_found invalid_cursor invalid_ts_latest invalid_ts_oldest"
METHODS = (
    method(
        "conversations.history",
        _history,
        tier="t3",
        args=ARGS,
        errors=f"{ERRORS} not_in_channel",
        scopes=scopes.HISTORY,
    ),
    method(
        "conversations.replies",
        _replies,
        tier="t3",
        args=f"{ARGS} ts!",
        errors=f"{ERRORS} thread_not_found",
        scopes=scopes.HISTORY,
        takes_json=False,
    ),
)
