"""``declare [title]``: open the form that declares an incident."""

from incident_response.blocks.declare import Origin, declare_modal
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    origin = Origin(channel_id=request.channel_id)
    view = declare_modal(workflows.policy, title=request.text, origin=origin)
    await workflows.chat.open_view(request.trigger_id, view)


command = Command(
    name="declare",
    usage="[title]",
    summary="Declare an incident: opens a form, then a war room",
    aliases=("new", "open", "create"),
    opens_modal=lambda _text: True,
    topic=Topic.BEGIN,
    label="Declare another incident",
    bare=Scope.ANYWHERE,
    handle=_handle,
)
