"""A tick on the checklist: only what this person changed is changed."""

from incident_response.blocks.action_ids import TICK_CHECKLIST
from incident_response.blocks.checklist import ticked_keys
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


async def _handle(request: Request, workflows: Workflows) -> None:
    ticks = ticked_keys(request.action)
    changes = dict.fromkeys(ticks.ticked, True) | dict.fromkeys(ticks.unticked, False)
    await workflows.checklist.tick(ticks.incident_id, changes, by=request.user_id)


action = Action(
    name=TICK_CHECKLIST, kind=EnvelopeKind.ACTION, verb="tick | untick", handle=_handle
)
