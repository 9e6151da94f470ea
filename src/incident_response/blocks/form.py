"""The questions of a modal, and what was entered in them.

A question's element has the action id of its block, so that an answer is found by one name. Not
here: what any modal asks (its own module).
"""

import json
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from incident_response.blocks import action_ids, kit, limits
from incident_response.domain.model import Json, Value

V = TypeVar("V", bound=Value)


def metadata(origin: Value) -> str:
    """What a modal carries along, unseen: what it was opened for."""
    content = {"v": action_ids.VERSION, **origin.model_dump()}
    return json.dumps(content, separators=(",", ":"))


def origin_of(view: Json, kind: type[V]) -> V:
    """What a submitted modal was opened for.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable`` (see ``action_ids``).
    """
    raw = view.get("private_metadata")
    try:
        content = json.loads(raw) if isinstance(raw, str) else None
    except (ValueError, RecursionError):
        content = None
    content = content if isinstance(content, dict) else {}
    action_ids.require_version(content.get("v"))
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise action_ids.unreadable("this form does not say what it is for") from error


def question(
    block_id: str, label: str, element: Json, *, hint: str = "", optional: bool = False
) -> Json:
    """An input block; ``element`` comes without its action id."""
    asked: Json = {
        "type": "input",
        "block_id": kit.identifier(block_id),
        "label": kit.plain(label, limits.INPUT_LABEL),
        "element": {**element, "action_id": kit.identifier(block_id)},
        "optional": optional,
    }
    return {**asked, "hint": kit.plain(hint, limits.INPUT_LABEL)} if hint else asked


def entered(view: Json, block_id: str) -> Json:
    """The submitted state of a question; empty if it holds none."""
    state: JsonValue = view.get("state")
    for key in ("values", block_id, block_id):
        state = state.get(key) if isinstance(state, dict) else None
    return state if isinstance(state, dict) else {}


def entered_text(view: Json, block_id: str) -> str:
    """What was typed there; untrusted."""
    value = entered(view, block_id).get("value")
    return value if isinstance(value, str) else ""


def entered_users(view: Json, block_id: str) -> tuple[str, ...]:
    """The ids of the people chosen there."""
    users = entered(view, block_id).get("selected_users")
    chosen = users if isinstance(users, list) else []
    return tuple(user for user in chosen if isinstance(user, str))
