"""The field one writes in, or what stands there when one cannot write."""

from __future__ import annotations

import json

from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import Html, join, tag
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.slack.model import Channel

TOOLS = (
    ("bold", "Bold", "*"),
    ("italic", "Italic", "_"),
    ("strike", "Strikethrough", "~"),
    ("code", "Code", "`"),
    ("at", "Mention somebody", "@"),
    ("slash", "Use a command", "/"),
    ("smile", "Add an emoji", ":"),
)


def composer(channel: Channel, reading: Reading, *, thread_ts: str | None = None) -> Html:
    """Render the field for a channel or a thread, or a bar that says why there is none."""
    if channel.is_archived:
        return _bar(join(icon("archive"), "This channel is archived."))
    if reading.me.id not in channel.members:
        button = tag(
            "button", "Join channel", type="button", class_="btn btn-primary", data_do="join"
        )
        name = tag("b", f"#{channel.name}")
        return _bar(join(tag("span", "You are looking at ", name), button))
    return _field(channel, reading, thread_ts)


def _bar(said: Html) -> Html:
    return tag("div", said, class_="notice-bar")


def _field(channel: Channel, reading: Reading, thread_ts: str | None) -> Html:
    name = "thread" if thread_ts else "channel"
    prefix = "" if channel.is_im or channel.is_mpim else "#"
    words = "Reply…" if thread_ts else f"Message {prefix}{reading.title(channel)}"
    field = tag(
        "textarea",
        id=f"compose-{name}",
        rows=1,
        placeholder=words,
        aria_label=words,
        aria_autocomplete="list",
        aria_controls=f"hints-{name}",
        maxlength=40000,
    )
    hints = tag("ul", id=f"hints-{name}", class_="hints", role="listbox", hidden=True)
    return tag(
        "form",
        hints,
        field,
        _tools(),
        class_="composer",
        data_composer=name,
        data_channel=channel.id,
        data_thread=thread_ts,
    )


def _tools() -> Html:
    buttons = [
        tag(
            "button",
            icon(drawing),
            type="button",
            class_="icon-button",
            data_insert=mark,
            aria_label=label,
            title=label,
        )
        for drawing, label, mark in TOOLS
    ]
    hint = tag("span", "Enter to send", class_="composer-hint")
    label = "Send message"
    send = tag(
        "button",
        icon("send"),
        type="submit",
        class_="icon-button send",
        aria_label=label,
        title=label,
    )
    return tag("div", buttons, hint, send, class_="composer-tools")


def lexicon(reading: Reading) -> Html:
    """Write down, for the script, what can be completed: commands, people, channels."""
    users = [user for user in reading.workspace.directory.users() if not user.deleted]
    commands = [
        {"name": c.name, "usage": c.usage_hint, "note": c.description}
        for c in reading.app.commands
    ]
    people = [
        {"name": u.name, "label": u.real_name, "note": u.title, "color": u.color, "id": u.id}
        for u in sorted(users, key=lambda user: user.label.casefold())
    ]
    channels = [{"name": name, "id": channel_id} for channel_id, name in reading.channels()]
    return tag(
        "div",
        id="lexicon",
        hidden=True,
        data_commands=json.dumps(commands),
        data_people=json.dumps(people),
        data_channels=json.dumps(channels),
    )
