"""The modal in which a person declares an incident, and what they wrote in it.

Not here: what a declaration does (actions).
"""

from dataclasses import dataclass
from typing import Final

from incident_response.blocks import action_ids, kit, limits, words
from incident_response.blocks.form import (
    entered,
    entered_text,
    metadata,
    origin_of,
    question,
)
from incident_response.blocks.text import clean, cut, unescape
from incident_response.domain.model import ChannelId, Json, Value
from incident_response.domain.policy import Policy
from incident_response.domain.severity import Severity

TITLE_BLOCK: Final = "title"
SEVERITY_BLOCK: Final = "severity"
DESCRIPTION_BLOCK: Final = "description"
TITLE: Final = 150
"""Characters of a title: what a message's header shows."""
DEFAULT_SEVERITY: Final = Severity.P2


class Origin(Value):
    """Where the modal was opened: a channel, and the message if it was opened from one."""

    channel_id: ChannelId = ChannelId("")
    message_ts: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person declared; the texts are theirs, cleaned and not escaped."""

    title: str
    severity: Severity
    description: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """What is wrong with which field; ``answer`` goes back with the acknowledgement."""

    errors: dict[str, str]

    @property
    def answer(self) -> Json:
        """Slack's response that keeps the modal open and shows the errors."""
        return {"response_action": "errors", "errors": {**self.errors}}


def declare_modal(
    policy: Policy, *, title: str = "", message: str = "", origin: Origin | None = None
) -> Json:
    """The modal, with what each severity means in ``policy``.

    ``title`` is what the person typed with the command; ``message`` the mrkdwn of the message the
    shortcut was used on: its first line becomes the title, all of it the description.
    """
    description = clean(unescape(message), lines=True)
    heading = clean(title) or clean(description.partition("\n")[0])
    return {
        "type": "modal",
        "callback_id": action_ids.DECLARE,
        "title": kit.plain("Declare an incident", limits.VIEW_TITLE),
        "submit": kit.plain("Declare", limits.VIEW_TITLE),
        "close": kit.plain("Cancel", limits.VIEW_TITLE),
        "private_metadata": metadata(origin or Origin()),
        "blocks": [
            question(TITLE_BLOCK, "What is wrong?", _title(heading)),
            question(SEVERITY_BLOCK, "How bad is it?", _severity(policy)),
            question(DESCRIPTION_BLOCK, "What do you know?", _text(description), optional=True),
        ],
    }


def read_declaration(view: Json) -> Declaration | FieldErrors:
    """What was submitted, or what to mend; ``view`` is the payload's ``view``.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable`` for a modal of another
    version (see ``action_ids``).
    """
    origin = origin_of(view, Origin)
    title = clean(entered_text(view, TITLE_BLOCK))
    severity = _chosen(entered(view, SEVERITY_BLOCK))
    description = clean(entered_text(view, DESCRIPTION_BLOCK), lines=True)
    errors = {}
    if not title:
        errors[TITLE_BLOCK] = "Say in a few words what is wrong."
    if severity is None:
        errors[SEVERITY_BLOCK] = "Choose how bad it is."
    if errors or severity is None:
        return FieldErrors(errors)
    return Declaration(cut(title, TITLE), severity, description=description, origin=origin)


def _title(initial: str) -> Json:
    hint = kit.plain("Checkout fails for customers in Europe", limits.PLACEHOLDER_TEXT)
    element: Json = {
        "type": "plain_text_input",
        "max_length": TITLE,
        "placeholder": hint,
        "focus_on_load": True,
    }
    return {**element, "initial_value": cut(initial, TITLE)} if initial else element


def _text(initial: str) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": limits.INPUT_VALUE,
    }
    return {**element, "initial_value": cut(initial, limits.INPUT_VALUE)} if initial else element


def _severity(policy: Policy) -> Json:
    options = {
        s: kit.option(f"{words.MARKS[s]} {s} {policy.of(s).meaning}", s.value) for s in Severity
    }
    return {
        "type": "static_select",
        "options": [*options.values()],
        "initial_option": options[DEFAULT_SEVERITY],
    }


def _chosen(element: Json) -> Severity | None:
    option = element.get("selected_option")
    value = option.get("value") if isinstance(option, dict) else None
    return Severity(value) if value in set(Severity) else None
