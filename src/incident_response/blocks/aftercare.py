"""What is said after an incident has ended: the room is archived, the review is overdue, nobody
has rated it.

Not here: when (workflows).
"""

from incident_response.blocks import kit, words
from incident_response.blocks.pulse import rating_buttons
from incident_response.blocks.text import Safe, code, excerpt, link, say, when
from incident_response.domain.incident import Incident
from incident_response.ports.chat import Message

TITLE = 300
REASON = 200


def archiving(incident: Incident) -> Message:
    """The last message of a room."""
    text = say(
        "🗄️ This room is being archived: its incident is over. It stays readable."
        " If it comes back, unarchive the room, invite me, and use {usage} from anywhere.",
        usage=code(f"reopen {incident.code}"),
    )
    return kit.paragraph(text, block_id="archiving")


def not_archived(reason: str) -> Message:
    """The room stays, because the chat refused; nobody tries again."""
    text = say(
        "⚠️ I could not archive this room: {reason}. I will not try again; archive it by hand.",
        reason=excerpt(reason.replace("_", " "), REASON) or say("no reason was given"),
    )
    return kit.paragraph(text, block_id="not_archived")


def review_overdue(incident: Incident, *, is_gone: bool) -> Message:
    """Tells one person that a postmortem was not reviewed in time."""
    text = say(
        "⏰ The postmortem of {title} is not reviewed: {issue} was due {due}{gone}.",
        title=_title(incident),
        issue=_issue(incident),
        due=when(incident.postmortem.review_due_at) if incident.postmortem else "earlier",
        gone=say(", and it is no longer in the issue tracker") if is_gone else Safe(),
    )
    return kit.paragraph(text, block_id="review_overdue")


def pulse_reminder(incident: Incident) -> Message:
    """Asks the commander, since nobody has said how it went."""
    text = say("Nobody has rated the response to {title} yet. You?", title=_title(incident))
    return kit.message(text, [kit.section(text, block_id="pulse"), rating_buttons(incident)])


def _title(incident: Incident) -> Safe:
    return say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=excerpt(words.title(incident), TITLE),
    )


def _issue(incident: Incident) -> Safe:
    if incident.postmortem is None:
        return say("its issue")
    label = incident.postmortem.identifier or "its issue"
    return link(incident.postmortem.url, label, foreign=False)
