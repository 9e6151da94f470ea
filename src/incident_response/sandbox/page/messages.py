"""One message as an article: who, when, what, and what hangs below it.

Lists of messages, with day lines and what Slack itself says, are in ``conversation.py``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.blocks import Frame, render_blocks
from incident_response.sandbox.page.elements import text_of
from incident_response.sandbox.page.emoji import emoji
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import EMPTY, Html, join, tag
from incident_response.sandbox.page.mrkdwn import anchor, mrkdwn
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.page.viewer import ago
from incident_response.sandbox.slack.model import Message, Reaction

Place = Literal["channel", "thread"]

COLORS: Final = {"good": "#2eb67d", "warning": "#ecb22e", "danger": "#e01e5a"}
_ONLY_EMOJI: Final = re.compile(r"\s*(:[a-z0-9_+'-]+:\s*){1,5}")
FACES_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a message stands: in which list, and whether the one above is by the same author."""

    place: Place = "channel"
    compact: bool = False


def digest(markup: Html) -> str:
    """Name markup by what it says, so that the page replaces only what has changed."""
    return hashlib.blake2s(markup.encode(), digest_size=8).hexdigest()


def keyed(
    element: str, key: str, *children: Html | None, **attributes: str | int | bool | None
) -> Html:
    """Write an element the page can find again: by its key, and by its digest if it changed."""
    body = join(children)
    fingerprint = digest(join(body, str(sorted(attributes.items()))))
    return tag(element, body, data_key=key, data_hash=fingerprint, **attributes)


def article(message: Message, reading: Reading, stand: Stand = Stand()) -> Html:
    """Render one message."""
    pinned = reading.workspace.pins.is_pinned(message.channel, message.ts)
    flags = {
        "compact": stand.compact,
        "pinned": pinned,
        "ephemeral": message.ephemeral_to is not None,
        "tombstone": message.subtype == "tombstone",
    }
    return keyed(
        "article",
        f"{stand.place[0]}-{message.ts}",
        _banner(message, reading, pinned=pinned),
        tag("div", _gutter(message, reading, stand), class_="gutter"),
        tag("div", _content(message, reading, stand), class_="content"),
        None
        if message.subtype == "tombstone"
        else _toolbar(stand.place, is_private=message.ephemeral_to is not None),
        class_=" ".join(["message", *(name for name, on in flags.items() if on)]),
        id=f"{stand.place[0]}-{message.ts}",
        tabindex=-1,
        data_ts=message.ts,
        data_channel=message.channel,
        data_ephemeral=message.ephemeral_to is not None,
        data_mine=message.user == reading.me.id and message.bot_id is None,
        data_pinned=pinned,
        data_thread=message.thread_ts or message.ts,
        aria_label=f"{author(message, reading)}, {_clock(message, reading)}",
    )


def author(message: Message, reading: Reading) -> str:
    """Name who wrote a message; an app may write under another name."""
    user = reading.user(message.user)
    return message.username or (user.real_name if user else "Unknown")


def _clock(message: Message, reading: Reading) -> str:
    return reading.viewer.clock_time(float(message.ts))


def _stamp(message: Message, reading: Reading) -> Html:
    moment = float(message.ts)
    viewer = reading.viewer
    iso = viewer.at(moment).isoformat()
    return tag(
        "time", _clock(message, reading), datetime=iso, title=viewer.full(moment), class_="stamp"
    )


def _banner(message: Message, reading: Reading, *, pinned: bool) -> Html | None:
    if message.ephemeral_to is not None:
        return tag("div", icon("eye"), "Only visible to you", class_="banner")
    if pinned:
        pins = reading.workspace.pins.of(message.channel)
        who = next((pin.user for pin in pins if pin.ts == message.ts), "")
        name = reading.person(who) or "someone"
        return tag("div", icon("pin"), f"Pinned by {name}", class_="banner")
    return None


def _gutter(message: Message, reading: Reading, stand: Stand) -> Html:
    if stand.compact:
        return _stamp(message, reading)
    return avatar(reading.user(message.user), symbol=message.icon_emoji)


def _content(message: Message, reading: Reading, stand: Stand) -> Html:
    return join(
        None if stand.compact else _byline(message, reading),
        tag("div", body(message, reading), class_="body"),
        _reactions(message, reading),
        _thread_link(message, reading) if stand.place == "channel" else None,
    )


def _byline(message: Message, reading: Reading) -> Html:
    is_app = message.bot_id is not None
    return tag(
        "div",
        tag("span", author(message, reading), class_="author"),
        tag("span", "APP", class_="app-badge") if is_app else None,
        _stamp(message, reading),
        class_="byline",
    )


