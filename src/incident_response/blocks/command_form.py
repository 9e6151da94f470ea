"""The form that asks for what follows a verb, for a command that makes no sense without.

What it asks is read from the command's usage: people where that says ``@user``, words where it
says anything else. Not here: what the command then does (commands).
"""

import re
from typing import Final

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.form import (
    entered_text,
    entered_users,
    metadata,
    origin_of,
    question,
)
from incident_response.blocks.text import clean, is_user_id, say
from incident_response.domain.model import ChannelId, Json, Value

WORDS: Final = "words"
PEOPLE: Final = "people"
"""The form's blocks."""
MOST_PEOPLE = 30


class CommandForm(Value):
    """What the form stands for."""

    line: str
    """What has been typed so far: ``/inc invite``."""
    usage: str
    """What may follow, such as ``@user …``."""
    channel_id: ChannelId = ChannelId("")
    """Where the person is."""


def command_form(asked: CommandForm, *, title: str, summary: str) -> Json:
    """The modal: what the command does, and a question for each thing that may follow its verb."""
    return {
        "type": "modal",
        "callback_id": action_ids.RUN_COMMAND,
        "title": kit.plain(title, limits.VIEW_TITLE),
        "submit": kit.plain("Do it", limits.VIEW_TITLE),
        "close": kit.plain("Cancel", limits.VIEW_TITLE),
        "private_metadata": metadata(asked),
        "blocks": [
            kit.section(say("{summary}", summary=summary), block_id="summary"),
            *_questions(asked.usage),
        ],
    }


def read_command_form(view: Json) -> CommandForm:
    """The whole line that a submitted form stands for.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable`` (see ``action_ids``).
    """
    asked = origin_of(view, CommandForm)
    people = (f"<@{user}>" for user in entered_users(view, PEOPLE) if is_user_id(user))
    words = clean(entered_text(view, WORDS))
    line = " ".join((asked.line, *filter(None, [words]), *people))
    return asked.model_copy(update={"line": line})


def _questions(usage: str) -> list[Json]:
    """People if the usage names any, and words if it says more than that."""
    questions = []
    others = re.sub(r"\[?@user\]?|…|\.\.\.", "", usage).strip()
    if others or "@user" not in usage:
        text: Json = {"type": "plain_text_input", "max_length": limits.INPUT_VALUE}
        questions.append(question(WORDS, others or "What?", text))
    if "@user" in usage:
        people: Json = {"type": "multi_users_select", "max_selected_items": MOST_PEOPLE}
        is_optional = "[@user" in usage
        questions.append(question(PEOPLE, "Who?", people, optional=is_optional))
    return questions
