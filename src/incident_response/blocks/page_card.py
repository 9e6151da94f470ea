"""The card of a message to customers: all of it, how far it is, who may decide, and the buttons.

Nothing may be approved that was not displayed: title and text stand there to the last sign, as
they are sent, or there is no card. Not here: who may decide (workflows.approval_gate), the form in
which it is written (page_form), what single people are told (page_replies).
"""

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.lookalikes import mixed_words
from incident_response.blocks.page_words import COMPONENT, IMPACT, STATUS
from incident_response.blocks.people import approvers
from incident_response.blocks.text import (
    Safe,
    bold,
    clean,
    clock,
    code,
    cut,
    cut_mrkdwn,
    escape,
    excerpt,
    join,
    link,
    mention,
    say,
    start,
    units,
    when,
)
from incident_response.domain.draft import Author, Component, Draft, DraftState, PageMessage
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Message
from incident_response.ports.page_board import PageInfo

REASON = 200
LINE = 320
"""Characters of a line of ours, whatever names and reasons are in it: what customers read has its
room (``domain.draft.ROOM_LIMIT``).
"""
NAME = 50
"""Characters of a component's name, and of the page's."""
FIRST_WORDS = 70
MOST_PARTS = 80
MOST_WORDS = 5
NEAR = 400
"""How far before the end of a part a line or a word may end, for it to be parted there."""

_STATES = {
    DraftState.PENDING: ("📝", "waits for approval"),
    DraftState.APPROVED: ("📤", "approved, on its way"),
    DraftState.SENDING: ("📤", "approved, being sent"),
    DraftState.RECONCILING: ("🔎", "sent, and no answer came"),
    DraftState.PUBLISHED: ("📣", "published"),
    DraftState.NEEDS_HUMAN: ("⚠️", "look whether it is on the page"),
    DraftState.REJECTED: ("🚫", "rejected"),
}
_AUTHORS = {
    Author.PERSON: "",
    Author.MODEL: "a model wrote it: read it with care",
    Author.TEMPLATE: "from the template, no model wrote it",
}
_STUCK = ("⚠️", "approved, and not published")


def page_card(incident: Incident, *, policy: Policy, page: PageInfo | None = None) -> Message:
    """The card of the incident's draft as it stands.

    Raises ``RefusedError`` if there is none, or if it could not be shown whole.
    """
    draft = incident.page.draft
    if draft is None:
        raise RefusedError("There is no draft for the status page.")
    info = page or PageInfo(name=draft.message.page_id)
    mark, state = _STUCK if draft.is_stuck else _STATES[draft.state]
    heading = _heading(mark, draft.number, state)
    blocks = [
        kit.section(heading, block_id="card"),
        kit.context(_line(_about(incident, draft, info)), block_id="card.about"),
        *_content(draft.message),
        kit.context(_line(_written(draft)), block_id="card.written"),
        *_flags(draft.message),
        *_standing(incident, draft, policy=policy, page=info),
        *_buttons(draft, incident=incident, policy=policy, page=info),
    ]
    return _whole(join([heading, excerpt(draft.message.title, REASON)]), blocks)


def parted(text: str) -> list[str]:
    """``text`` in parts that a section each can show; together they are exactly ``text``."""
    parts = []
    while units(text) > limits.SECTION_TEXT:
        end = len(start(text, limits.SECTION_TEXT))
        breaks = (text.rfind(mark, end - NEAR, end) + 1 for mark in ("\n", " "))
        end = next((place for place in breaks if place > 0), end)
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


# --- what customers read ---------------------------------------------------------------------


def _content(message: PageMessage) -> list[Json]:
    parts = enumerate(parted(message.body), start=1)
    rows = [
        say("*Status on the page*\n{status}", status=STATUS[message.status]),
        say("*Impact*\n{impact}", impact=IMPACT[message.impact]),
    ]
    return [
        kit.context(say("*Title*"), block_id="label.title"),
        kit.exact(message.title, block_id="title"),
        kit.context(say("*Text*"), block_id="label.text"),
        *(kit.exact(part, block_id=f"text.{number}") for number, part in parts),
        kit.fields(rows, block_id="says"),
        *_components(message.components),
    ]


