"""Buttons and lists with which a person steers an incident: roles, impact, escalation, command.

Each does what a command does. Not here: the message they stand in (status, impact), what they do
(actions).
"""

from incident_response.blocks import action_ids, kit
from incident_response.blocks.escalation import acknowledge_button
from incident_response.blocks.severity import severity_select
from incident_response.blocks.text import say
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.policy import Policy
from incident_response.domain.response import Impact
from incident_response.domain.roles import Role
from incident_response.ports.chat import Message

IMPACT_LABELS = {
    Impact.CUSTOMERS: "Several customers affected",
    Impact.SECURITY: "Security",
    Impact.REVENUE: "Revenue",
}
IMPACT_CONFIRM = {
    Impact.CUSTOMERS: "The next people are called at once.",
    Impact.SECURITY: "It becomes a P0, and the next people are called at once.",
    Impact.REVENUE: "The next people are called at once.",
}


def controls(incident: Incident, *, policy: Policy) -> list[Json]:
    """Rows of everything that can be changed now; none once it is closed."""
    if incident.is_closed:
        return []
    row = [severity_select(incident, policy=policy), role_select(incident)]
    acknowledge, hand_over = acknowledge_button(incident), hand_over_button(incident)
    row += [button for button in (acknowledge, hand_over) if button is not None]
    row += [escalate_button(incident)] if policy.of(incident.severity).ladder else []
    blocks = [kit.actions(*row, block_id="controls")]
    impacts = impact_buttons(incident)
    return [*blocks, kit.actions(*impacts, block_id="impacts")] if impacts else blocks


def role_select(incident: Incident) -> Json:
    """A list of roles to take."""
    options = [
        kit.option(role.label, action_ids.encode_value(incident.incident_id, choice=role.value))
        for role in Role
    ]
    return kit.select("Take a role", options, action_id=action_ids.TAKE_ROLE)


def impact_buttons(incident: Incident) -> list[Json]:
    """A button for each impact that has not been raised yet; each asks before it calls people."""
    return [
        kit.confirmed(
            kit.button(
                IMPACT_LABELS[impact],
                action_id=f"{action_ids.RAISE_IMPACT}.{impact.value}",
                value=action_ids.encode_value(incident.incident_id, choice=impact.value),
            ),
            title="Call more people?",
            text=IMPACT_CONFIRM[impact],
            yes="Raise it",
        )
        for impact in Impact
        if impact not in incident.impacts
    ]


def escalate_button(incident: Incident) -> Json:
    """Calls the next people now."""
    button = kit.button(
        "Escalate",
        action_id=action_ids.ESCALATE,
        value=action_ids.encode_value(incident.incident_id),
    )
    return kit.confirmed(
        button,
        title="Call more people?",
        text="The next step of the escalation is called now.",
        yes="Call them",
    )


def hand_over_button(incident: Incident) -> Json | None:
    """Asks the room who takes command, while somebody has it."""
    if incident.commander is None:
        return None
    value = action_ids.encode_value(incident.incident_id)
    return kit.button("Hand over", action_id=action_ids.HAND_OVER, value=value)


def impacts(incident: Incident, *, policy: Policy) -> Message:
    """Asks what the incident hurts."""
    text = say("Whom does it hurt? Each of these calls the next people at once.")
    if not policy.of(incident.severity).ladder:
        text = say("The policy has nobody to call for this severity; raise the severity.")
    buttons = impact_buttons(incident)
    if not buttons:
        return kit.paragraph(say("Every impact has been raised."), block_id="impacts")
    return kit.message(
        text, [kit.section(text, block_id="impact"), kit.actions(*buttons, block_id="impacts")]
    )
