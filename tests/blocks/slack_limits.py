"""What Slack accepts and what it would do with it, written from its documentation and without
looking at ``blocks``: the second opinion of the tests.

``violations`` lists every rule a message or modal breaks; ``mentions``, ``links`` and
``auto_links`` say whom it would call and where it would lead.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from incident_response.ports.chat import Message

Node = dict[str, Any]

ENTITY = re.compile(r"<([^<>]*)>")
BARE = re.compile(
    r"(?:https?|ftp)://[^\s]|\bwww\.\w|[\w.+-]+@[\w-]+\.\w|(?<![\w.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}",
    re.IGNORECASE,
)
PING = re.compile(r"(?<!\w)@(?:here|channel|everyone)\b", re.IGNORECASE)
STYLED = re.compile(r"(?<!\w)([*_~])(?=\S)(?:(?!\1).)+?(?<=\S)\1(?!\w)")
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
TEXT_LIMITS = {
    "header": 150,
    "section": 3000,
    "field": 2000,
    "context": 3000,
    "button": 75,
    "option": 75,
    "title": 24,
    "label": 2000,
    "hint": 2000,
    "placeholder": 150,
}


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def violations(drawn: Message | Node) -> list[str]:
    if isinstance(drawn, Message):
        return list(_message(drawn))
    return list(_view(drawn))


def text_objects(node: Any) -> Iterator[Node]:
    """Every plain_text and mrkdwn object and every rich text element, however deep."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str) or node.get("type") in (
            "user",
            "channel",
            "broadcast",
        ):
            yield node
        for child in node.values():
            yield from text_objects(child)
    if isinstance(node, list):
        for child in node:
            yield from text_objects(child)


def mentions(message: Message) -> set[str]:
    """Everything that would call somebody or show a channel: ``@U1``, ``#C1``, ``!here``."""
    found = set()
    for text in _parsed(message):
        found |= {
            body for body in ENTITY.findall(text) if body[:1] in "@#!" and body[:6] != "!date^"
        }
    for node in text_objects(message.blocks):
        if node.get("type") == "user":
            found.add(f"@{node['user_id']}")
        elif node.get("type") in ("channel", "broadcast", "usergroup"):
            found.add(json.dumps(node))
    return found


def links(message: Message) -> set[str]:
    """Every address a click would open."""
    found = set()
    for text in _parsed(message):
        for body in ENTITY.findall(text):
            if body[:1] not in "@#!":
                found.add(_unescape(body.partition("|")[0]))
    for node in text_objects(message.blocks):
        if "url" in node:
            found.add(node["url"])
    return found


def auto_links(message: Message) -> list[str]:
    """Bare addresses and ``@here`` words that Slack might turn into links or pings."""
    found = []
    for text in _parsed(message):
        shown = ENTITY.sub(" ", re.sub(r"`[^`]*`", " ", text))
        found += BARE.findall(shown) + PING.findall(shown)
    return found


def _parsed(message: Message) -> Iterator[str]:
    yield message.text
    for node in text_objects(message.blocks):
        if node.get("type") == "mrkdwn":
            yield node["text"]


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _message(message: Message) -> Iterator[str]:
    if not 1 <= size(message.text) <= 4000:
        yield f"text of {size(message.text)}"
    yield from _characters(message.text, "text", escaped=True)
    if not 1 <= len(message.blocks) <= 50:
        yield f"{len(message.blocks)} blocks"
    if size(json.dumps(message.blocks, ensure_ascii=False)) > 13_000:
        yield "msg_blocks_too_long"
    yield from _blocks(message.blocks)


def _view(view: Node) -> Iterator[str]:
    if view["type"] != "modal":
        yield "no modal"
    for key in ("title", "submit", "close"):
        yield from _text(view[key], "title", kinds=("plain_text",))
    if size(view["private_metadata"]) > 3000:
        yield "private_metadata"
    if not 1 <= size(view["callback_id"]) <= 255:
        yield "callback_id"
    if not 1 <= len(view["blocks"]) <= 100:
        yield "blocks"
    yield from _blocks(view["blocks"])


def _blocks(blocks: list[Any]) -> Iterator[str]:
    ids = [block.get("block_id") for block in blocks]
    if len(set(ids)) != len(ids):
        yield f"block ids repeat: {ids}"
    for block in blocks:
        if not 1 <= size(block.get("block_id", "x")) <= 255:
            yield "block_id"
        yield from RULES[block["type"]](block)


def _header(block: Node) -> Iterator[str]:
    yield from _text(block["text"], "header", kinds=("plain_text",))


def _section(block: Node) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "an empty section"
    if "text" in block:
        yield from _text(block["text"], "section")
    if "fields" in block and not 1 <= len(block["fields"]) <= 10:
        yield f"{len(block['fields'])} fields"
    for field in block.get("fields", []):
        yield from _text(field, "field")
    if "accessory" in block:
        yield from _element(block["accessory"], ("button", "checkboxes", "static_select"))


