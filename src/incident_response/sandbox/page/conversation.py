"""A channel's or a thread's list of messages: day lines, runs by one author, what Slack says.

A single message is in ``messages.py``; what stands around the list is in ``panes.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import Html, join, tag
from incident_response.sandbox.page.messages import Stand, article, author, keyed
from incident_response.sandbox.page.mrkdwn import mrkdwn
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Channel, Message

SHOWN_AT_ONCE: Final = 120
RUN_SECONDS: Final = 300  # a follow-up within this time needs no second name, as in Slack
NAMES_SHOWN: Final = 6
SYSTEM: Final = frozenset(
    {
        "channel_join",
        "channel_leave",
        "channel_topic",
        "channel_purpose",
        "channel_name",
        "channel_archive",
        "channel_unarchive",
        "pinned_item",
        "bot_add",
    }
)


def channel_list(
    channel: Channel, reading: Reading, *, limit: int = SHOWN_AT_ONCE, since: str = ""
) -> Html:
    """Render the newest ``limit`` messages, with the channel's beginning when it is in sight.

    ``since`` is how far the person had read when they opened the channel, so that the red line
    stays where it was while they read on.
    """
    messages = reading.messages(channel)
    shown = messages[-limit:]
    hidden = len(messages) - len(shown)
    top = _earlier(hidden, limit) if hidden else _beginning(channel, reading)
    read = since or channel.last_read.get(reading.me.id, "")
    unread_from = _first_unread(shown, read, reading)
    return join(top, list(_days(shown, reading, unread_from)))


def thread_list(channel: Channel, thread_ts: str, reading: Reading) -> Html:
    """Render a parent, how many replies it has, and the replies.

    Raises:
        SlackError: ``message_not_found``.
    """
    parent, *replies = reading.thread(channel, thread_ts)
    count = f"{len(replies)} repl{'y' if len(replies) == 1 else 'ies'}"
    rule = keyed("div", "rule", tag("span", count), class_="thread-rule") if replies else None
    return join(
        article(parent, reading, Stand("thread")),
        rule,
        [
            article(reply, reading, Stand("thread", compact=_continues(before, reply)))
            for before, reply in zip([parent, *replies], replies, strict=False)
        ],
    )


def _first_unread(shown: list[Message], read: str, reading: Reading) -> str | None:
    """Give the ts above which the red line goes; none in a channel never opened before."""
    if not read:
        return None
    fresh = (m for m in shown if m.ts > read and m.user != reading.me.id and not m.ephemeral_to)
    first = next((m for m in fresh if m.subtype not in SYSTEM), None)
    return first.ts if first else None


def _days(shown: list[Message], reading: Reading, unread_from: str | None) -> Iterator[Html]:
    viewer = reading.viewer
    for day, messages in groupby(shown, key=lambda message: viewer.day(float(message.ts))):
        yield keyed("div", f"day-{day}", tag("span", day), class_="day", role="separator")
        before: Message | None = None
        for run in _runs(list(messages)):
            first = run[0]
            if unread_from is not None and first.ts == unread_from:
                yield keyed("div", "new", tag("span", "New"), class_="new-line", role="separator")
                before = None
            if first.subtype in SYSTEM:
                yield _system(run, reading)
                before = None
                continue
            yield article(first, reading, Stand(compact=_continues(before, first)))
            before = first


def _runs(messages: list[Message]) -> Iterator[list[Message]]:
    """Gather people who joined one after another; everything else stands alone."""
    run: list[Message] = []
    for message in messages:
        if run and not (message.subtype == run[-1].subtype == "channel_join"):
            yield run
            run = []
        run.append(message)
    if run:
        yield run


def _continues(before: Message | None, message: Message) -> bool:
    if before is None or before.ephemeral_to or message.ephemeral_to or message.subtype:
        return False
    same = (before.user, before.username) == (message.user, message.username)
    return same and float(message.ts) - float(before.ts) < RUN_SECONDS


def _system(run: list[Message], reading: Reading) -> Html:
    """Render what Slack itself says as one quiet line."""
    first = run[0]
    moment = float(first.ts)
    said = _joined(run, reading) if first.subtype == "channel_join" else _said(first, reading)
    stamp = tag(
        "time",
        reading.viewer.clock_time(moment),
        datetime=reading.viewer.at(moment).isoformat(),
        title=reading.viewer.full(moment),
        class_="stamp",
    )
    return keyed(
        "div",
        f"s-{first.ts}",
        tag("div", stamp, class_="gutter"),
        tag("div", said, class_="system"),
        class_="message compact",
        id=f"c-{first.ts}",
    )


def _joined(run: list[Message], reading: Reading) -> Html:
    names = list(dict.fromkeys(author(message, reading) for message in run))
    shown, rest = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    if rest > 0:
        shown.append(f"{rest} more")
    listed = [join(", " if place else None, tag("b", name)) for place, name in enumerate(shown)]
    return join(icon("people"), tag("span", listed, " joined the channel"))


def _said(message: Message, reading: Reading) -> Html:
    text = message.text.removeprefix(f"<@{message.user}> ")
    return tag("span", tag("b", author(message, reading)), " ", mrkdwn(text, reading.viewer))


def _earlier(hidden: int, limit: int) -> Html:
    words = f"Show earlier messages ({hidden})"
    more = tag("button", words, type="button", class_="btn", data_do="earlier", data_limit=limit)
    return keyed("div", "earlier", more, class_="beginning")


def _beginning(channel: Channel, reading: Reading) -> Html:
    title = reading.title(channel)
    if channel.is_im or channel.is_mpim:
        face = avatar(reading.other(channel))
        words = f"This is the beginning of your conversation with {title}."
        heading = tag("h2", tag("span", title))
        return keyed("div", "beginning", face, heading, tag("p", words), class_="beginning direct")
    drawing = icon("lock" if channel.is_private else "hash")
    maker = reading.person(channel.creator) or "Somebody"
    day = reading.viewer.day(channel.created)
    words = f"{maker} created this {'private ' if channel.is_private else ''}channel on {day}."
    purpose = mrkdwn(channel.purpose.value, reading.viewer) if channel.purpose.value else None
    return keyed(
        "div",
        "beginning",
        tag("h2", drawing, tag("span", title)),
        tag("p", words.replace("on Today", "today").replace("on Yesterday", "yesterday")),
        tag("p", purpose) if purpose else None,
        class_="beginning",
    )


def missing_thread(error: SlackError) -> Html:
    """Say that a thread is gone."""
    return keyed(
        "p", "missing", tag("span", f"This thread is gone ({error})."), class_="beginning"
    )
