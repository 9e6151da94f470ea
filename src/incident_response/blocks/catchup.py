"""The answer to ``catchup``: what somebody who comes late needs, for them alone.

Facts first, in our words; then a model's summary where there is one, marked as such; then what
happened last. Not here: the whole timeline.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from incident_response.blocks import kit, rich, words
from incident_response.blocks.people import command_line
from incident_response.blocks.text import Safe, bold, code, escape, excerpt, join, say
from incident_response.blocks.text import when as at_time
from incident_response.blocks.timeline import row_text
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.timeline import TimelineRow
from incident_response.ports.chat import Message

NEWEST: Final = 8
"""Rows that are shown."""
WRITTEN: Final = 2_000
"""Characters of a summary."""
ROW: Final = 150


def catchup(
    incident: Incident,
    rows: Sequence[TimelineRow],
    now: datetime,
    *,
    written: str = "",
) -> Message:
    """Where it stands, what a model makes of it if one does, what happened last."""
    title = bold(excerpt(words.title(incident), 300))
    head = say("{badge} {title}", badge=words.badge(incident), title=title)
    lines = join([head, _standing(incident, now), _people(incident), _told(incident, now)], "\n")
    blocks = [kit.section(lines, block_id="catchup")]
    if written:
        blocks.append(
            kit.plain_section(written, WRITTEN, block_id="catchup.written"),
        )
        note = say("A model wrote this paragraph; the rest is the record.")
        blocks.append(kit.context(note, block_id="catchup.note"))
    if rows:
        blocks.append(_newest(rows[-NEWEST:]))
    more = say("{cmd} shows all {n}.", cmd=code("timeline"), n=_events(rows))
    blocks.append(kit.context(more, block_id="catchup.more"))
    return kit.message(join([head, _standing(incident, now)]), blocks)


def _standing(incident: Incident, now: datetime) -> Safe:
    since = say(
        "began {at} ({ago})",
        at=at_time(incident.started_at),
        ago=words.ago(incident.started_at, now),
    )
    raised = ", ".join(impact.value for impact in incident.impacts)
    impacts = say("impact: {raised}", raised=raised) if raised else Safe()
    return join([escape(words.status(incident)), since, impacts])


def _people(incident: Incident) -> Safe:
    following = next((item.text for item in incident.checklist if not item.is_checked), "")
    next_item = say("next: {item}", item=excerpt(following, 80)) if following else Safe()
    return join([command_line(incident), next_item])


def _told(incident: Incident, now: datetime) -> Safe:
    """When colleagues and customers heard last."""
    heard = (
        say("last update {ago}", ago=words.ago(incident.last_update_at, now))
        if incident.last_update_at
        else say("no update yet")
    )
    page = (
        say("status page: {status}", status=incident.page.status.value)
        if incident.page.status
        else say("nothing on the status page")
    )
    return join([heard, page])


def _newest(rows: Sequence[TimelineRow]) -> Json:
    items = [
        rich.section(rich.time(row.at), rich.words("  "), *row_text(row, ROW)) for row in rows
    ]
    heading = rich.section(rich.words("What happened last", bold=True))
    return kit.rich_text(heading, rich.bullets(items), block_id="catchup.newest")


def _events(rows: Sequence[TimelineRow]) -> str:
    return words.plural(len(rows), "event")
