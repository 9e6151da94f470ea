"""What a person who takes a role does now, told privately in one line.

Not here: telling the room (replies).
"""

from incident_response.blocks import kit
from incident_response.blocks.text import Safe, bold, say
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.ports.chat import Message


def duty(role: Role, *, policy: Policy) -> Message:
    """The role's duty, for the person who has just taken it."""
    return kit.paragraph(duty_line(role, policy=policy), block_id="duty")


def duty_line(role: Role, *, policy: Policy) -> Safe:
    """The same as a text."""
    return say("You are {role}. {duty}", role=bold(role.label), duty=policy.duty(role))
