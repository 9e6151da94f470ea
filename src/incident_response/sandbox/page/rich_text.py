"""The ``rich_text`` block: text that is already a tree.

Sections, lists, quotes and preformatted runs, and the elements inside them. Plain mrkdwn belongs
to ``mrkdwn.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from incident_response.sandbox.page.emoji import emoji
from incident_response.sandbox.page.markup import EMPTY, LINE_BREAK, Html, escaped, join, tag
from incident_response.sandbox.page.mrkdwn import (
    anchor,
    broadcast,
    channel_mention,
    formatted_date,
    group_mention,
    person_mention,
)
from incident_response.sandbox.page.viewer import Viewer

Node = Mapping[str, Any]

_STYLES: Final = (
    ("code", "code"),
    ("strike", "del"),
    ("italic", "em"),
    ("bold", "strong"),
    ("underline", "u"),
)
_MARKERS: Final = ("1", "a", "i")  # Slack numbers nested levels 1., a., i. and starts again


def rich_text(block: Node, viewer: Viewer) -> Html:
    """Render a whole ``rich_text`` block."""
    return join(_part(part, viewer) for part in block.get("elements", ()))


def _part(part: Node, viewer: Viewer) -> Html:
    kind = part.get("type")
    body = join(_element(element, viewer) for element in part.get("elements", ()))
    if kind == "rich_text_list":
        return _list(part, viewer)
    if kind == "rich_text_quote":
        return tag("blockquote", body)
    if kind == "rich_text_preformatted":
        return tag("pre", tag("code", body), class_="code-block")
    return tag("div", body, class_="rich-section")


def _list(part: Node, viewer: Viewer) -> Html:
    indent = int(part.get("indent", 0))
    items = [tag("li", _part(item, viewer)) for item in part.get("elements", ())]
    depth = f"indent-{min(indent, 8)}"
    if part.get("style") == "ordered":
        start = int(part.get("offset", 0)) + 1
        return tag("ol", items, class_=depth, start=start, type=_MARKERS[indent % 3])
    return tag("ul", items, class_=depth)


def _element(element: Node, viewer: Viewer) -> Html:
    show = _ELEMENTS.get(str(element.get("type")))
    shown = show(element, viewer) if show else escaped(str(element.get("text", "")))
    style = element.get("style") or {}
    for name, wrapper in _STYLES:
        if style.get(name):
            shown = tag(wrapper, shown)
    return shown


def _text(element: Node, _viewer: Viewer) -> Html:
    return Html(
        LINE_BREAK.join(escaped(line) for line in str(element.get("text", "")).split("\n"))
    )


def _link(element: Node, _viewer: Viewer) -> Html:
    address = str(element.get("url", ""))
    return anchor(address, escaped(str(element.get("text") or address)))


def _emoji(element: Node, _viewer: Viewer) -> Html:
    name = str(element.get("name", ""))
    shown = emoji(name)
    if shown is None:
        return escaped(f":{name}:")
    return tag("span", shown, class_="emoji", role="img", aria_label=name, title=f":{name}:")


def _date(element: Node, viewer: Viewer) -> Html:
    pattern = str(element.get("format") or "{date_short} {time}")
    try:
        shown = formatted_date(float(element.get("timestamp", 0)), pattern, viewer)
    except (ValueError, OverflowError, OSError):
        return escaped(str(element.get("fallback", "")))
    address = element.get("url")
    return anchor(str(address), shown) if address else shown


def _color(element: Node, _viewer: Viewer) -> Html:
    value = str(element.get("value", ""))
    return tag("code", value) if value else EMPTY


_ELEMENTS: Final[dict[str, Callable[[Node, Viewer], Html]]] = {
    "text": _text,
    "link": _link,
    "emoji": _emoji,
    "user": lambda element, viewer: person_mention(str(element.get("user_id", "")), viewer),
    "channel": lambda element, viewer: channel_mention(str(element.get("channel_id", "")), viewer),
    "usergroup": lambda element, viewer: group_mention(
        str(element.get("usergroup_id", "")), viewer
    ),
    "broadcast": lambda element, _viewer: broadcast(str(element.get("range", "here"))),
    "date": _date,
    "color": _color,
}
