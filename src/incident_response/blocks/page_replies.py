"""What single people and the room are told about messages to customers.

Not here: the card (page_card), the form (page_form).
"""

from typing import Final

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.page_card import parted
from incident_response.blocks.page_words import STATUS
from incident_response.blocks.people import approvers
from incident_response.blocks.text import (
    Safe,
    bold,
    clean,
    code,
    cut,
    escape,
    excerpt,
    join,
    link,
    mention,
    say,
)
from incident_response.domain.draft import Draft, DraftContent, DraftState
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Message

TITLE = 100
REASON = 300

_STATES: Final = {
    DraftState.PENDING: "it waits for approval",
    DraftState.APPROVED: "approved; it is being published",
    DraftState.SENDING: "approved; it is being published",
    DraftState.RECONCILING: "sent, and no answer came yet; the page is looked at for it",
    DraftState.PUBLISHED: "published",
    DraftState.NEEDS_HUMAN: "sent, and not found on the page; somebody has to look",
    DraftState.REJECTED: "rejected; nothing of it is sent",
}


def drafted(draft: Draft, *, note: str = "") -> Message:
    """Tells who asked for a draft what it is called; ``note``: why no model wrote it."""
    template = say(" The template wrote it: {why}", why=excerpt(note, REASON)) if note else Safe()
    text = say(
        "📝 The draft stands in the room as {code}. Nothing is published until it is"
        " approved.{template}",
        code=code(draft.message.code),
        template=template,
    )
    return kit.paragraph(text, block_id="page")


def draft_waits(draft: Draft) -> Message:
    """Tells who wants a draft written that there is one."""
    text = say(
        "There is a message already: “{title}”, code {code}; {state}. Its card has the buttons.",
        title=excerpt(draft.message.title, TITLE),
        code=code(draft.message.code),
        state=_STATES[draft.state],
    )
    return kit.paragraph(text, block_id="page")


def answered(incident: Incident, *, policy: Policy) -> Message:
    """Tells who decided on a message how far it is now."""
    draft = incident.page.draft
    assert draft is not None, "there was one to decide on"
    if draft.state is DraftState.PENDING and draft.given:
        who = approvers(incident.commander, policy.approver_group)
        text = say(
            "✅ Your approval counts. Another person has to approve it too: {who}.", who=who
        )
        return kit.paragraph(text, block_id="page")
    text = say(
        "{code} “{title}”: {state}.",
        code=code(draft.message.code),
        title=excerpt(draft.message.title, TITLE),
        state=_STATES[draft.state],
    )
    return kit.paragraph(text, block_id="page")


def not_saved(content: DraftContent, why: str) -> Message:
    """Gives somebody back what they wrote, when somebody else was faster."""
    reason = excerpt(why, REASON)
    text = say("⚠️ Your text was not saved: {why} Here it is, to be copied:", why=reason)
    blocks = [
        kit.section(text, block_id="not_saved"),
        kit.plain_section(content.title, REASON, block_id="kept.title"),
    ]
    parts = (part for part in parted(content.body) if part.strip())
    blocks += [
        kit.plain_section(part, limits.SECTION_TEXT, block_id=f"kept.{n}")
        for n, part in enumerate(parts)
    ]
    return kit.message(text, blocks)


def outcome(incident: Incident, draft: Draft) -> Message | None:
    """Tells the room what became of an approved message; None while that is open."""
    title = bold(excerpt(draft.message.title, TITLE))
    if draft.is_stuck:
        why = excerpt(draft.trouble, REASON)
        text = say(
            "⚠️ {who}: {title} was *not* published. {why}",
            who=_decider(incident),
            title=title,
            why=why,
        )
        return kit.paragraph(text, block_id="outcome")
    if draft.state is DraftState.NEEDS_HUMAN:
        text = say(
            "⚠️ {who}: nobody knows whether customers can read {title}. Please look on the page,"
            " then use the buttons of its card.",
            who=_decider(incident),
            title=title,
        )
        return kit.paragraph(text, block_id="outcome")
    if draft.state is DraftState.PUBLISHED:
        text = say(
            "📣 Customers can read: {title} · {status} · {page}",
            title=title,
            status=STATUS[draft.message.status],
            page=link(incident.page.url, "open the page", foreign=False),
        )
        return kit.paragraph(text, block_id="outcome")
    return None


def customers(incident: Incident) -> Safe:
    """What customers are told now, and what waits."""
    page = incident.page
    told = say("Customers have been told nothing yet")
    if page.status is not None:
        shown = link(page.url, cut(clean(page.title), TITLE), foreign=False)
        told = say("Customers read: {what} ({status})", what=shown, status=STATUS[page.status])
    draft = waiting_draft(incident)
    if draft is None:
        return told
    waits = say("message {it}: {how}", it=code(draft.message.code), how=_STATES[draft.state])
    return join([told, waits])


def waiting_draft(incident: Incident) -> Draft | None:
    """The message that is not settled."""
    draft = incident.page.draft
    return None if draft is None or draft.state.is_settled else draft


def draft_due(incident: Incident) -> Message:
    """Reminds that customers have been told nothing, with a button that writes a draft."""
    rest = escape("customers have been told nothing yet. You decide what is published.")
    text = say("📝 {who}: {rest}", who=_decider(incident), rest=rest)
    return kit.paragraph(text, block_id="draft_due", accessory=draft_button(incident))


def draft_button(incident: Incident) -> Json:
    """Has a draft written and shown in the room."""
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Draft a message to customers", action_id=action_ids.DRAFT_PAGE, value=value)


def _decider(incident: Incident) -> Safe:
    return mention(incident.commander) if incident.commander else escape("Whoever takes command")
