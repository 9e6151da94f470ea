"""From what a person types to what Slack stores: escaping, mentions, links."""

import re

from incident_response.sandbox.slack.workspace import Workspace

# What a client already encoded stays; the rest is a mention, a channel, an address, or plain text.
TOKEN = re.compile(
    r"(?P<entity><(?:@[UW]\w+|#[CG]\w+|![a-z]+|!subteam\^S\w+)(?:\|[^<>]*)?>)"
    r"|(?P<url>https?://[^\s<>|]+)"
    r"|(?<![\w@#/])@(?P<name>[\w.+-]*\w)"
    r"|(?<![\w@#/])#(?P<channel>[\w-]+)"
)
BROADCASTS = frozenset({"here", "channel", "everyone"})
TRAILING = ".,;:!?)'\""


def as_stored(workspace: Workspace, user: str, text: str, *, with_labels: bool = False) -> str:
    """The text as messages hold it; `with_labels` as escaped slash command text does.

    Names nobody has, and channels `user` cannot see, stay plain text.
    """
    parts, position = [], 0
    for match in TOKEN.finditer(text):
        parts.append(escaped(text[position : match.start()]))
        parts.append(_encoded(workspace, user, match, with_labels=with_labels))
        position = match.end()
    return "".join(parts) + escaped(text[position:])


def escaped(text: str) -> str:
    """Slack's three control characters as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _encoded(workspace: Workspace, user: str, match: re.Match[str], *, with_labels: bool) -> str:
    if match["entity"]:
        return match["entity"]
    if match["url"]:
        url = match["url"].rstrip(TRAILING)
        return f"<{escaped(url)}>{escaped(match['url'][len(url) :])}"
    if match["name"]:
        return _mention(workspace, match["name"], with_label=with_labels) or escaped(match[0])
    return _channel(workspace, user, match["channel"]) or match[0]


def _mention(workspace: Workspace, name: str, *, with_label: bool) -> str | None:
    if name in BROADCASTS:
        return f"<!{name}>"
    for user in workspace.directory.users():
        if name.casefold() in {user.name.casefold(), user.display_name.casefold()}:
            return f"<@{user.id}|{user.name}>" if with_label else f"<@{user.id}>"
    for group in workspace.directory.usergroups():
        if group.handle == name:
            return f"<!subteam^{group.id}|@{name}>" if with_label else f"<!subteam^{group.id}>"
    return None


def _channel(workspace: Workspace, user: str, name: str) -> str | None:
    channel = workspace.channels.by_name(name)
    if channel is None or not channel.visible_to(user):
        return None
    return f"<#{channel.id}|{channel.name}>"
