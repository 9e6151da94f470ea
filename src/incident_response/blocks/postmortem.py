"""The answer to ``postmortem``: the link, and what it says at a glance.

Not here: the document itself (domain.postmortem).
"""

from datetime import datetime
from typing import Final

from incident_response.blocks import kit, words
from incident_response.blocks.text import Safe, bold, code, escape, excerpt, join, link, say
from incident_response.blocks.text import when as at_time
from incident_response.domain.incident import Incident
from incident_response.domain.postmortem import ActionItem, PostmortemDocument
from incident_response.ports.chat import Message

SUMMARY: Final = 600
ITEM: Final = 150
MOST_ITEMS: Final = 8


def postmortem(incident: Incident, document: PostmortemDocument, now: datetime) -> Message:
    """Where it is filed, or that it is not yet; then the summary, targets and action items."""
    head = join([bold(excerpt(document.heading, 300)), _where(incident, now)], "\n")
    items = [_item(item) for item in document.action_items[:MOST_ITEMS]]
    left = len(document.action_items) - len(items)
    more = [say("and {n} more", n=left)] if left > 0 else []
    blocks = [
        kit.section(head, block_id="postmortem"),
        kit.plain_section(document.prose.summary, SUMMARY, block_id="postmortem.summary"),
        kit.section(_course(document), block_id="postmortem.course"),
        kit.section(
            join([say("*Action items by the record*"), *items, *more], "\n"),
            block_id="postmortem.items",
        ),
        kit.context(_all_of_it(incident), block_id="postmortem.all"),
    ]
    return kit.message(head, blocks)


def _where(incident: Incident, now: datetime) -> Safe:
    filed = incident.postmortem
    if filed is None:
        if incident.is_closed:
            return say("It is not filed anywhere; this is what it would say.")
        return say("It is filed when the incident is resolved; this is what it would say now.")
    shown = link(filed.url, filed.identifier or "the issue", foreign=False)
    due = (
        say("review overdue since {at}", at=at_time(filed.review_due_at))
        if now > filed.review_due_at
        else say("review due {at}", at=at_time(filed.review_due_at))
    )
    left_out = say("without {what}", what=excerpt("; ".join(filed.left_out), SUMMARY))
    return join(
        [say("Filed as {issue}", issue=shown), due, left_out if filed.left_out else Safe()]
    )


def _course(document: PostmortemDocument) -> Safe:
    took = words.duration(document.took) if document.took is not None else "not over"
    rows = [say("*Duration*  {took}", took=took)]
    rows += [escape(measure.words) for measure in document.measures]
    return join(rows, "\n")


def _item(item: ActionItem) -> Safe:
    return say(
        "• {title} ({kind}, {priority})",
        title=excerpt(item.title, ITEM),
        kind=item.type.value,
        priority=item.priority.value,
    )


def _all_of_it(incident: Incident) -> Safe:
    typed = code(f"incident-response postmortem {incident.code}")
    return say("For you alone. An operator prints all of it with {typed}.", typed=typed)