def _components(components: tuple[Component, ...]) -> list[Json]:
    if not components:
        return [_row(say("*Components*: none is named"), "label.components")]
    rows = "\n".join(f"{_name(part)}: {COMPONENT[part.status]}" for part in components)
    parts = enumerate(parted(rows), start=1)
    label = kit.context(say("*Components show*"), block_id="label.components")
    return [label, *(kit.exact(part, block_id=f"components.{n}") for n, part in parts)]


def _name(component: Component) -> str:
    return cut(clean(component.name), NAME) or component.component_id


def _whole(text: Safe, blocks: list[Json]) -> Message:
    """The message, if Slack takes all of it: a part left out would be approved unread."""
    message = kit.message(text, blocks)
    if len(message.blocks) != len(blocks):
        raise RefusedError("The message is too long to be shown whole: shorten it.")
    return message


# --- how it stands ---------------------------------------------------------------------------


def _heading(mark: str, number: int, state: str) -> Safe:
    return say("{mark} *Message to customers {n}*: {state}", mark=mark, n=number, state=state)


def _about(incident: Incident, draft: Draft, page: PageInfo) -> Safe:
    where = say("opens an incident on {page}", page=_page(page))
    if draft.message.page_incident_id:
        title = cut(clean(incident.page.title), NAME) or draft.message.page_incident_id
        where = say("continues {it}", it=link(incident.page.url, title, foreign=False))
    revision = say("revision {n}", n=draft.revision)
    return join([say("Code {code}", code=code(draft.message.code)), revision, where])


def _written(draft: Draft) -> Safe:
    who = mention(draft.drafted_by) if draft.drafted_by else escape("this app")
    written = say("Drafted by {who} {at}", who=who, at=when(draft.drafted_at))
    return join([written, escape(_AUTHORS[draft.author]), _reach(draft)])


def _reach(draft: Draft) -> Safe:
    if draft.subscribers is None:
        return escape("number of subscribers not known")
    return say("{n} subscribers are told", n=f"{draft.subscribers:,}")


def _flags(message: PageMessage) -> list[Json]:
    """Words that may look like others."""
    found = mixed_words(f"{message.title}\n{message.body}")
    if not found:
        return []
    shown = ", ".join(found[:MOST_WORDS])
    text = say("⚠️ Letters of several alphabets in one word: {words}", words=shown)
    return [_row(text, "card.flags")]


def _standing(incident: Incident, draft: Draft, *, policy: Policy, page: PageInfo) -> list[Json]:
    """What was decided and what is waited for."""
    rows = [_given(draft)] if draft.given else []
    match draft.state:
        case _ if draft.is_stuck:
            rows += [_because(draft.trouble), _wanted(incident, draft, policy)]
        case DraftState.PENDING:
            rows += [_wanted(incident, draft, policy)]
        case DraftState.APPROVED | DraftState.SENDING:
            rows += [_retried(draft.trouble)] if draft.trouble else []
        case DraftState.RECONCILING:
            rows += [_looked_for(draft)]
        case DraftState.NEEDS_HUMAN:
            rows += [_look(incident, draft, page), _wanted(incident, draft, policy)]
        case DraftState.PUBLISHED:
            rows += [_published(incident, draft)]
        case DraftState.REJECTED:
            rows += [_because(draft.trouble)]
    return [_row(row, f"card.state.{number}") for number, row in enumerate(rows)]


def _given(draft: Draft) -> Safe:
    people = join(
        (say("{who} {at}", who=mention(a.by), at=clock(a.at)) for a in draft.given), ", "
    )
    return say("✅ Approved by {people}", people=people)


def _wanted(incident: Incident, draft: Draft, policy: Policy) -> Safe:
    needed = policy.of(incident.severity).approvals
    who = approvers(incident.commander, policy.approver_group)
    if needed == 1:
        return say("May approve: {who}", who=who)
    count = say("{given} of {needed} approvals", given=len(draft.given), needed=needed)
    return say("{count}, by different people. May approve: {who}", count=count, who=who)