def body(message: Message, reading: Reading) -> Html:
    """Render what a message says: its blocks, or else its text, then attachments and files."""
    frame = Frame(reading.viewer, f"{message.channel}/{message.ts}")
    said = render_blocks(message.blocks, frame) if message.blocks else _text(message, reading)
    edited = tag("span", "(edited)", class_="edited") if message.edited else None
    attached = [_attachment(attachment, frame) for attachment in message.attachments]
    return join(said, edited, attached, [_file(name, reading) for name in message.files])


def _text(message: Message, reading: Reading) -> Html:
    if not message.text:
        return EMPTY
    jumbo = " jumbo" if _ONLY_EMOJI.fullmatch(message.text) else ""
    shown = mrkdwn(message.text, reading.viewer) if message.mrkdwn else join(message.text)
    return tag("span", shown, class_=f"text{jumbo}")


def _attachment(attachment: Mapping[str, Any], frame: Frame) -> Html:
    color = str(attachment.get("color") or "")
    color = COLORS.get(color, color if color.startswith("#") else f"#{color}")
    fill = color if re.fullmatch(r"#[0-9a-fA-F]{6}", color) else None
    bar = tag("svg", tag("rect", width="100%", height="100%", fill=fill), class_="attachment-bar")
    if attachment.get("blocks"):
        held = render_blocks(attachment["blocks"], frame)
    else:
        held = _plain_attachment(attachment, frame)
    return tag("div", bar, tag("div", held), class_="attachment")


def _plain_attachment(attachment: Mapping[str, Any], frame: Frame) -> Html:
    title = text_of(attachment.get("title"), frame.viewer)
    fields = [
        tag("div", tag("b", str(field.get("title", ""))), tag("br"), str(field.get("value", "")))
        for field in attachment.get("fields") or ()
    ]
    text = str(attachment.get("text") or attachment.get("fallback") or "")
    footer = attachment.get("footer")
    return join(
        mrkdwn(str(attachment.get("pretext") or ""), frame.viewer),
        tag(
            "div",
            anchor(str(attachment.get("title_link") or ""), title),
            class_="attachment-title",
        )
        if title
        else None,
        tag("div", mrkdwn(text, frame.viewer), class_="text"),
        tag("div", fields, class_="fields") if fields else None,
        tag("div", str(footer), class_="attachment-footer") if footer else None,
    )


def _file(file_id: str, reading: Reading) -> Html:
    found = reading.workspace.state.files.get(file_id)
    name = (found.title or found.name) if found else file_id
    return tag("div", icon("file"), tag("span", name), class_="file-card")


def _reactions(message: Message, reading: Reading) -> Html | None:
    if not message.reactions:
        return None
    pills = [_reaction(reaction, reading) for reaction in message.reactions]
    return tag("div", pills, class_="reactions")


def _reaction(reaction: Reaction, reading: Reading) -> Html:
    names = ", ".join(reading.person(user) or "someone" for user in reaction.users)
    said = f"{names} reacted with :{reaction.name}:"
    return tag(
        "button",
        emoji(reaction.name) or f":{reaction.name}:",
        tag("span", str(len(reaction.users))),
        type="button",
        class_="reaction",
        data_do="react",
        data_name=reaction.name,
        aria_pressed="true" if reading.me.id in reaction.users else "false",
        aria_label=said,
        title=said,
    )


def _thread_link(message: Message, reading: Reading) -> Html | None:
    if not message.reply_count or message.is_reply:
        return None
    replies = f"{message.reply_count} repl{'y' if message.reply_count == 1 else 'ies'}"
    since = reading.viewer.now - float(message.latest_reply or message.ts)
    faces = [avatar(reading.user(user)) for user in message.reply_users[:FACES_SHOWN]]
    return tag(
        "button",
        faces,
        tag("b", replies),
        tag("span", f"Last reply {ago(since)}"),
        type="button",
        class_="thread-link",
        data_do="thread",
    )


@cache
def _toolbar(place: Place, *, is_private: bool) -> Html:
    tools: list[tuple[str, str, str]] = []
    if not is_private:
        tools.append(("react-menu", "smile", "Add a reaction"))
        if place == "channel":
            tools.append(("thread", "thread", "Reply in thread"))
        tools.append(("message-menu", "more", "More actions"))
    else:
        tools.append(("dismiss", "close", "Dismiss"))
    buttons = [
        tag(
            "button",
            icon(drawing),
            type="button",
            class_="icon-button",
            data_do=name,
            aria_label=label,
            title=label,
            aria_haspopup="menu" if name.endswith("-menu") else None,
        )
        for name, drawing, label in tools
    ]
    return tag("div", buttons, class_="toolbar", role="group", aria_label="Message actions")
