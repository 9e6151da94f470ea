"""The five buttons that rate the response."""

from incident_response.blocks.pulse import BEST, WORST, rate_action, rated
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.action import Action, Handle
from incident_response.routing.clicked import clicked_incident
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows


def _rate(rating: int) -> Handle:
    async def handle(request: Request, workflows: Workflows) -> Message:
        incident = await clicked_incident(request, workflows.store)
        await workflows.pulse.rate(incident.incident_id, rating, asked=request.asked)
        return rated(rating)

    return handle


actions = tuple(
    Action(
        name=rate_action(rating),
        kind=EnvelopeKind.ACTION,
        handle=_rate(rating),
        verb=f"rate {rating}",
    )
    for rating in range(WORST, BEST + 1)
)