def _context(block: Node) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield "context elements"
    for element in block["elements"]:
        yield from _text(element, "context")


def _actions(block: Node) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 25:
        yield "actions elements"
    names = [element["action_id"] for element in block["elements"]]
    if len(set(names)) != len(names):
        yield "action ids repeat"
    for element in block["elements"]:
        yield from _element(element, ("button", "checkboxes", "static_select"))


def _divider(block: Node) -> Iterator[str]:
    if set(block) - {"type", "block_id"}:
        yield "a divider holds nothing"


def _input(block: Node) -> Iterator[str]:
    yield from _text(block["label"], "label", kinds=("plain_text",))
    yield from _element(
        block["element"],
        ("plain_text_input", "static_select", "multi_static_select", "multi_users_select"),
    )


def _rich_text(block: Node) -> Iterator[str]:
    if not block["elements"]:
        yield "empty rich text"
    for part in block["elements"]:
        yield from _rich_part(part)


def _rich_part(part: Node) -> Iterator[str]:
    inside = {
        "rich_text_section": ("text", "link", "date", "user", "channel", "emoji"),
        "rich_text_preformatted": ("text", "link"),
        "rich_text_list": ("rich_text_section",),
    }[part["type"]]
    if not part["elements"]:
        yield f"empty {part['type']}"
    for element in part["elements"]:
        if element["type"] not in inside:
            yield f"{element['type']} in {part['type']}"
        elif element["type"] == "rich_text_section":
            yield from _rich_part(element)
        else:
            yield from _rich_element(element)


def _rich_element(element: Node) -> Iterator[str]:
    if element["type"] in ("text", "link"):
        if not element["text"]:
            yield "empty rich text element"
        yield from _characters(element["text"], "rich", escaped=False)
    if element["type"] == "link" and not re.match(r"(?i)https?://[^\s<>|]+$", element["url"]):
        yield f"a link to {element['url']!r}"
    if element["type"] == "date" and not isinstance(element["timestamp"], int):
        yield "a date without a timestamp"


def _element(element: Node, kinds: tuple[str, ...]) -> Iterator[str]:
    if element["type"] not in kinds:
        yield f"{element['type']} does not belong here"
    if not 1 <= size(element["action_id"]) <= 255:
        yield "action_id"
    if element["type"] == "button":
        yield from _text(element["text"], "button", kinds=("plain_text",))
        if size(element["value"]) > 2000:
            yield "button value"
        if element.get("style", "primary") not in ("primary", "danger"):
            yield "button style"
    if element["type"] in ("checkboxes", "static_select", "multi_static_select"):
        yield from _options(element)
    if element["type"] == "plain_text_input":
        initial = element.get("initial_value", "")
        if size(initial) > min(3000, element.get("max_length", 3000)):
            yield "initial_value"
    if not 1 <= element.get("max_selected_items", 1) <= 100:
        yield "max_selected_items"
    if "placeholder" in element:
        yield from _text(element["placeholder"], "placeholder", kinds=("plain_text",))


def _options(element: Node) -> Iterator[str]:
    most = 10 if element["type"] == "checkboxes" else 100
    options = element["options"]
    if not 1 <= len(options) <= most:
        yield f"{len(options)} options"
    values = [option["value"] for option in options]
    if len(set(values)) != len(values) or any(not 1 <= size(value) <= 150 for value in values):
        yield f"option values {values}"
    kinds = ("plain_text", "mrkdwn") if element["type"] == "checkboxes" else ("plain_text",)
    for option in options:
        yield from _text(option["text"], "option", kinds=kinds)
        if "description" in option:
            yield from _text(option["description"], "option", kinds=kinds)
    initial = element.get("initial_options", [])
    if "initial_options" in element and not initial:
        yield "empty initial_options"
    if "initial_option" in element:
        initial = [element["initial_option"]]
    if any(option not in options for option in initial):
        yield "an initial option is none of the options"


def _text(
    text: Node, place: str, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Iterator[str]:
    if text["type"] not in kinds:
        yield f"{text['type']} in a {place}"
    if not text["text"].strip() or size(text["text"]) > TEXT_LIMITS[place]:
        yield f"{place} text of {size(text['text'])}"
    if text["type"] == "mrkdwn" and text.get("verbatim") is not True:
        yield "mrkdwn that Slack may add links to"
    yield from _characters(text["text"], place, escaped=text["type"] == "mrkdwn")


def _characters(text: str, place: str, *, escaped: bool) -> Iterator[str]:
    if INVISIBLE.search(text):
        yield f"invisible character in {place}: {text!r}"
    if escaped and re.search(r"[<>]", ENTITY.sub("", text)):
        yield f"unescaped < or > in {place}: {text!r}"
    if escaped and re.search(r"&(?!amp;|lt;|gt;)", text):
        yield f"unescaped & in {place}: {text!r}"


RULES = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
    "rich_text": _rich_text,
}
