"""The declare form: checked while it is open, accepted when it is sent."""

import structlog

from incident_response.blocks.action_ids import DECLARE
from incident_response.blocks.declare import FieldErrors, Origin, read_declaration
from incident_response.blocks.replies import declared
from incident_response.domain.errors import IncidentResponseError, RefusedError
from incident_response.domain.incident import MessageRef
from incident_response.domain.model import Json
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.telling import tell
from incident_response.routing.workflows import Workflows
from incident_response.workflows.declare_incident import Declaration
from incident_response.workflows.fold_alerts import ASSEMBLE

log = structlog.get_logger(__name__)


def _check(view: Json) -> dict[str, str]:
    form = read_declaration(view)
    return form.errors if isinstance(form, FieldErrors) else {}


async def _handle(request: Request, workflows: Workflows) -> None:
    form = read_declaration(request.view)
    if isinstance(form, FieldErrors):
        raise RefusedError("; ".join(form.errors.values()))
    incident = await workflows.declarations.declare(
        Declaration(
            key=request.key,
            title=form.title,
            severity=form.severity,
            description=form.description,
            by=request.user_id,
            at=request.received_at,
            link=await _link(form.origin, workflows),
        )
    )
    if workflows.policy.opens_room(incident.severity):
        workflows.runner.kick(incident.incident_id, ASSEMBLE)
    where, told = form.origin.channel_id, declared(incident, policy=workflows.policy)
    await tell(workflows.chat, told, channel=where, user=request.user_id)


async def _link(origin: Origin, workflows: Workflows) -> str:
    """The message it was declared from; an address that cannot be had is not worth an incident."""
    if not origin.message_ts:
        return ""
    try:
        ref = MessageRef(channel_id=origin.channel_id, ts=origin.message_ts)
        return await workflows.chat.permalink(ref)
    except IncidentResponseError as error:
        log.warning("declared without a link to its message", reason=str(error))
        return ""


action = Action(name=DECLARE, kind=EnvelopeKind.VIEW, handle=_handle, check=_check)
