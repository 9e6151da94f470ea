"""Answers to people who invited somebody, gave a role, joined, declared or asked
again for what is missing.

Not here: why something could not be done (refusals).
"""

from collections.abc import Sequence
from typing import Final

from incident_response.blocks import kit, words
from incident_response.blocks.people import mentions
from incident_response.blocks.severity import severity_select
from incident_response.blocks.text import (
    Safe,
    bold,
    channel,
    escape,
    excerpt,
    join,
    mention,
    say,
)
from incident_response.domain.briefing import Part
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.ports.chat import Invited, Message

_REFUSALS: Final = {
    "cant_invite_self": "that is me",
    "cant_invite": "the workspace does not allow it",
    "org_user_not_in_team": "is not in this workspace",
    "ura_max_channels": "is a guest who can be in no more channels",
    "user_disabled": "the account is deactivated",
    "user_is_restricted": "is a guest",
    "user_is_ultra_restricted": "is a guest",
    "user_not_found": "is not in this workspace",
}
"""Slack's words for a refused invitation (``conversations.invite``), for people."""
MOST_REFUSED = 10


def invited(result: Invited) -> Message:
    """Who is in the room now, and who could not be invited and why."""
    rows = []
    if result.joined:
        rows.append(say("✅ In the room: {who}", who=mentions(result.joined)))
    for user, reason in list(result.refused.items())[:MOST_REFUSED]:
        why = _REFUSALS.get(reason, reason.replace("_", " "))
        rows.append(say("⚠️ Not invited: {who} ({why})", who=mention(user), why=why))
    if len(result.refused) > MOST_REFUSED:
        rows.append(say("and {n} more not invited", n=len(result.refused) - MOST_REFUSED))
    return kit.paragraph(join(rows, "\n") or say("Nobody was invited."), block_id="invited")


def role_assigned(
    role: Role, holder: UserId, *, by: UserId, previous: UserId | None = None
) -> Message:
    """Tells the room who has a role now, from whom and by whom."""
    text = say("👤 {who} is {role} now", who=mention(holder), role=bold(role.label))
    extra = []
    if previous and previous != holder:
        extra.append(say("was {who}", who=mention(previous)))
    if by != holder:
        extra.append(say("given by {who}", who=mention(by)))
    details = say(" ({extra})", extra=join(extra, ", ")) if extra else Safe()
    text = say("{text}{details}.", text=text, details=details)
    return kit.paragraph(text, block_id="role")


def roles(incident: Incident) -> Message:
    """Who has which role."""
    rows = [
        say("{role}: {who}", role=bold(role.label), who=_holder(incident, role)) for role in Role
    ]
    return kit.paragraph(join(rows, "\n"), block_id="roles")


def joined(incident: Incident, *, policy: Policy) -> Message:
    """Tells the person who clicked *Join* where the room is; one that is only recorded has none
    until it is raised.
    """
    if incident.room is None and not policy.opens_room(incident.severity):
        return _recorded(incident, policy, block_id="joined")
    if incident.room is None:
        text = say("The room is still being set up; you are invited as soon as it stands.")
    else:
        room = channel(incident.room.channel_id, incident.room.name)
        text = say("✅ You are in {room}.", room=room)
    return kit.paragraph(text, block_id="joined")


def declared(incident: Incident, *, policy: Policy) -> Message:
    """Tells the person who declared an incident that it is on its way."""
    head = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), 300)),
    )
    if incident.room:
        room = channel(incident.room.channel_id, incident.room.name)
        where = say("The room: {room}", room=room)
    elif policy.opens_room(incident.severity):
        where = say("The room is being set up; you will be invited.")
    else:
        return _recorded(incident, policy, block_id="declared", head=head)
    return kit.paragraph(
        say("✅ Declared: {head}\n{where}", head=head, where=where), block_id="declared"
    )


def _recorded(
    incident: Incident, policy: Policy, *, block_id: str, head: Safe | None = None
) -> Message:
    """That it is a mere record, and the list with which it is raised."""
    text = say("It is recorded; {severity} opens no room.", severity=incident.severity)
    if head is not None:
        text = say("✅ Declared: {head}\n{text}", head=head, text=text)
    blocks = [kit.section(text, block_id=block_id)]
    if not incident.is_closed:
        choice = severity_select(incident, policy=policy)
        blocks.append(kit.actions(choice, block_id="choose"))
    return kit.message(text, blocks)


def asking_again(parts: Sequence[Part], pending: Sequence[Part]) -> Message:
    """Which missing parts are asked for again, and which are still being asked for."""
    rows = []
    if parts:
        rows.append(say("🔁 Asking again: {parts}", parts=_labels(parts)))
    if pending:
        rows.append(say("⏳ Still asking: {parts}", parts=_labels(pending)))
    return kit.paragraph(join(rows, "\n") or say("Nothing is missing."), block_id="retried")


def _labels(parts: Sequence[Part]) -> Safe:
    return join((excerpt(part.label, 60) for part in parts), ", ")


def _holder(incident: Incident, role: Role) -> Safe:
    holder = incident.roles.get(role)
    return mention(holder) if holder else escape("nobody")
