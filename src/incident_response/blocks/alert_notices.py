"""Tells the room what its alert did since: stopped, came back.

One quiet line each. Not here: what goes wrong inside the program (notices).
"""

from incident_response.blocks import kit
from incident_response.blocks.text import say, when
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message


def alert_resolved(incident: Incident) -> Message:
    """The source says it is over; people decide whether the incident is."""
    at = when(incident.alert_changed_at)
    text = say(
        "🟢 The alert stopped firing {at}. The incident stays open until you close it.", at=at
    )
    return kit.paragraph(text, block_id="alert")


def alert_refired(incident: Incident) -> Message:
    """The alert is back while the incident is still open."""
    at = when(incident.alert_changed_at)
    return kit.paragraph(say("🔥 The alert is firing again since {at}.", at=at), block_id="alert")


def reopened(incident: Incident) -> Message:
    """The alert is back shortly after the incident was closed: the same room goes on."""
    at = when(incident.alert_changed_at)
    text = say("🔥 The alert came back {at}: this incident is open again.", at=at)
    return kit.paragraph(text, block_id="alert")
