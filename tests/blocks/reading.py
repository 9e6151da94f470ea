"""Reads a message as a person does: its texts in order, and its buttons."""

from collections.abc import Iterator
from typing import Any

from incident_response.ports.chat import Message


def shown(message: Message) -> str:
    """All texts that are drawn, one element a line."""
    return "\n".join(_texts(message.blocks))


def buttons(message: Message) -> list[tuple[str, str, str]]:
    """Label, action id and value of each button."""
    return [
        (node["text"]["text"], node["action_id"], node["value"])
        for node in _nodes(message.blocks)
        if node.get("type") == "button"
    ]


def options(message: Message) -> int:
    """How many boxes there are to tick."""
    return sum(len(node["options"]) for node in _nodes(message.blocks) if "options" in node)


def block_ids(message: Message) -> list[str]:
    """The ids of the blocks, in order."""
    return [str(block["block_id"]) for block in message.blocks]


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from _nodes(child)


def _texts(blocks: Any) -> Iterator[str]:
    for node in _nodes(blocks):
        if isinstance(node.get("text"), str):
            yield node["text"]
