"""The two forms of the timeline: an event to add, a time to correct.

Not here: reading a typed time (routing.moments), what is done with it (actions).
"""

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.text import clean, cut, utc
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json, UserId
from incident_response.domain.timeline import TimelineRow

TEXT_BLOCK: Final = "text"
TIME_BLOCK: Final = "time"
EVENT_BLOCK: Final = "event"
TEXT: Final = 500
"""Characters of an event."""
TIME_HINT: Final = "now, 15:04, 10m ago, yesterday 15:04, 2026-11-21T15:04Z"


def add_event_form(incident: Incident, *, text: str = "") -> Json:
    """Asks what happened, and when; ``text`` is what is known already."""
    element: Json = {
        "type": "plain_text_input",
        "action_id": TEXT_BLOCK,
        "multiline": True,
        "max_length": TEXT,
        "focus_on_load": True,
    }
    known = cut(clean(text), TEXT, tail="")
    return _form(
        incident,
        action_ids.ADD_EVENT_FORM,
        title="Add to the timeline",
        submit="Add",
        blocks=[
            _input(
                TEXT_BLOCK,
                "What happened?",
                {**element, "initial_value": known} if known else element,
            ),
            _input(TIME_BLOCK, "When? (your own time zone)", _time("now")),
        ],
    )


def move_event_form(incident: Incident, rows: Sequence[TimelineRow]) -> Json:
    """Asks which of the newest events happened when."""
    newest = [_option(row) for row in reversed(rows[-limits.SELECT_OPTIONS :])]
    which: Json = {"type": "static_select", "action_id": EVENT_BLOCK, "options": [*newest]}
    return _form(
        incident,
        action_ids.MOVE_EVENT_FORM,
        title="Correct a time",
        submit="Correct",
        blocks=[
            _input(EVENT_BLOCK, "Which event?", which),
            _input(TIME_BLOCK, "When was it? (your own time zone)", _time("")),
        ],
    )


def incident_of(view: Json) -> IncidentId:
    """The incident a form was opened for.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable``.
    """
    metadata = view.get("private_metadata")
    return action_ids.decode_value(metadata if isinstance(metadata, str) else "").incident_id


def text_in(view: Json) -> str:
    """What was written, on one line."""
    return clean(_string(_entered(view, TEXT_BLOCK).get("value")))


def time_in(view: Json) -> str:
    """The time as it was typed."""
    return clean(_string(_entered(view, TIME_BLOCK).get("value")))


def event_in(view: Json) -> int | None:
    """The number of the chosen event; None if none was chosen."""
    chosen = _entered(view, EVENT_BLOCK).get("selected_option")
    value = _string(chosen.get("value")) if isinstance(chosen, dict) else ""
    return int(value) if value.isascii() and value.isdecimal() else None


def _form(
    incident: Incident, callback_id: str, *, title: str, submit: str, blocks: list[Json]
) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": kit.plain(title, limits.VIEW_TITLE),
        "submit": kit.plain(submit, limits.VIEW_TITLE),
        "close": kit.plain("Cancel", limits.VIEW_TITLE),
        "private_metadata": action_ids.encode_value(incident.incident_id),
        "blocks": [*blocks],
    }


def _input(block_id: str, label: str, element: Json) -> Json:
    shown = kit.plain(label, limits.INPUT_LABEL)
    return {"type": "input", "block_id": block_id, "label": shown, "element": element}


def _time(initial: str) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": TIME_BLOCK,
        "max_length": 40,
        "placeholder": kit.plain(TIME_HINT, limits.PLACEHOLDER_TEXT),
    }
    return {**element, "initial_value": initial} if initial else element


def _option(row: TimelineRow) -> Json:
    def named(user_id: UserId) -> str:
        return f"@{user_id}"  # a list shows no mentions

    return kit.option(f"#{row.seq} {utc(row.at)[11:]} {row.text(named)}", str(row.seq))


def _entered(view: Json, block_id: str) -> Json:
    """The submitted state of an input, whose action id equals its block id."""
    state: JsonValue = view.get("state")
    for key in ("values", block_id, block_id):
        state = state.get(key) if isinstance(state, dict) else None
    return state if isinstance(state, dict) else {}


def _string(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
