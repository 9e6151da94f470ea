"""Reminds the incident commander to say how it stands.

Not here: when (a schedule), or what counts as an update (workflows).
"""

from datetime import datetime

from incident_response.blocks import kit, words
from incident_response.blocks.people import take_command
from incident_response.blocks.text import Safe, mention, say
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message

ASK = "What do we know, what are we doing, when is the next update?"


def nudge(incident: Incident, now: datetime) -> Message:
    """How long ago the last update was and what to write; to the room while nobody commands."""
    button = take_command(incident)
    return kit.paragraph(_text(incident, now), block_id="nudge", accessory=button)


def _text(incident: Incident, now: datetime) -> Safe:
    silence = _silence(incident, now)
    if incident.commander is None:
        return say("⏰ Nobody is in command, and {silence}. Please take it.", silence=silence)
    who = mention(incident.commander)
    return say("⏰ {who}: {silence}. Tell the room: {ask}", who=who, silence=silence, ask=ASK)


def _silence(incident: Incident, now: datetime) -> Safe:
    if incident.last_update_at:
        length = words.duration(now - incident.last_update_at)
        return say("no update for {length}", length=length)
    since = incident.assembled_at or incident.created_at
    return say("no update yet, after {length}", length=words.duration(now - since))
