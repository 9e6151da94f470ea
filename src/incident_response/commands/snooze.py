"""``snooze [15|30|60]``: the commander is not reminded for so many minutes."""

from incident_response.blocks.nudge import SNOOZES, snoozed
from incident_response.blocks.refusals import could_not
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

MINUTES = {str(minutes): minutes for minutes in SNOOZES}


async def _handle(request: Request, workflows: Workflows) -> Message:
    minutes = MINUTES.get(request.text.removesuffix("m") or str(SNOOZES[0]))
    if minutes is None:
        choices = ", ".join(MINUTES)
        return could_not("snooze for that long", f"it takes one of {choices} minutes")
    incident = await workflows.nudges.snooze(
        room_of(request).incident_id, minutes, asked=request.asked
    )
    return snoozed(incident, workflows.nudges.next_at(incident))


command = Command(
    name="snooze",
    usage="[15|30|60]",
    topic=Topic.UPDATES,
    summary="No reminder to post an update for so many minutes",
    scope=Scope.IN_ROOM,
    label="Snooze reminders",
    handle=_handle,
)
