"""What is said when people are called to an incident beyond those its room was made with: to the
room, to each of them, and to operators when there is nobody.

Not here: who is called when (workflows).
"""

from dataclasses import dataclass

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.people import mentions
from incident_response.blocks.text import (
    Safe,
    bold,
    channel,
    clock,
    excerpt,
    join,
    mention,
    say,
)
from incident_response.domain import ladder as steps
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json, UserId
from incident_response.domain.policy import Policy
from incident_response.domain.response import Call
from incident_response.ports.chat import Message

TITLE = 200
WHY = 200
MOST_UNRESOLVED = 10
UNRESOLVED = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A way of calling people that did not work."""

    way: str
    """For people, such as ``the pager``; may hold untrusted text, as ``why`` may."""
    why: str
    user: UserId | None = None
    """Who was not reached by it; None: everybody, or not known."""


def called(incident: Incident, call: Call, *, policy: Policy) -> Message:
    """Tells the room who is called and why; the newest call has the button until somebody
    acknowledges.
    """
    head = _head(call)
    rows = [head, _state(incident, call, policy)]
    blocks = [
        kit.section(
            join(rows, "\n"),
            block_id="called",
            accessory=acknowledge_button(incident) if _is_newest(incident, call) else None,
        ),
        *_unresolved(call.unresolved),
    ]
    return kit.message(join(rows), blocks)


def called_directly(incident: Incident, call: Call) -> Message:
    """Tells one person that they are called, where to, and how to say that they come."""
    head = say(
        "📣 *You are called* ({level}): {badge} {title}",
        level=_levels(call),
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    where = Safe()
    if incident.room is not None:
        room = channel(incident.room.channel_id, incident.room.name)
        where = say("You are invited to {room}.", room=room)
    do = say("*Acknowledge* tells everybody that you are on it; then nobody further is called.")
    text = join([head, _reason(call), join([where, do], " ")], "\n")
    buttons = [
        button for button in (acknowledge_button(incident), join_button(incident)) if button
    ]
    blocks = [kit.section(text, block_id="called")]
    if buttons:
        blocks.append(kit.actions(*buttons, block_id="answer"))
    return kit.message(join([head, _reason(call)]), blocks)


def not_everybody(call: Call, troubles: tuple[Trouble, ...]) -> Message:
    """Tells the room which ways of calling people did not work."""
    head = say("⚠️ *Not everybody was reached* ({level}).", level=_levels(call))
    rows = [_trouble(trouble) for trouble in troubles[:MOST_UNRESOLVED]]
    return kit.paragraph(join([head, *rows], "\n"), block_id="not_everybody")


def nobody_to_call(
    incident: Incident, call: Call, troubles: tuple[Trouble, ...], *, is_anybody_reached: bool
) -> Message:
    """Tells operators that an incident waits and that nobody could be called to it, or nobody of a
    step whose next was called instead.
    """
    head = say(
        "🚨 *Nobody could be called* ({level}) to {badge} {title}",
        level=_names(call.empty or call.levels),
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    where = Safe()
    if incident.room is not None:
        where = channel(incident.room.channel_id, incident.room.name)
    do = say("Call somebody by hand, and name people in the policy's contacts.")
    if is_anybody_reached:
        do = say("The next step was called instead. Name people in the policy's contacts.")
    rows = [excerpt(why, UNRESOLVED) for why in call.unresolved[:MOST_UNRESOLVED]]
    rows += [_trouble(trouble) for trouble in troubles[:MOST_UNRESOLVED]]
    return kit.paragraph(join([head, where, *rows, do], "\n"), block_id="nobody_to_call")


def acknowledged(by: UserId) -> Message:
    """Tells the room that somebody is on it."""
    text = say("✅ {who} is on it: nobody further is called.", who=mention(by))
    return kit.paragraph(text, block_id="acknowledged")


def acknowledged_already(incident: Incident) -> Message:
    """Tells a second person who acknowledged that somebody has."""
    by, at = incident.escalation.acknowledged_by, incident.escalation.acknowledged_at
    text = say("Somebody is on it already.")
    if by is not None and at is not None:
        text = say("{who} acknowledged at {at} already.", who=mention(by), at=clock(at))
    return kit.paragraph(text, block_id="acknowledged")


def escalation_line(incident: Incident, policy: Policy) -> Safe:
    """Who was called last and what comes next, in one line; empty where there is no ladder."""
    ladder = policy.of(incident.severity).ladder
    if not ladder or incident.is_closed:
        return Safe()
    reached = ladder[min(incident.escalation.level, len(ladder) - 1)].level
    return say("Called: {level} · {next}", level=reached, next=_next(incident, policy))


def acknowledge_button(incident: Incident) -> Json | None:
    """The *Acknowledge* button while it is wanted, else None."""
    if not steps.is_waiting(incident):
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Acknowledge", action_id=action_ids.ACKNOWLEDGE, value=value, primary=True)


def step_time(incident: Incident, policy: Policy) -> Safe:
    """``L2 is called at 03:15 unless somebody acknowledges``; empty if nobody will be."""
    ladder = policy.of(incident.severity).ladder
    step, at = steps.next_step(incident, ladder), steps.next_at(incident, ladder)
    if step is None or at is None or not steps.is_waiting(incident):
        return Safe()
    return say(
        "{level} is called at {at} unless somebody acknowledges",
        level=excerpt(step.level, 40),
        at=clock(at),
    )


def _head(call: Call) -> Safe:
    level, why = _levels(call), _reason(call)
    if not call.has_people:
        return say("🚨 *Nobody could be called for {level}.* {why}", level=level, why=why)
    who = mentions(call.users) if call.users else say("by pager")
    text = say("📣 *{level} is called:* {who}. {why}", level=level, who=who, why=why)
    if not call.empty:
        return text
    return say("{text} Nobody stands behind {empty}.", text=text, empty=_names(call.empty))


def _reason(call: Call) -> Safe:
    if call.by is None:
        return excerpt(call.why, WHY)
    by = mention(call.by)
    if not call.why:
        return say("{who} asked for it.", who=by)
    return say("{who} asked for it: {why}", who=by, why=excerpt(call.why, WHY))


def _state(incident: Incident, call: Call, policy: Policy) -> Safe:
    if not _is_newest(incident, call):
        return Safe()
    return _next(incident, policy)


def _next(incident: Incident, policy: Policy) -> Safe:
    by = incident.escalation.acknowledged_by
    if by is not None:
        return say("✅ {who} acknowledged.", who=mention(by))
    if incident.is_ending:
        return say("The incident is ending; nobody further is called.")
    following = step_time(incident, policy)
    return say("{next}.", next=following) if following else say("That was the last step.")


def _is_newest(incident: Incident, call: Call) -> bool:
    return call.number == len(incident.escalation.calls)


def _trouble(trouble: Trouble) -> Safe:
    way, why = excerpt(trouble.way, WHY), excerpt(trouble.why, WHY)
    if trouble.user is None:
        return say("{way}: {why}", way=way, why=why)
    return say("{who}, {way}: {why}", who=mention(trouble.user), way=way, why=why)


def _levels(call: Call) -> Safe:
    """The steps that are called; those with nobody behind them only if there are no others."""
    return _names(tuple(level for level in call.levels if level not in call.empty) or call.levels)


def _names(levels: tuple[str, ...]) -> Safe:
    return join((excerpt(level, 40) for level in levels), ", ")


def _unresolved(names: tuple[str, ...]) -> list[Json]:
    if not names:
        return []
    rows = join((excerpt(name, UNRESOLVED) for name in names[:MOST_UNRESOLVED]), "; ")
    return [kit.context(say("Not called: {names}", names=rows), block_id="not_called")]


def join_button(incident: Incident) -> Json | None:
    """The *Join* button while there is a room, else None."""
    if incident.room is None:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Join", action_id=action_ids.JOIN_ROOM, value=value)
