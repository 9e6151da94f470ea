"""What stands around a conversation: its head and bookmarks, and the pane at the right.

The pane shows a thread, what there is to know about the channel, or (``workbench.py``) the
switches of the sandbox.
"""

from __future__ import annotations

from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.conversation import missing_thread, thread_list
from incident_response.sandbox.page.emoji import emoji
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import EMPTY, Html, join, tag
from incident_response.sandbox.page.messages import author, body, keyed
from incident_response.sandbox.page.mrkdwn import is_safe_address, mrkdwn
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Bookmark, Channel, User


def head(channel: Channel, reading: Reading, *, pane: str) -> Html:
    """Render a conversation's name, topic and tools."""
    name = reading.title(channel)
    if channel.is_im or channel.is_mpim:
        title = tag("h1", tag("span", name), class_="head-title")
        return join(title, tag("div", class_="head-topic"))
    drawing = icon("lock" if channel.is_private else "hash")
    title = tag("h1", drawing, tag("span", name, title=name), class_="head-title")
    topic = mrkdwn(channel.topic.value, reading.viewer) if channel.topic.value else EMPTY
    return join(
        title,
        tag("span", "archived", class_="badge") if channel.is_archived else None,
        tag("div", topic, class_="head-topic", title=channel.topic.value or None),
        tag("div", _tools(channel, reading, pane), class_="head-tools"),
    )


def _tools(channel: Channel, reading: Reading, pane: str) -> Html:
    members = len(channel.members)
    pins = len(reading.workspace.pins.of(channel.id))
    return join(
        _pane_button("people", f"{members}", f"{members} members", shown=pane == "about"),
        _pane_button("pin", f"{pins}", f"{pins} pinned", shown=pane == "about") if pins else None,
        _pane_button("info", "", "About this channel", shown=pane == "about"),
    )


def _pane_button(drawing: str, count: str, label: str, *, shown: bool) -> Html:
    return tag(
        "button",
        icon(drawing),
        tag("span", count) if count else None,
        type="button",
        class_="icon-button head-count" if count else "icon-button",
        data_do="pane",
        data_pane="about",
        aria_label=label,
        title=label,
        aria_current="true" if shown and not count else None,
    )


def tabs(channel: Channel, reading: Reading, *, tab: str) -> Html:
    """Render the Home and Messages tabs of a conversation with the app; nothing elsewhere."""
    if not channel.is_im or reading.app.bot_user_id not in channel.members:
        return EMPTY
    return join(
        _tab("home", "Home", shown=tab == "home"), _tab("", "Messages", shown=tab != "home")
    )


def _tab(name: str, label: str, *, shown: bool) -> Html:
    return tag(
        "button",
        label,
        type="button",
        class_="tab",
        data_do="tab",
        data_tab=name,
        aria_current="page" if shown else None,
    )


def bookmarks(channel: Channel, reading: Reading) -> Html:
    """Render the bar of links."""
    return join(_bookmark(mark) for mark in reading.workspace.bookmarks.of(channel.id))


def _bookmark(mark: Bookmark) -> Html:
    symbol = emoji(mark.emoji.strip(":")) if mark.emoji else None
    drawing = tag("span", symbol, class_="emoji") if symbol else icon("link")
    return tag(
        "a",
        drawing,
        tag("span", mark.title),
        class_="bookmark",
        href=mark.link if is_safe_address(mark.link) else None,
        target="_blank",
        rel="noopener noreferrer",
        data_key=mark.id,
        data_hash=f"{mark.title}{mark.link}{mark.emoji}",
    )


def pane_head(title: str, note: str = "") -> Html:
    """Render the head of the pane at the right."""
    return join(
        tag("h2", tag("span", title), class_="head-title"),
        tag("span", note, class_="head-topic"),
        tag(
            "button",
            icon("close"),
            type="button",
            class_="icon-button",
            data_do="pane",
            data_pane="",
            aria_label="Close this pane",
            title="Close",
        ),
    )


def thread_pane(channel: Channel, thread_ts: str, reading: Reading) -> Html:
    """Render the list of a thread, or that it is gone."""
    try:
        return thread_list(channel, thread_ts, reading)
    except SlackError as error:
        return missing_thread(error)


def about_pane(channel: Channel, reading: Reading) -> Html:
    """Render topic, purpose, pinned messages, members, and ways out."""
    return join(
        _note("Topic", channel.topic.value, reading),
        _note("Description", channel.purpose.value, reading),
        _pins(channel, reading),
        _members(channel, reading),
        _ways_out(channel, reading),
    )


def _note(title: str, text: str, reading: Reading) -> Html:
    shown = mrkdwn(text, reading.viewer) if text else tag("span", "Not set", class_="muted")
    return keyed("section", title, tag("h3", title), tag("p", shown), class_="card")


def _pins(channel: Channel, reading: Reading) -> Html:
    shown = [
        tag(
            "button",
            tag("b", author(message, reading)),
            tag("span", body(message, reading), class_="pin-body", inert=True),
            type="button",
            class_="pin-card",
            data_do="jump",
            data_ts=message.ts,
        )
        for pin in reading.workspace.pins.of(channel.id)
        if (message := reading.workspace.messages.find(channel.id, pin.ts))
    ]
    none = tag("p", "Nothing is pinned yet.", class_="muted")
    title = tag("h3", f"Pinned ({len(shown)})")
    return keyed("section", "pins", title, join(shown) if shown else none, class_="card")


def _members(channel: Channel, reading: Reading) -> Html:
    users = [user for member in channel.members if (user := reading.user(member))]
    rows = [_member(user, reading) for user in users]
    title = tag("h3", f"Members ({len(rows)})")
    return keyed("section", "members", title, tag("ul", rows, class_="member-list"), class_="card")


def _member(user: User, reading: Reading) -> Html:
    you = " (you)" if user.id == reading.me.id else ""
    note = "app" if user.is_bot else user.title
    words = tag("span", tag("b", user.real_name + you), tag("span", note, class_="muted"))
    return tag("li", avatar(user), words, class_="member")


def _ways_out(channel: Channel, reading: Reading) -> Html:
    if reading.me.id not in channel.members or channel.is_general or channel.is_archived:
        return EMPTY
    leave = tag(
        "button", icon("leave"), "Leave channel", type="button", class_="btn", data_do="leave"
    )
    archive = tag(
        "button",
        icon("archive"),
        "Archive for everyone",
        type="button",
        class_="btn btn-danger",
        data_do="archive",
    )
    return keyed("section", "out", tag("div", leave, archive, class_="row"), class_="card")
