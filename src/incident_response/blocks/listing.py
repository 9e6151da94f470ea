"""The answer to ``list``: the open incidents, newest first as given.

Not here: which ones a person may see (commands).
"""

from collections.abc import Sequence
from datetime import datetime

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.people import commander
from incident_response.blocks.text import bold, code, excerpt, join, say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message

MOST = 12
TITLE = 150


def listing(incidents: Sequence[Incident], now: datetime) -> Message:
    """A row with a *Join* button for each of the first twelve, then how many more there are."""
    if not incidents:
        return kit.paragraph(say("No open incidents."), block_id="listing")
    heading = say("{n} open", n=words.plural(len(incidents), "incident"))
    rows = [_row(incident, now) for incident in incidents[:MOST]]
    if len(incidents) > MOST:
        more = say("and {n} more", n=len(incidents) - MOST)
        rows.append(kit.context(more, block_id="listing.more"))
    return kit.message(heading, [kit.section(bold(heading), block_id="listing"), *rows])


def _row(incident: Incident, now: datetime) -> Json:
    head = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    state = say(
        "{status}, began {ago}",
        status=words.status(incident),
        ago=words.ago(incident.started_at, now),
    )
    facts = join([state, commander(incident), code(incident.code)])
    text = join([head, facts], "\n")
    return kit.section(text, block_id=incident.incident_id, accessory=_join(incident))


def _join(incident: Incident) -> Json | None:
    if incident.room is None:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Join", action_id=action_ids.JOIN_ROOM, value=value)
