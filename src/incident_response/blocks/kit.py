"""Checked builders of Block Kit: whatever they are given, what they build fits Slack's limits.

Text is cut rather than refused. Not here: what a message says (its own module), escaping (text).
"""

import json
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from incident_response.blocks import limits
from incident_response.blocks.rich import EMPTY
from incident_response.blocks.text import ELLIPSIS, Safe, clean, cut, cut_mrkdwn, say, units
from incident_response.domain.model import Json
from incident_response.ports.chat import Message


def plain(text: str, limit: int, *, lines: bool = False, tail: str = ELLIPSIS) -> Json:
    """A ``plain_text`` object: the text as it is, never parsed."""
    shown = cut(clean(text, lines=lines), limit, tail=tail)
    return {"type": "plain_text", "text": shown if shown.strip() else EMPTY, "emoji": False}


def mrkdwn(text: Safe, limit: int) -> Json:
    """A ``mrkdwn`` object; ``verbatim`` so that Slack adds no links or mentions of its own.

    Raises ``TypeError`` for text that is not ``Safe``: it would not be escaped.
    """
    if not isinstance(text, Safe):
        raise TypeError("mrkdwn takes only Safe text: use say() or escape()")
    return {"type": "mrkdwn", "text": cut_mrkdwn(text, limit) or EMPTY, "verbatim": True}


def identifier(text: str) -> str:
    """``text`` as a block id: cut, since a long one would refuse the message."""
    return cut(clean(text), limits.IDENTIFIER, tail="")


def header(text: str, *, block_id: str) -> Json:
    """A large line of plain text."""
    shown = plain(text, limits.HEADER_TEXT)
    return {"type": "header", "block_id": identifier(block_id), "text": shown}


def section(text: Safe, *, block_id: str, accessory: Json | None = None) -> Json:
    """A paragraph of mrkdwn, with an element at its side."""
    shown = mrkdwn(text, limits.SECTION_TEXT)
    block: Json = {"type": "section", "block_id": identifier(block_id), "text": shown}
    return {**block, "accessory": accessory} if accessory else block


def plain_section(text: str, limit: int, *, block_id: str, tail: str = ELLIPSIS) -> Json:
    """Untrusted lines of text, cut to ``limit`` (at most Slack's) with ``tail`` behind."""
    shown = plain(text, min(limit, limits.SECTION_TEXT), lines=True, tail=tail)
    return {"type": "section", "block_id": identifier(block_id), "text": shown}


def exact(text: str, *, block_id: str) -> Json:
    """Text exactly as it is, neither cleaned nor cut; ``ValueError`` if it cannot be shown so."""
    if not text.strip() or units(text) > limits.SECTION_TEXT:
        raise ValueError(f"a section shows 1 to {limits.SECTION_TEXT} characters")
    shown: Json = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "section", "block_id": identifier(block_id), "text": shown}


def fields(rows: Sequence[Safe], *, block_id: str) -> Json:
    """Up to ten short texts in two columns; more are left out."""
    shown: list[JsonValue] = [mrkdwn(row, limits.FIELD_TEXT) for row in rows[: limits.FIELDS]]
    return {"type": "section", "block_id": identifier(block_id), "fields": shown}


def context(*texts: Safe, block_id: str) -> Json:
    """Small grey text."""
    kept = texts[: limits.CONTEXT_ELEMENTS]
    shown: list[JsonValue] = [mrkdwn(text, limits.CONTEXT_TEXT) for text in kept]
    return {"type": "context", "block_id": identifier(block_id), "elements": shown}


def actions(*elements: Json, block_id: str) -> Json:
    """A row of buttons, or a group of checkboxes."""
    kept: list[JsonValue] = [*elements[: limits.ACTIONS_ELEMENTS]]
    return {"type": "actions", "block_id": identifier(block_id), "elements": kept}


def divider(*, block_id: str) -> Json:
    """A line across."""
    return {"type": "divider", "block_id": identifier(block_id)}


def rich_text(*elements: Json, block_id: str) -> Json:
    """A block of ``rich`` sections, lists and boxes."""
    return {"type": "rich_text", "block_id": identifier(block_id), "elements": [*elements]}


def button(label: str, *, action_id: str, value: str, primary: bool = False) -> Json:
    """A button; ``ValueError`` if its value does not fit, since a cut one could not be read."""
    if units(value) > limits.BUTTON_VALUE:
        raise ValueError(f"a button's value holds {limits.BUTTON_VALUE} characters")
    text = plain(label, limits.BUTTON_TEXT)
    built: Json = {"type": "button", "action_id": action_id, "text": text, "value": value}
    return {**built, "style": "primary"} if primary else built


