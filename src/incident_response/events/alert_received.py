"""An alert was accepted: fold it into an incident, have what follows done and the room told."""

from incident_response.domain.model import EventId
from incident_response.routing.event import Event, EventHandler, required_text
from incident_response.routing.workflows import Workflows
from incident_response.telemetry import note_incident
from incident_response.workflows.accept_alert import ALERT_RECEIVED
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.resolution import resolve_run


async def _handle(event: Event, workflows: Workflows) -> None:
    event_id = EventId(required_text(event.body, "event_id"))
    incident_id = await workflows.folder.fold(event_id)
    if incident_id is None:
        return
    note_incident(incident_id)
    workflows.runner.kick(incident_id, ASSEMBLE)
    incident = await workflows.source_changes.follow(incident_id, event_id)
    if incident is not None and incident.is_ending and not incident.is_closed:
        workflows.runner.kick(incident_id, resolve_run(incident))
    await workflows.notices.tell(incident_id, event_id)


event = EventHandler(type=ALERT_RECEIVED, handle=_handle)
