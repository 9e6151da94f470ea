"""The incident that a clicked button is about. Not here: what the click does (actions)."""

from incident_response.blocks.action_ids import decode_value
from incident_response.domain.errors import NotFoundError
from incident_response.domain.incident import Incident
from incident_response.ports.incident_store import IncidentStore
from incident_response.routing.requests import Request, text_of


async def clicked_incident(request: Request, store: IncidentStore) -> Incident:
    """The incident as it is now.

    Raises ``RefusedError`` for a button that this program cannot read, ``NotFoundError``.
    """
    value = decode_value(text_of(request.action.get("value")))
    incident = await store.get(value.incident_id)
    if incident is None:
        raise NotFoundError("this incident is not known here")
    return incident
