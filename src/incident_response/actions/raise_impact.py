"""*Several customers affected*, *Security*, *Revenue*: the next people are called at once.

Three buttons, since two in one row must not share a name.
"""

from incident_response.blocks.action_ids import RAISE_IMPACT, decode_value
from incident_response.blocks.impact import raised_already
from incident_response.domain.response import Impact
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action, Handle
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


def _raising(impact: Impact) -> Handle:
    async def handle(request: Request, workflows: Workflows) -> Message | None:
        value = decode_value(request.value)
        before = await workflows.store.get(value.incident_id)
        await workflows.impact.raise_(value.incident_id, impact, asked=request.asked)
        is_known = before is not None and impact in before.impacts
        return raised_already(impact) if is_known else None

    return handle


actions = tuple(
    Action(
        name=f"{RAISE_IMPACT}.{impact.value}",
        kind=EnvelopeKind.ACTION,
        verb=f"impact {impact.value}",
        handle=_raising(impact),
    )
    for impact in Impact
)
