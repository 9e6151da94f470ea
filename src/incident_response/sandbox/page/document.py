"""The whole page: bars, regions, menus, and what it tells its script.

The script brings a shown page up to date by fetching it again and taking over the parts marked
``data-region``, child by child where these have keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from incident_response.sandbox.page import panes, views
from incident_response.sandbox.page.assets import STYLES
from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.composer import composer, lexicon
from incident_response.sandbox.page.conversation import SHOWN_AT_ONCE, channel_list
from incident_response.sandbox.page.emoji import PICKER, emoji
from incident_response.sandbox.page.icons import SHEET, icon
from incident_response.sandbox.page.markup import EMPTY, Attribute, Child, Html, join, tag, trusted
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.page.sidebar import sidebar
from incident_response.sandbox.page.workbench import Workbench
from incident_response.sandbox.slack.model import Channel

Theme = Literal["light", "dark", ""]


@dataclass(frozen=True, slots=True)
class Where:
    """What the address says is in front: a conversation, how much of it, and what beside it.

    ``pane`` is ``""``, ``about``, ``workbench`` or ``thread-<ts>``; ``tab`` is ``home`` for an
    app's Home; ``since`` is the ts below which everything had been read when this was opened.
    """

    channel: Channel
    pane: str = ""
    tab: str = ""
    limit: int = SHOWN_AT_ONCE
    since: str = ""


def document(where: Where, reading: Reading, workbench: Workbench, *, theme: Theme = "") -> Html:
    """Write the page."""
    team = reading.workspace.team
    title = reading.title(where.channel)
    body = tag(
        "body",
        SHEET,
        tag("a", "Skip to the message field", href="#compose-channel", class_="skip"),
        tag("div", _bars(where, reading), _main(where, reading), _aside(where, reading, workbench),
            class_="app"),
        region("div", "modal", views.modal(reading)),
        _menus(reading),
        region("div", "lexicon", lexicon(reading)),
        tag("div", id="announcer", class_="sr-only", aria_live="polite"),
        tag("div", id="toasts", class_="toasts"),
        data_me=reading.me.id,
        data_channel=where.channel.id,
        data_domain=team.domain,
    )  # fmt: skip
    head = _head(f"{title} · {team.name}")
    return join(
        trusted("<!doctype html>"), tag("html", head, body, lang="en", data_theme=theme or None)
    )


def region(element: str, name: str, *children: Child, **attributes: Attribute) -> Html:
    """Write a part of the page that is brought up to date by itself."""
    return tag(element, *children, data_region=name, **attributes)


def _head(title: str) -> Html:
    styles = [tag("link", rel="stylesheet", href=f"/static/{name}.css") for name in STYLES]
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="/static/favicon.svg", type="image/svg+xml"),
        styles,
        tag("script", type="module", src="/static/app.js"),
    )


def _bars(where: Where, reading: Reading) -> Html:
    team = reading.workspace.team
    brand = tag(
        "div",
        tag("span", team.name[:1], class_="brand-mark", aria_hidden="true"),
        tag("span", team.name, class_="brand-name"),
        tag("span", "local sandbox · nothing here leaves this machine", class_="brand-note"),
        class_="brand",
    )
    menu = _tool("sidebar", "menu", "Show channels", class_="icon-button menu-button")
    return join(
        tag("header", menu, brand, tag("span", class_="topbar-space"), _top_tools(where, reading),
            class_="topbar"),
        region("nav", "sidebar", sidebar(reading, where.channel.id), id="sidebar",
               class_="sidebar", aria_label="Conversations"),
    )  # fmt: skip


def _top_tools(where: Where, reading: Reading) -> Html:
    workbench = tag(
        "button",
        icon("flask"),
        tag("span", "Workbench"),
        type="button",
        class_="topbar-action",
        data_do="pane",
        data_pane="workbench",
        title="Fire alerts, turn faults on, see what vendors received",
        aria_current="true" if where.pane == "workbench" else None,
    )
    you = tag(
        "button",
        avatar(reading.me),
        tag("span", reading.me.real_name),
        icon("down"),
        type="button",
        class_="switcher",
        data_menu="switcher-menu",
        aria_haspopup="menu",
        aria_expanded="false",
        aria_label=f"You are {reading.me.real_name}. Be somebody else",
    )
    return join(
        tag("span", "Connecting…", id="connection", class_="connection", data_state="away"),
        region("span", "workbench-button", workbench),
        _tool("theme", "moon", "Switch between light and dark"),
        you,
    )


def _tool(does: str, drawing: str, label: str, *, class_: str = "icon-button") -> Html:
    return tag(
        "button",
        icon(drawing),
        type="button",
        class_=class_,
        data_do=does,
        aria_label=label,
        title=label,
    )


def _main(where: Where, reading: Reading) -> Html:
    channel = where.channel
    at_home = where.tab == "home"
    listed = (
        views.home(reading)
        if at_home
        else channel_list(channel, reading, limit=where.limit, since=where.since)
    )
    title = reading.title(channel)
    return tag(
        "main",
        region("header", "head", panes.head(channel, reading, pane=where.pane), class_="head"),
        region("nav", "tabs", panes.tabs(channel, reading, tab=where.tab), class_="bookmarks tabs",
               aria_label="Tabs"),
        region("nav", "bookmarks", panes.bookmarks(channel, reading), class_="bookmarks",
               aria_label="Bookmarks"),
        tag("div", region("div", "messages", listed, class_="list",
                          data_read=channel.last_read.get(reading.me.id, "")),
            id="messages", class_="scroll", role="log", aria_live="off", tabindex="-1",
            aria_label=f"Messages in {title}"),
        region("footer", "foot", EMPTY if at_home else composer(channel, reading), class_="foot"),
        class_="main",
        aria_label=title,
    )  # fmt: skip


def _aside(where: Where, reading: Reading, workbench: Workbench) -> Html:
    kind, _, thread_ts = where.pane.partition("-")
    channel = where.channel
    if kind == "thread":
        head = panes.pane_head("Thread", reading.title(channel))
        listed = panes.thread_pane(channel, thread_ts, reading)
        foot = composer(channel, reading, thread_ts=thread_ts)
    elif kind == "about":
        head, foot = panes.pane_head("About", reading.title(channel)), EMPTY
        listed = panes.about_pane(channel, reading)
    elif kind == "workbench":
        head, foot = panes.pane_head("Workbench", "the world outside"), EMPTY
        listed = workbench.pane(reading.viewer)
    else:
        head = listed = foot = EMPTY
    shown = region("div", "pane-list", listed, class_="list")
    return region(
        "aside",
        "aside",
        region("header", "pane-head", head, class_="head", data_key="head", data_hash="head"),
        tag("div", shown, class_="scroll", data_key="list", data_hash="list"),
        region("footer", "pane-foot", foot, class_="foot", data_key="foot", data_hash="foot"),
        class_=f"aside aside-{kind}",
        aria_label="Side pane",
        hidden=not kind,
    )


def _menus(reading: Reading) -> Html:
    return join(_message_menu(reading), _emoji_menu(), _switcher_menu(reading))


MESSAGE_CHOICES: Final = (
    ("thread", "thread", "Reply in thread", None),
    ("pin", "pin", "Pin to channel", "unpinned"),
    ("unpin", "pin", "Un-pin from channel", "pinned"),
    ("link", "link", "Copy link", None),
    ("edit", "pencil", "Edit message", "mine"),
    ("delete", "trash", "Delete message", "mine"),
)


def _message_menu(reading: Reading) -> Html:
    items = [
        tag("button", icon(drawing), label, type="button", role="menuitem", data_choose=choice,
            data_when=when, class_="menu-item danger" if choice == "delete" else "menu-item")
        for choice, drawing, label, when in MESSAGE_CHOICES
    ]  # fmt: skip
    shortcuts = [
        tag("button", icon("bolt"), shortcut.name, type="button", role="menuitem",
            data_shortcut=shortcut.callback_id, class_="menu-item", title=shortcut.description)
        for shortcut in reading.app.shortcuts
        if shortcut.type == "message"
    ]  # fmt: skip
    title = tag("div", reading.app.name, class_="menu-title")
    extra = join(tag("hr", class_="menu-rule"), title, shortcuts) if shortcuts else EMPTY
    return _menu("message-menu", join(items, extra), "Message actions")


def _emoji_menu() -> Html:
    buttons = [
        tag(
            "button",
            emoji(name),
            type="button",
            data_emoji=name,
            aria_label=name,
            title=f":{name}:",
        )
        for name in PICKER
    ]
    grid = tag("div", buttons, class_="emoji-grid")
    return _menu("emoji-menu", grid, "Emoji", class_="menu emoji-menu")


def _switcher_menu(reading: Reading) -> Html:
    rows = [
        tag(
            "a",
            avatar(person),
            tag(
                "span",
                tag("b", person.real_name),
                tag("span", _about(person.title, person.is_restricted), class_="muted"),
            ),
            class_="menu-item",
            role="menuitemradio",
            href=f"/?me={person.id}",
            aria_checked="true" if person.id == reading.me.id else "false",
        )
        for person in reading.people()
    ]
    return _menu(
        "switcher-menu",
        join(tag("div", "Be somebody else", class_="menu-title"), rows),
        "Who you are",
    )


def _about(title: str, restricted: bool) -> str:
    return f"{title} (guest)" if restricted else title


def _menu(name: str, content: Html, label: str, *, class_: str = "menu") -> Html:
    return tag(
        "div", content, id=name, class_=class_, popover="auto", role="menu", aria_label=label
    )
