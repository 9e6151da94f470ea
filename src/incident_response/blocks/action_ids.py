"""The names of our buttons, boxes, modals and shortcuts, and what their values carry.

A value is compact JSON with a version, because a card may be clicked long after the program that
drew it was replaced. Nothing in it decides anything: it only says what was clicked. Not here: what
a click does (actions).
"""

import json
from typing import Final

from pydantic import ValidationError

from incident_response.domain.errors import RefusedError
from incident_response.domain.model import IncidentId, Value

TAKE_COMMAND: Final = "take_command"
JOIN_ROOM: Final = "join_room"
RETRY_STEP: Final = "retry_step"
TICK_CHECKLIST: Final = "tick_checklist"
ACKNOWLEDGE: Final = "acknowledge"
ESCALATE: Final = "escalate"
SET_SEVERITY: Final = "set_severity"
TAKE_ROLE: Final = "take_role"
HAND_OVER: Final = "hand_over"
RAISE_IMPACT: Final = "raise_impact"
TIMELINE_EARLIER: Final = "timeline_earlier"
TIMELINE_LATER: Final = "timeline_later"
ADD_EVENT: Final = "add_event"
MOVE_EVENT: Final = "move_event"
ADD_EVENT_FORM: Final = "add_event_form"
MOVE_EVENT_FORM: Final = "move_event_form"
RESOLVE_INCIDENT: Final = "resolve_incident"
MITIGATE_INCIDENT: Final = "mitigate_incident"
REOPEN_INCIDENT: Final = "reopen_incident"
CANCEL_INCIDENT: Final = "cancel_incident"
RESOLVE_FORM: Final = "resolve_form"
CANCEL_FORM: Final = "cancel_form"
POST_UPDATE: Final = "post_update"
UPDATE_FORM: Final = "update_form"
SNOOZE: Final = "snooze"
"""Followed by a full stop and minutes."""
SILENCE: Final = "silence"
UNSILENCE: Final = "unsilence"
RUN_COMMAND: Final = "run_command"
"""A button of the tray, followed by a colon and the verb; and callback of a command's form."""
DRAFT_PAGE: Final = "draft_page"
APPROVE_PAGE: Final = "approve_page"
EDIT_PAGE: Final = "edit_page"
REJECT_PAGE: Final = "reject_page"
PAGE_THERE: Final = "page_there"
PAGE_AGAIN: Final = "page_again"
PAGE_FORM: Final = "page_form"
"""Callback of the modal in which a message to customers is written."""
PAGE_REJECT_FORM: Final = "page_reject_form"
"""Callback of the modal that asks why a message is rejected."""
DECLARE: Final = "declare"
"""Callback of the declare modal."""
DECLARE_FROM_MESSAGE: Final = "declare_from_message"
"""Callback of the message shortcut."""

VERSION: Final = 1
SUPERSEDED: Final = "superseded"
"""``RefusedError.reason`` for a card of another version of this program."""
UNREADABLE: Final = "unreadable"
"""``RefusedError.reason`` for a value that this program never wrote."""


class ButtonValue(Value):
    """What a button carries."""

    incident_id: IncidentId
    step: str = ""
    """The plan's step to retry; empty for other buttons."""
    choice: str = ""
    """What was chosen, for one of several: a severity, a role, an impact, a page."""
    plan: str = ""
    """The run of a plan whose step it is; empty for the room's assembly."""


def encode_value(
    incident_id: IncidentId, *, step: str = "", choice: str = "", plan: str = ""
) -> str:
    """A button's value, such as ``{"v":1,"i":"inc-0a1b2c3d4e5f"}``."""
    content: dict[str, str | int] = {"v": VERSION, "i": incident_id}
    if step:
        content["s"] = step
    if choice:
        content["c"] = choice
    if plan:
        content["p"] = plan
    return json.dumps(content, separators=(",", ":"))


def decode_value(raw: str) -> ButtonValue:
    """What ``encode_value`` put in.

    Raises ``RefusedError`` with reason ``superseded`` for another version's value, ``unreadable``
    for anything else.
    """
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable("this button says nothing readable") from error
    if not isinstance(content, dict):
        raise unreadable("this button says nothing readable")
    require_version(content.get("v"))
    try:
        return ButtonValue(
            incident_id=content.get("i"),
            step=content.get("s", ""),
            choice=content.get("c", ""),
            plan=content.get("p", ""),
        )
    except ValidationError as error:
        raise unreadable("this button names no incident") from error


def require_version(version: object) -> None:
    """Raise ``RefusedError`` unless ``version`` is one this program can read."""
    if isinstance(version, bool) or not isinstance(version, int):
        raise unreadable("this card does not say its version")
    if version != VERSION:
        raise RefusedError("this card is from another version of the program", reason=SUPERSEDED)


def unreadable(message: str) -> RefusedError:
    """The error for a card that this program never wrote."""
    return RefusedError(message, reason=UNREADABLE)
