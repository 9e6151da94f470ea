"""The declare form: checked while it is open, accepted when it is sent."""

from incident_response.blocks.action_ids import DECLARE
from incident_response.blocks.declare import FieldErrors, Origin, read_declaration
from incident_response.blocks.replies import declared
from incident_response.domain.errors import IncidentResponseError, RefusedError
from incident_response.domain.incident import MessageRef
from incident_response.domain.model import ChannelId, Json
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows
from incident_response.workflows.declare_incident import Declaration
from incident_response.workflows.fold_alerts import ASSEMBLE


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
    told = declared(incident, policy=workflows.policy)
    await _tell(request, form.origin.channel_id, told, workflows=workflows)


async def _link(origin: Origin, workflows: Workflows) -> str:
    """The message it was declared from; an address that cannot be had is not worth an incident."""
    if not origin.message_ts:
        return ""
    try:
        ref = MessageRef(channel_id=origin.channel_id, ts=origin.message_ts)
        return await workflows.chat.permalink(ref)
    except IncidentResponseError:
        return ""


async def _tell(
    request: Request, channel: ChannelId, message: Message, *, workflows: Workflows
) -> None:
    """Where they were; in a direct message if we cannot write there."""
    try:
        await workflows.chat.post_private(channel, request.user_id, message)
    except RefusedError:
        await workflows.chat.direct(request.user_id, message)


action = Action(name=DECLARE, kind=EnvelopeKind.VIEW, handle=_handle, check=_check)
