"""The reason why a message to customers is rejected was given."""

from incident_response.blocks.action_ids import PAGE_REJECT_FORM
from incident_response.blocks.page_form import FieldErrors, read_reason
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import Json
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


def _check(view: Json) -> dict[str, str]:
    read = read_reason(view)
    return read.errors if isinstance(read, FieldErrors) else {}


async def _handle(request: Request, workflows: Workflows) -> None:
    read = read_reason(request.view)
    if isinstance(read, FieldErrors):
        raise RefusedError("; ".join(read.errors.values()))
    origin, reason = read
    await workflows.gate.reject(
        origin.incident_id, code=origin.code, reason=reason, asked=request.asked
    )


action = Action(name=PAGE_REJECT_FORM, kind=EnvelopeKind.VIEW, handle=_handle, check=_check)
