"""Tells a room what became of its incident: mitigated, reopened, cancelled, linked, merged.

Not here: that it was resolved (resolution).
"""

from datetime import datetime

from incident_response.blocks import kit, words
from incident_response.blocks.life_buttons import reopen_button, resolve_button
from incident_response.blocks.text import (
    Safe,
    bold,
    channel,
    code,
    excerpt,
    join,
    mention,
    say,
    when,
)
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId
from incident_response.ports.chat import Message

SAID = 600
"""Characters of what somebody gave as a reason that are shown."""
TITLE = 200


def mitigated(incident: Incident, text: str, *, by: UserId) -> Message:
    """Customers no longer feel it; the room goes on."""
    head = say("🩹 *Mitigated*, says {who}.", who=mention(by))
    rest = say("The incident stays open until it is resolved.")
    shown = join([head, excerpt(text, SAID), rest], " ")
    return kit.paragraph(shown, block_id="mitigated", accessory=resolve_button(incident))


def reopened(reason: str, *, by: UserId) -> Message:
    """It is not over; reminders run again."""
    head = say("🔥 *Reopened* by {who}: it is not over.", who=mention(by))
    rest = say("Reminders run again.")
    return kit.paragraph(join([head, excerpt(reason, SAID), rest], " "), block_id="reopened")


def reopened_for(incident: Incident) -> Message:
    """Tells who reopened it from elsewhere where it goes on."""
    text = say("✅ Reopened: {incident}.", incident=named(incident))
    return kit.paragraph(text, block_id="reopened")


def cancelled(incident: Incident, reason: str, by: UserId, archive_at: datetime | None) -> Message:
    """It was nothing."""
    head = say("🚫 *Cancelled* by {who}: {why}.", who=mention(by), why=_sentence(reason))
    text = join([head, _archived(archive_at)], " ")
    return kit.paragraph(text, block_id="cancelled", accessory=reopen_button(incident))


def linked(other: Incident, *, by: UserId) -> Message:
    """Another incident has to do with this one."""
    text = say("🔗 {who} linked {other}.", who=mention(by), other=named(other))
    return kit.paragraph(text, block_id="linked")


def merged_away(target: Incident, by: UserId, archive_at: datetime | None) -> Message:
    """Work goes on in another room."""
    head = say(
        "➡️ {who} merged this incident into {other}. *Work goes on there*; you are invited.",
        who=mention(by),
        other=named(target),
    )
    return kit.paragraph(join([head, _archived(archive_at)], " "), block_id="merged")


def merged_here(merged: Incident, *, by: UserId) -> Message:
    """Another incident is worked on here from now on."""
    text = say(
        "⬅️ {who} merged {other} into this incident; its people are being invited, and what its"
        " alert does is told here.",
        who=mention(by),
        other=named(merged),
    )
    return kit.paragraph(text, block_id="merged")


def named(incident: Incident) -> Safe:
    """Another incident, so that people find it: severity, title, room or code."""
    title = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    where = code(incident.code)
    if incident.room is not None:
        where = channel(incident.room.channel_id, incident.room.name)
    return say("{title} ({where})", title=title, where=where)


def _archived(archive_at: datetime | None) -> Safe:
    return say("This room is archived {at}.", at=when(archive_at)) if archive_at else Safe()


def _sentence(reason: str) -> Safe:
    return excerpt(reason.rstrip(". "), SAID) or say("no reason was given")
