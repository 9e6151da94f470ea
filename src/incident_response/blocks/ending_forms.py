"""The forms that end an incident: one line each, for how it ended or why it was nothing.

Not here: what ending does (workflows).
"""

from typing import Final

from pydantic import JsonValue

from incident_response.blocks import action_ids, kit, limits, words
from incident_response.blocks.text import clean, cut
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json

LINE: Final = 300
"""Characters of the one line."""
TEXT_BLOCK: Final = "text"


def resolve_form(incident: Incident, suggestion: str) -> Json:
    """Asks how it ended; ``suggestion`` is what people said last, the title where they said
    nothing.
    """
    return _form(
        incident,
        action_ids.RESOLVE_FORM,
        title="Resolve incident",
        submit="Resolve",
        label="What fixed it, in one line?",
        initial=suggestion or f"Fixed: {words.title(incident)}",
    )


def cancel_form(incident: Incident) -> Json:
    """Asks why it was nothing."""
    return _form(
        incident,
        action_ids.CANCEL_FORM,
        title="Cancel incident",
        submit="Cancel it",
        label="Why is this no incident?",
    )


def incident_of(view: Json) -> IncidentId:
    """The incident that a form was opened for.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable``.
    """
    metadata = view.get("private_metadata")
    return action_ids.decode_value(metadata if isinstance(metadata, str) else "").incident_id


def line_of(view: Json) -> str:
    """What was written, on one line; empty if nothing of it is left."""
    state: JsonValue = view.get("state")
    for key in ("values", TEXT_BLOCK, TEXT_BLOCK, "value"):
        state = state.get(key) if isinstance(state, dict) else None
    return cut(clean(state), LINE) if isinstance(state, str) else ""


def errors_of(view: Json) -> dict[str, str]:
    """What is to be mended, by block id."""
    return {} if line_of(view) else {TEXT_BLOCK: "Say it in a few words."}


def _form(
    incident: Incident, callback_id: str, *, title: str, submit: str, label: str, initial: str = ""
) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": TEXT_BLOCK,
        "max_length": LINE,
        "focus_on_load": True,
    }
    shown = cut(clean(initial), LINE)
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": kit.plain(title, limits.VIEW_TITLE),
        "submit": kit.plain(submit, limits.VIEW_TITLE),
        "close": kit.plain("Back", limits.VIEW_TITLE),
        "private_metadata": action_ids.encode_value(incident.incident_id),
        "blocks": [
            {
                "type": "input",
                "block_id": TEXT_BLOCK,
                "label": kit.plain(label, limits.INPUT_LABEL),
                "element": {**element, "initial_value": shown} if shown else element,
            }
        ],
    }
