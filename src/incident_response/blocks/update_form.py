"""The form for an update: filled with a draft, to be made right by whoever sends it.

Not here: drafting (workflows), how the update looks (update).
"""

from typing import Final

from incident_response.blocks import action_ids, form, kit, limits
from incident_response.blocks.text import clean, cut
from incident_response.blocks.update import LONGEST
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json

TEXT_BLOCK: Final = "text"
BY_MODEL: Final = (
    "A model drafted this from what was recorded. Check every word: you are saying it."
)
BY_TEMPLATE: Final = "Put together from what was recorded; no model wrote it. Say what comes next."


def update_form(incident: Incident, draft: str, *, is_template: bool) -> Json:
    """Asks where things stand, with ``draft`` to begin from."""
    element: Json = {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": LONGEST,
        "focus_on_load": True,
    }
    shown = cut(clean(draft, lines=True), LONGEST).strip()
    asked = form.question(
        TEXT_BLOCK,
        "Where do things stand?",
        {**element, "initial_value": shown} if shown else element,
        hint=BY_TEMPLATE if is_template else BY_MODEL,
    )
    return {
        "type": "modal",
        "callback_id": action_ids.UPDATE_FORM,
        "title": kit.plain("Post update", limits.VIEW_TITLE),
        "submit": kit.plain("Post", limits.VIEW_TITLE),
        "close": kit.plain("Back", limits.VIEW_TITLE),
        "private_metadata": action_ids.encode_value(incident.incident_id),
        "blocks": [asked],
    }


def incident_of(view: Json) -> IncidentId:
    """The incident that the form was opened for.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable``.
    """
    metadata = view.get("private_metadata")
    return action_ids.decode_value(metadata if isinstance(metadata, str) else "").incident_id


def text_of(view: Json) -> str:
    """What was written, its lines kept; empty if nothing of it is left."""
    return clean(form.entered_text(view, TEXT_BLOCK), lines=True).strip()


def errors_of(view: Json) -> dict[str, str]:
    """What is to be mended, by block id."""
    return {} if text_of(view) else {TEXT_BLOCK: "Say it in a few words."}
