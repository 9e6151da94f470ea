"""``list``: the open incidents, with a button to join each."""

from incident_response.blocks.listing import listing
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

LIMIT = 50


async def _handle(request: Request, workflows: Workflows) -> Message:
    incidents = await workflows.store.recent(open_only=True, limit=LIMIT)
    return listing(incidents, workflows.clock.now())


command = Command(
    name="list",
    summary="Open incidents, each with a button to join",
    aliases=("ls",),
    topic=Topic.BEGIN,
    label="Open incidents",
    handle=_handle,
)
