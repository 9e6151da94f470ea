"""Tells the next person on call, and the room, that nobody says where an incident stands.

Not here: who that is, and when (workflows).
"""

from datetime import datetime

from incident_response.blocks import kit, words
from incident_response.blocks.escalation import join_button
from incident_response.blocks.nudge import quiet
from incident_response.blocks.people import command_line, mentions, take_command
from incident_response.blocks.text import Safe, bold, channel, excerpt, join, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId
from incident_response.ports.chat import Message

TITLE = 200


def backup_asked(incident: Incident, people: tuple[UserId, ...], now: datetime) -> Message:
    """Tells the room who was told, or that nobody could be found."""
    head = say("📟 There is {silence}; reminders go unanswered.", silence=quiet(incident, now))
    who = say("{who}, next on call, is told: please ask how it stands.", who=mentions(people))
    if not people:
        who = say("Nobody else on call is known: somebody here, please say how it stands.")
    text = join([head, who], " ")
    return kit.paragraph(text, block_id="backup", accessory=take_command(incident))


def backup_told(incident: Incident, now: datetime) -> Message:
    """Tells them directly, with the way into the room."""
    head = say(
        "📟 {badge} {title}: there is {silence}; reminders go unanswered.",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
        silence=quiet(incident, now),
    )
    do = say("Please ask how it stands, or take over.")
    text = join([head, join([command_line(incident), _where(incident)]), do], "\n")
    return kit.paragraph(text, block_id="backup", accessory=join_button(incident))


def _where(incident: Incident) -> Safe:
    if incident.room is None:
        return Safe()
    return channel(incident.room.channel_id, incident.room.name)
