"""Asks the first person on call to take command, and says so once somebody has.

Not here: who is proposed (workflows).
"""

from incident_response.blocks import kit
from incident_response.blocks.people import take_command
from incident_response.blocks.text import Safe, mention, say
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message


def proposal(incident: Incident) -> Message:
    """The question with its button; after it is settled, the answer without."""
    button = take_command(incident)
    return kit.paragraph(_text(incident), block_id="proposal", accessory=button)


def _text(incident: Incident) -> Safe:
    if incident.commander:
        return say("✅ {who} is in command.", who=mention(incident.commander))
    if incident.is_closed:
        return say("The incident is over; nobody needs to take command.")
    if incident.proposed_commander:
        return say(
            "👉 {who}, you are first on call: please take command. Anyone else may too.",
            who=mention(incident.proposed_commander),
        )
    return say("👉 Nobody on call could be found. Whoever reads this first: take command.")
