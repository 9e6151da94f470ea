"""Checking the blocks and views an app sends, and naming what it left unnamed."""

import json
from collections.abc import Callable
from typing import Any

from incident_response.sandbox.slack.block_kit import BLOCKS, plain
from incident_response.sandbox.slack.model import Blocks, Json
from incident_response.sandbox.slack.shapes import (
    Check,
    Fields,
    Problems,
    Typed,
    anything,
    boolean,
    complain,
    items,
    string,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000

MESSAGE = items(BLOCKS, most=MESSAGE_BLOCKS, least=0)
VIEW_FIELDS: dict[str, Check] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
VIEW = Typed(
    {
        "modal": Fields(
            {
                "type": anything,
                "title": plain(24),
                "blocks": items(BLOCKS, most=VIEW_BLOCKS, least=0),
            },
            {
                **VIEW_FIELDS,
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
        "home": Fields(
            {"type": anything, "blocks": items(BLOCKS, most=VIEW_BLOCKS, least=0)}, VIEW_FIELDS
        ),
    }
)


def block_problems(blocks: Any) -> Problems:
    """What is wrong with a message's blocks; empty when nothing is."""
    problems: Problems = []
    MESSAGE(blocks, "/blocks", problems)
    if not problems:
        _check_whole(blocks, "/blocks", problems)
    return problems


def view_problems(view: Any) -> Problems:
    """What is wrong with a modal or an App Home; empty when nothing is."""
    present = {k: v for k, v in view.items() if v is not None} if isinstance(view, dict) else view
    problems: Problems = []
    VIEW(present, "/view", problems)
    if problems:
        return problems
    _check_whole(present["blocks"], "/view/blocks", problems)
    has_input = any(block["type"] == "input" for block in present["blocks"])
    if has_input and present["type"] == "modal" and "submit" not in present:
        complain(problems, "missing required field: submit", "/view")
    return problems


def is_too_large(view: Any) -> bool:
    """Whether a view is past 250 kB of JSON."""
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES


def _check_whole(blocks: Blocks, pointer: str, problems: Problems) -> None:
    """What no single block shows: ids used twice."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{pointer}/{index}"
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            complain(problems, f"`block_id` {block_id} already exists", f"{here}/block_id")
        seen.add(block_id or "")
        _check_action_ids(block, here, problems)


def _check_action_ids(block: Json, pointer: str, problems: Problems) -> None:
    if block["type"] != "actions":
        return
    seen: set[str] = set()
    for index, element in enumerate(block["elements"]):
        action_id = element.get("action_id")
        if action_id and action_id in seen:
            where = f"{pointer}/elements/{index}/action_id"
            complain(problems, f"`action_id` {action_id} already exists", where)
        seen.add(action_id or "")


def with_ids(blocks: Blocks, new_id: Callable[[], str]) -> Blocks:
    """The blocks with a `block_id` on each and an `action_id` on each element that acts."""
    return [_block_with_ids(block, new_id) for block in blocks]


def _block_with_ids(block: Json, new_id: Callable[[], str]) -> Json:
    block = {"block_id": new_id(), **block}
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            block[name] = _element_with_id(block[name], new_id)
    if block["type"] == "actions":
        block["elements"] = [_element_with_id(element, new_id) for element in block["elements"]]
    return block


def _element_with_id(element: Json, new_id: Callable[[], str]) -> Json:
    if element["type"] == "image":
        return element
    return {"action_id": new_id(), **element}
