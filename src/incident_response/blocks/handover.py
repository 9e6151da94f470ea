"""What is said when command goes from one person to another: the question to the room, and where
things stand to whoever takes it.

Not here: who may (workflows), the duty itself (duty).
"""

from datetime import datetime

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.duty import duty_line
from incident_response.blocks.escalation import escalation_line
from incident_response.blocks.text import Safe, join, mention, say
from incident_response.domain.incident import Incident
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.ports.chat import Message


def command_offered(incident: Incident) -> Message:
    """Asks the room who takes command; who has it keeps it until somebody does."""
    who = mention(incident.commander or "")
    text = say("🤝 {who} would like to hand over command. Who takes it?", who=who)
    value = action_ids.encode_value(incident.incident_id)
    take = kit.button("Take command", action_id=action_ids.TAKE_COMMAND, value=value, primary=True)
    return kit.paragraph(text, block_id="command_offered", accessory=take)


def taken_over(incident: Incident, now: datetime, *, policy: Policy) -> Message:
    """The duty, then where things stand, for a new commander alone."""
    rows = [_update(incident, now), _draft(incident), escalation_line(incident, policy)]
    standing = say("*Where it stands:* {rows}", rows=join(rows))
    duty = duty_line(Role.COMMANDER, policy=policy)
    return kit.paragraph(join([duty, standing], "\n"), block_id="taken_over")


def _update(incident: Incident, now: datetime) -> Safe:
    if incident.last_update_at is None:
        return say("no update has been given yet")
    return say("last update {ago}", ago=words.ago(incident.last_update_at, now))


def _draft(incident: Incident) -> Safe:
    draft = incident.page.draft
    if draft is None:
        return say("customers have been told nothing") if not incident.page.url else Safe()
    state = draft.state.value.lower().replace("_", " ")
    return say("message to customers no. {n}: {state}", n=draft.number, state=state)