def confirmed(element: Json, *, title: str, text: str, yes: str) -> Json:
    """``element``, that asks before it does anything."""
    asked: Json = {
        "title": plain(title, limits.CONFIRM_TITLE),
        "text": plain(text, limits.CONFIRM_TEXT),
        "confirm": plain(yes, limits.CONFIRM_BUTTON),
        "deny": plain("Cancel", limits.CONFIRM_BUTTON),
    }
    return {**element, "confirm": asked}


def select(placeholder: str, options: Sequence[Json], *, action_id: str) -> Json:
    """A list to choose one of ``options`` from; ``ValueError`` for none or too many."""
    if not 1 <= len(options) <= limits.SELECT_OPTIONS:
        raise ValueError(f"a list has 1 to {limits.SELECT_OPTIONS} options")
    hint = plain(placeholder, limits.PLACEHOLDER_TEXT)
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": hint,
        "options": [*options],
    }


def multi_select(placeholder: str, options: Sequence[Json], chosen: Sequence[Json] = ()) -> Json:
    """A list to choose some of ``options`` from, for a question; ``chosen`` are members of it.

    ``ValueError`` for none or too many.
    """
    if not 1 <= len(options) <= limits.SELECT_OPTIONS:
        raise ValueError(f"a list has 1 to {limits.SELECT_OPTIONS} options")
    hint = plain(placeholder, limits.PLACEHOLDER_TEXT)
    built: Json = {"type": "multi_static_select", "placeholder": hint, "options": [*options]}
    # Slack refuses an empty list of initial options.
    return {**built, "initial_options": [*chosen]} if chosen else built


def option(label: str, value: str, *, note: Safe | None = None) -> Json:
    """A choice; ``ValueError`` if its value does not fit. Selects want a plain note or none."""
    if units(value) > limits.OPTION_VALUE:
        raise ValueError(f"an option's value holds {limits.OPTION_VALUE} characters")
    built: Json = {"text": plain(label, limits.OPTION_TEXT), "value": value}
    return {**built, "description": mrkdwn(note, limits.OPTION_TEXT)} if note else built


def checkboxes(options: Sequence[Json], ticked: Sequence[Json], *, action_id: str) -> Json:
    """Boxes, of which ``ticked`` (members of ``options``) are ticked; ``ValueError`` over ten."""
    if not 1 <= len(options) <= limits.CHECKBOX_OPTIONS:
        raise ValueError(f"a group has 1 to {limits.CHECKBOX_OPTIONS} checkboxes")
    built: Json = {"type": "checkboxes", "action_id": action_id, "options": [*options]}
    # Slack refuses an empty list of initial options.
    return {**built, "initial_options": [*ticked]} if ticked else built


def message(text: Safe, blocks: Iterable[Json], *, spare: Sequence[str] = ()) -> Message:
    """A message that Slack accepts: within its number of blocks and their total size.

    Where it is too much, blocks whose ids are in ``spare`` go first, in that order, then the last
    ones; a line says that something was left out.
    """
    kept = _distinct(blocks)
    left_out = context(say("{dots} open the alert for the rest", dots=ELLIPSIS), block_id="more")
    room = limits.MESSAGE_BLOCKS_JSON - _size(left_out)
    whole = len(kept)
    for block_id in spare:
        if _fits(kept, room):
            break
        kept = [block for block in kept if block["block_id"] != block_id]
    while not _fits(kept, room):
        kept.pop()
    if len(kept) < whole:
        kept.append(left_out)
    return Message(text=cut_mrkdwn(text, limits.MESSAGE_TEXT) or EMPTY, blocks=kept)


def paragraph(text: Safe, *, block_id: str, accessory: Json | None = None) -> Message:
    """A message of one paragraph."""
    return message(text, [section(text, block_id=block_id, accessory=accessory)])


def _fits(blocks: Sequence[Json], room: int) -> bool:
    return len(blocks) < limits.MESSAGE_BLOCKS and sum(_size(block) for block in blocks) <= room


def _size(block: Json) -> int:
    return units(json.dumps(block, ensure_ascii=False, separators=(",", ":"))) + 1


def _distinct(blocks: Iterable[Json]) -> list[Json]:
    """The blocks with ids that differ: Slack refuses a message that has one twice."""
    seen: set[str] = set()
    kept = []
    for block in blocks:
        block_id, number = str(block["block_id"]), 1
        while block_id in seen:
            number += 1
            suffix = f".{number}"
            start = cut(str(block["block_id"]), limits.IDENTIFIER - len(suffix), tail="")
            block_id = start + suffix
        seen.add(block_id)
        kept.append({**block, "block_id": block_id})
    return kept
