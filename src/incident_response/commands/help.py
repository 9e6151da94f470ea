"""``help``: every command by topic, where it works, and what it does."""

from incident_response.blocks.help import HelpRow, help_text
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, by_topic
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> Message:
    rows = [
        HelpRow(
            usage=f"{c.name} {c.usage}".strip(),
            summary=c.summary,
            topic=c.topic,
            is_anywhere=c.scope == Scope.ANYWHERE,
        )
        for c in by_topic(workflows.commands)
    ]
    return help_text(rows, request.name)


command = Command(name="help", summary="This list", aliases=("?",), label="Help", handle=_handle)
