"""What the verbs and the buttons about messages to customers have in common: which text is meant,
and how a draft is asked for.

Not here: writing and approving it (workflows).
"""

import re

from incident_response.blocks.page_replies import draft_waits, drafted, waiting_draft
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

_CODE = re.compile(r"[0-9a-f]{6}")


def code_and_rest(request: Request, incident: Incident) -> tuple[str, str]:
    """The code that the text begins with, and what follows it.

    Raises ``RefusedError`` that says what to type: no text is ever meant without its code.
    """
    draft = incident.page.draft
    if draft is None:
        raise RefusedError(
            f"there is no message to customers; {request.name} status draft makes one"
        )
    word, _, rest = request.text.partition(" ")
    code = word.strip("`").lower()
    if not _CODE.fullmatch(code):
        raise RefusedError(
            "a text is named by the six signs on its card; those of the newest one are"
            f" {draft.message.code}"
        )
    return code, rest.strip()


async def draft_message(
    request: Request, incident: Incident, text: str, workflows: Workflows
) -> Message:
    """A draft of ``text``, or of what the writer makes of the incident, unless one waits: what
    somebody has edited is not written over.
    """
    waiting = waiting_draft(incident)
    if waiting is not None and not text:
        await workflows.pages.show(incident.incident_id)
        return draft_waits(waiting)
    draft, note = await workflows.pages.draft(incident, text, asked=request.asked)
    return drafted(draft, note=note)
