"""*Snooze 15*, *30*, *60 min*: the commander is not reminded for so long.

Three buttons, since two in one row must not share a name.
"""

from incident_response.blocks.nudge import SNOOZES, snooze_action, snoozed
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action, Handle
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


def _snoozing(minutes: int) -> Handle:
    async def handle(request: Request, workflows: Workflows) -> Message:
        clicked = await clicked_incident(request, workflows.store)
        incident = await workflows.nudges.snooze(clicked.incident_id, minutes, asked=request.asked)
        return snoozed(incident, workflows.nudges.next_at(incident))

    return handle


actions = tuple(
    Action(
        name=snooze_action(minutes),
        kind=EnvelopeKind.ACTION,
        handle=_snoozing(minutes),
        verb=f"snooze {minutes}",
    )
    for minutes in SNOOZES
)
