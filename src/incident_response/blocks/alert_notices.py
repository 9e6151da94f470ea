"""Tells the room what its alert did since: stopped, came back.

One quiet line each. Not here: what goes wrong inside the program (notices).
"""

from incident_response.blocks import kit, words
from incident_response.blocks.life_buttons import resolve_button
from incident_response.blocks.text import Safe, excerpt, join, say, when
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import SYSTEM
from incident_response.ports.chat import Message

TITLE = 300


def alert_resolved(incident: Incident) -> Message:
    """The source says it is over; people decide whether the incident is, unless the policy leaves
    it to us.
    """
    at = when(incident.alert_changed_at)
    if incident.is_ending:
        text = say("🟢 The alert stopped firing {at}.", at=at)
        if incident.resolution is not None and incident.resolution.by == SYSTEM:
            by_us = say("Nobody is in command, so I resolve the incident, as the policy says.")
            text = join([text, by_us], " ")
        return kit.paragraph(text, block_id="alert")
    text = say(
        "🟢 The alert stopped firing {at}. The incident stays open until you resolve it.", at=at
    )
    return kit.paragraph(text, block_id="alert", accessory=resolve_button(incident))


def merged_alert_refired(merged: Incident) -> Message:
    """The alert of an incident that was merged into this one is firing again."""
    text = say(
        "🔥 The alert of the merged incident {title} is firing again since {at}.",
        title=excerpt(words.title(merged), TITLE),
        at=when(merged.alert_changed_at),
    )
    return kit.paragraph(text, block_id="alert")


def alert_refired(incident: Incident, *, was_ending: bool = False) -> Message:
    """The alert is back while the incident is still open, which stops its being resolved."""
    text = say("🔥 The alert is firing again since {at}.", at=when(incident.alert_changed_at))
    stopped = say("Resolving was stopped: the incident stays open.") if was_ending else Safe()
    return kit.paragraph(join([text, stopped], " "), block_id="alert")


def reopened(incident: Incident) -> Message:
    """The alert is back shortly after the incident was closed: the same room goes on."""
    at = when(incident.alert_changed_at)
    text = say("🔥 The alert came back {at}: this incident is open again.", at=at)
    return kit.paragraph(text, block_id="alert")
