"""The line in the incidents channel: one message an incident, kept current instead of repeated.

Not here: what only the room is told (facts).
"""

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.people import commander
from incident_response.blocks.text import Safe, bold, excerpt, join, say, when
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message

TITLE = 300


def announcement(incident: Incident) -> Message:
    """What is wrong, where it is worked on, and a *Join* button while it is open."""
    head = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    text = join([head, _where(incident)], "\n")
    fallback = join([_plain_head(incident), _state(incident)])
    block = kit.section(text, block_id="announcement", accessory=_join(incident))
    return kit.message(fallback, [block])


def _plain_head(incident: Incident) -> Safe:
    title = excerpt(words.title(incident), TITLE)
    return say("{badge} {title}", badge=words.badge(incident), title=title)


def _where(incident: Incident) -> Safe:
    service = excerpt(incident.service, 100)
    if incident.is_closed:
        return join([_state(incident), service])
    room = say("#{name}", name=incident.room.name) if incident.room else Safe()
    return join([_state(incident), service, room, commander(incident)])


def _state(incident: Incident) -> Safe:
    if incident.is_closed:
        end = say("✅ {status}", status=words.status(incident))
        at = incident.resolved_at
        return say("{end} {at}", end=end, at=when(at)) if at else end
    if incident.room is None:
        return say("The room is being set up")
    return say("{status}", status=words.status(incident))


def _join(incident: Incident) -> Json | None:
    if incident.is_closed or incident.room is None:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Join", action_id=action_ids.JOIN_ROOM, value=value)
