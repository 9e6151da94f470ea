"""``rate 1-5``: how the response went."""

from incident_response.blocks.pulse import BEST, WORST, rated
from incident_response.blocks.refusals import could_not
from incident_response.ports.chat import Message
from incident_response.routing.command import Command, Scope, Topic
from incident_response.routing.reception import room_of
from incident_response.routing.requests import Request
from incident_response.routing.workflows import Workflows

FIGURES = {str(figure): figure for figure in range(WORST, BEST + 1)}


async def _handle(request: Request, workflows: Workflows) -> Message:
    rating = FIGURES.get(request.text)
    if rating is None:
        why = f"that is no figure from {WORST} to {BEST}"
        return could_not("rate", why, f"Type {request.name} rate {BEST} if it went well.")
    incident_id = room_of(request).incident_id
    await workflows.pulse.rate(incident_id, rating, asked=request.asked)
    return rated(rating)


command = Command(
    name="rate",
    usage="|".join(FIGURES),
    topic=Topic.END,
    summary="Say how the response went, after the end",
    scope=Scope.IN_ROOM,
    needs_text=True,
    handle=_handle,
)
