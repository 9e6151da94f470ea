"""The questions of a modal, and what was entered in them.

A question's element has the action id of its block, so that an answer is found by one name. Not
here: what any modal asks (its own module).
"""

from pydantic import JsonValue

from incident_response.blocks import kit, limits
from incident_response.domain.model import Json


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
