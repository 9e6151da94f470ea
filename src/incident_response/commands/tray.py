"""``tray``: what can be done in this room, as buttons; also what the slash command alone shows."""

from incident_response.blocks.tray import TrayButton, tray
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, by_topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    buttons = [
        TrayButton(verb=c.name, label=c.label, topic=c.topic, asks=c.needs_text)
        for c in by_topic(workflows.commands)
        if c.label
    ]
    return tray(buttons, request.name)


command = Command(
    name="tray",
    summary="What can be done here, as buttons",
    aliases=("menu", "actions"),
    scope=Scope.IN_ROOM,
    bare=Scope.IN_ROOM,
    handle=_handle,
)
