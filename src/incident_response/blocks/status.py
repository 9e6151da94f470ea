"""The answer to ``status``: what somebody who comes late needs in ten seconds.

Not here: the full facts (facts).
"""

from datetime import datetime

from incident_response.blocks import kit, words
from incident_response.blocks.controls import controls
from incident_response.blocks.escalation import escalation_line
from incident_response.blocks.life_buttons import life_row
from incident_response.blocks.missing import in_short
from incident_response.blocks.page_replies import customers, draft_button, waiting_draft
from incident_response.blocks.people import command_line, mentions, take_command
from incident_response.blocks.text import Safe, bold, channel, escape, excerpt, join, mention, say
from incident_response.blocks.text import when as at_time
from incident_response.domain.briefing import Briefing
from incident_response.domain.incident import Incident
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.ports.chat import Message

TITLE = 300
MOST_RESPONDERS = 10


def status(
    incident: Incident,
    briefing: Briefing,
    now: datetime,
    *,
    policy: Policy,
    has_page: bool = False,
) -> Message:
    """Where it stands, who does what, since when, how far the checklist is, what is missing; and
    what can be changed. ``has_page``: whether customers can be told on a status page.
    """
    head = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    state = _state(incident, now)
    people = join([command_line(incident), *_others(incident)])
    rows = [
        head,
        state,
        people,
        _responders(incident),
        escalation_line(incident, policy),
        _progress(incident),
        customers(incident) if has_page else Safe(),
        in_short(briefing),
    ]
    body = kit.section(join(rows, "\n"), block_id="status", accessory=take_command(incident))
    buttons = [*controls(incident, policy=policy), *life_row(incident)]
    if has_page and waiting_draft(incident) is None:
        buttons.append(kit.actions(draft_button(incident), block_id="customers"))
    return kit.message(join([head, state, command_line(incident)]), [body, *buttons])


def _state(incident: Incident, now: datetime) -> Safe:
    since = say(
        "began {at} ({ago})",
        at=at_time(incident.started_at),
        ago=words.ago(incident.started_at, now),
    )
    alert = escape(words.ALERT[incident.alert_state])
    room = channel(incident.room.channel_id, incident.room.name) if incident.room else Safe()
    return join([escape(words.status(incident)), since, alert, room])


def _others(incident: Incident) -> list[Safe]:
    return [
        say("{role}: {who}", role=role.label, who=mention(incident.roles[role]))
        for role in Role
        if role is not Role.COMMANDER and role in incident.roles
    ]


def _responders(incident: Incident) -> Safe:
    if not incident.responders:
        return say("Responders: nobody yet")
    return say("Responders: {who}", who=mentions(incident.responders, MOST_RESPONDERS))


def _progress(incident: Incident) -> Safe:
    done = sum(item.is_checked for item in incident.checklist)
    following = next((item.text for item in incident.checklist if not item.is_checked), "")
    progress = say("Checklist: {done} of {all}", done=done, all=len(incident.checklist))
    if not following:
        return progress
    return join([progress, say("next: {item}", item=excerpt(following, 80))])