def _because(trouble: str) -> Safe:
    return excerpt(trouble, REASON) or say("no reason was given")


def _retried(trouble: str) -> Safe:
    return say("The page has not taken it yet; it is tried again. {why}", why=_because(trouble))


def _looked_for(draft: Draft) -> Safe:
    return say(
        "The page is looked at for it; nothing is sent twice. Reason: {why}",
        why=_because(draft.trouble),
    )


def _look(incident: Incident, draft: Draft, page: PageInfo) -> Safe:
    """What was looked for, so that a person can look for the same."""
    at = clock(draft.sent_at) if draft.sent_at else escape("an unknown time")
    url = incident.page.url if draft.message.page_incident_id else page.url
    where = link(url, cut(clean(page.name), NAME) or "the status page", foreign=False)
    return say(
        "Sent at {at}, no answer came, and looking {n} did not find it."
        " Look on {where} for “{title}” at about that time, then say what you see.",
        at=at,
        n="once" if draft.looks == 1 else f"{draft.looks} times",
        where=bold(where),
        title=excerpt(draft.message.title, NAME),
    )


def _published(incident: Incident, draft: Draft) -> Safe:
    at = incident.page.published_at
    label = cut(clean(draft.message.title), NAME)
    where = link(incident.page.url, label, foreign=False)
    row = join([when(at) if at else Safe(), where])
    return (
        say("{row}\n{trouble}", row=row, trouble=_because(draft.trouble)) if draft.trouble else row
    )


def _page(page: PageInfo) -> Safe:
    return link(page.url, cut(clean(page.name), NAME), foreign=False)


def _row(text: Safe, block_id: str) -> Json:
    return kit.context(_line(text), block_id=block_id)


def _line(text: Safe) -> Safe:
    return cut_mrkdwn(text, LINE)


# --- what can be done ------------------------------------------------------------------------


def _buttons(draft: Draft, *, incident: Incident, policy: Policy, page: PageInfo) -> list[Json]:
    value = action_ids.encode_value(incident.incident_id, choice=draft.message.digest)
    edit = kit.button("Edit", action_id=action_ids.EDIT_PAGE, value=value)
    reject = kit.button("Reject with reason", action_id=action_ids.REJECT_PAGE, value=value)
    again = kit.button("Publish again", action_id=action_ids.PAGE_AGAIN, value=value)
    asked = _confirmation(draft, page)
    if draft.is_stuck:
        row = [kit.confirmed(again, **asked), edit, reject]
        verb = "republish"
    elif draft.state is DraftState.PENDING:
        approve = kit.button(
            "Approve & Publish", action_id=action_ids.APPROVE_PAGE, value=value, primary=True
        )
        row, verb = [kit.confirmed(approve, **asked), edit, reject], "approve"
    elif draft.state is DraftState.NEEDS_HUMAN:
        there = kit.button("It is there", action_id=action_ids.PAGE_THERE, value=value)
        again = kit.button(
            "Not there, publish again", action_id=action_ids.PAGE_AGAIN, value=value
        )
        row, verb = [there, kit.confirmed(again, **asked), reject], "confirm"
    else:
        return []
    hint = say("If a button does nothing: {typed}", typed=code(f"{verb} {draft.message.code}"))
    return [kit.actions(*row, block_id="card.buttons"), _row(hint, "card.typed")]


def _confirmation(draft: Draft, page: PageInfo) -> dict[str, str]:
    """What is asked before it is published."""
    message = draft.message
    names = ", ".join(_name(part) for part in message.components[:3])
    more = len(message.components) - 3
    parts = f"{names} and {more} more" if more > 0 else names or "none"
    reach = "How many are told is not known"
    if draft.subscribers is not None:
        reach = f"{draft.subscribers:,} subscribers are told"
    first = cut(" ".join(message.body.split()), FIRST_WORDS)
    return {
        "title": "Publish to customers?",
        "text": (
            f"Status page {cut(clean(page.name), NAME)}: {STATUS[message.status]}; components: "
            f"{cut(parts, MOST_PARTS)}. {reach}. “{first}”"
        ),
        "yes": "Publish",
    }
