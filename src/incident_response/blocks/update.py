"""An update: what somebody told the room about where things stand.

Shown as it was written, never parsed: it calls nobody and links nothing. Not here: the form for it
(update_form).
"""

from typing import Final

from incident_response.blocks import kit, limits
from incident_response.blocks.text import excerpt, mention, say
from incident_response.domain.model import UserId
from incident_response.ports.chat import Message

LONGEST: Final = 2_500
"""Characters of an update; nobody reads more, and it fits into one block."""
NOTICE: Final = 300


def update(text: str, by: UserId) -> Message:
    """The update for the room."""
    head = say("📣 *Update* by {who}", who=mention(by))
    blocks = [
        kit.section(head, block_id="update"),
        kit.plain_section(text, limits.SECTION_TEXT, block_id="update.text"),
    ]
    notice = say("{head}: {text}", head=head, text=excerpt(text, NOTICE))
    return kit.message(notice, blocks)
