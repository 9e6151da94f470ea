"""The form of a message to customers was sent: its text takes the place of the one on the card."""

from incident_response.blocks.action_ids import PAGE_FORM
from incident_response.blocks.page_form import FieldErrors, read_page_form
from incident_response.blocks.page_replies import not_saved
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import Json
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


def _check(view: Json) -> dict[str, str]:
    read = read_page_form(view)
    return read.errors if isinstance(read, FieldErrors) else {}


async def _handle(request: Request, workflows: Workflows) -> Message | None:
    read = read_page_form(request.view)
    if isinstance(read, FieldErrors):
        raise RefusedError("; ".join(read.errors.values()))
    try:
        await workflows.pages.edit(
            read.origin.incident_id, read.origin.code, read.content, asked=request.asked
        )
    except RefusedError as error:
        # Somebody was faster: what this person wrote is not lost.
        return not_saved(read.content, str(error))
    return None


action = Action(name=PAGE_FORM, kind=EnvelopeKind.VIEW, handle=_handle, check=_check)
