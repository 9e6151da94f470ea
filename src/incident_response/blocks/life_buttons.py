"""The buttons that move an incident through its life. Not here: the messages they stand in."""

from incident_response.blocks import action_ids, kit
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.model import Json


def resolve_button(incident: Incident) -> Json | None:
    """*Resolve* while it is worked on, else None."""
    return _button(incident, "Resolve …", action_ids.RESOLVE_INCIDENT, not incident.is_ending)


def mitigate_button(incident: Incident) -> Json | None:
    """*Mitigated* until it is, else None."""
    is_wanted = not incident.is_ending and incident.status is not IncidentStatus.MITIGATED
    return _button(incident, "Mitigated", action_ids.MITIGATE_INCIDENT, is_wanted)


def cancel_button(incident: Incident) -> Json | None:
    """*Cancel* while it is worked on, else None."""
    label = "Cancel …"
    return _button(incident, label, action_ids.CANCEL_INCIDENT, not incident.is_ending)


def reopen_button(incident: Incident) -> Json | None:
    """*Reopen* when it is over or about to be, else None."""
    return _button(incident, "Reopen", action_ids.REOPEN_INCIDENT, incident.is_ending)


def _button(incident: Incident, label: str, action_id: str, is_wanted: bool) -> Json | None:
    if not is_wanted:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button(label, action_id=action_id, value=value)


def life_row(incident: Incident) -> list[Json]:
    """A row of those that make sense now."""
    made = (
        mitigate_button(incident),
        resolve_button(incident),
        cancel_button(incident),
        reopen_button(incident),
    )
    buttons = [button for button in made if button is not None]
    return [kit.actions(*buttons, block_id="life")] if buttons else []
