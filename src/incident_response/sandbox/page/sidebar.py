"""The list of conversations at the left: channels, direct ones, the app, what one could join."""

from __future__ import annotations

from collections.abc import Iterable

from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import Html, join, tag
from incident_response.sandbox.page.messages import keyed
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.slack.model import Channel


def sidebar(reading: Reading, current: str) -> Html:
    """Render the conversations this person is in, and the public ones they are not."""
    me = reading.me.id
    visible = [c for c in reading.workspace.channels.visible(me) if not c.is_archived]
    named = [c for c in visible if not (c.is_im or c.is_mpim)]
    mine = [c for c in named if me in c.members]
    other = [c for c in named if me not in c.members]
    direct = [c for c in visible if (c.is_im or c.is_mpim) and not _is_app(c, reading)]
    apps = [c for c in visible if c.is_im and _is_app(c, reading)]
    return join(
        _section("Channels", mine, reading, current=current),
        _browse(other, reading, current) if other else None,
        _section("Direct messages", direct, reading, current=current) if direct else None,
        keyed("h2", "t-apps", tag("span", "Apps"), class_="nav-title"),
        keyed("ul", "l-apps", _app(apps, reading, current), class_="nav-list"),
    )


def _section(title: str, channels: Iterable[Channel], reading: Reading, *, current: str) -> Html:
    items = join(_item(channel, reading, current) for channel in channels)
    return join(
        keyed("h2", f"t-{title}", tag("span", title), class_="nav-title"),
        keyed("ul", f"l-{title}", items, class_="nav-list"),
    )


def _browse(channels: Iterable[Channel], reading: Reading, current: str) -> Html:
    items = [_item(channel, reading, current) for channel in channels]
    title = tag("span", icon("down"), " Channels to join")
    opened = any(channel.id == current for channel in channels)
    return tag(
        "details",
        tag("summary", title, class_="nav-title"),
        tag("ul", items, class_="nav-list"),
        data_key="browse",
        data_hash="".join(c.id for c in channels) + current,
        open=opened,
    )


def _item(channel: Channel, reading: Reading, current: str) -> Html:
    unread = channel.id != current and reading.is_unread(channel)
    unread = unread and reading.me.id in channel.members
    name = reading.title(channel)
    hidden = tag("span", "unread", class_="sr-only") if unread else None
    link = tag(
        "a",
        _drawing(channel, reading),
        tag("span", name, class_="nav-name"),
        hidden,
        class_="nav-item",
        href=f"/c/{channel.id}?me={reading.me.id}",
        title=name if len(name) > 24 else None,
        data_unread=unread,
        data_channel_link=channel.id,
        aria_current="page" if channel.id == current else None,
    )
    return tag("li", link)


def _drawing(channel: Channel, reading: Reading) -> Html:
    if channel.is_im or channel.is_mpim:
        return avatar(reading.other(channel))
    return icon("lock" if channel.is_private else "hash")


def _app(conversations: list[Channel], reading: Reading, current: str) -> Html:
    if conversations:
        return join(_item(channel, reading, current) for channel in conversations)
    app = reading.user(reading.app.bot_user_id)
    name = tag("span", reading.app.name, class_="nav-name")
    return tag(
        "li", tag("a", avatar(app), name, class_="nav-item", href=f"/app?me={reading.me.id}")
    )


def _is_app(channel: Channel, reading: Reading) -> bool:
    return channel.is_im and reading.app.bot_user_id in channel.members
