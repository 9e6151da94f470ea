"""Who does what in an incident.

Not here: who may take a role (workflows), how one is shown (blocks).
"""

from enum import StrEnum


class Role(StrEnum):
    """A role a person takes in one incident."""

    COMMANDER = "ic"
    TECHNICAL_LEAD = "tech"
    COMMUNICATIONS_LEAD = "comms"
    SCRIBE = "scribe"

    @property
    def label(self) -> str:
        """The role's full name."""
        return _ROLES[self][0]

    @property
    def duty(self) -> str:
        """One line that says what the person does now."""
        return _ROLES[self][1]

    @classmethod
    def parse(cls, word: str) -> "Role | None":
        """The role a person's word means, None for an unknown word."""
        return _WORDS.get(word.strip().lower().replace("_", "-"))


_ROLES = {
    Role.COMMANDER: (
        "Incident commander",
        "You decide and coordinate; leave the fixing to others, say every 15 minutes how it is.",
    ),
    Role.TECHNICAL_LEAD: (
        "Technical lead",
        "You lead diagnosis and fix; tell the commander what you know, suspect and try next.",
    ),
    Role.COMMUNICATIONS_LEAD: (
        "Communications lead",
        "You write what customers and colleagues read, and have the commander approve it.",
    ),
    Role.SCRIBE: (
        "Scribe",
        "You keep the timeline: what was seen, decided and done, and when.",
    ),
}

_WORDS = {
    **{role.value: role for role in Role},
    "commander": Role.COMMANDER,
    "incident-commander": Role.COMMANDER,
    "captain": Role.COMMANDER,
    "lead": Role.COMMANDER,
    "technical-lead": Role.TECHNICAL_LEAD,
    "tech-lead": Role.TECHNICAL_LEAD,
    "tl": Role.TECHNICAL_LEAD,
    "communications": Role.COMMUNICATIONS_LEAD,
    "communications-lead": Role.COMMUNICATIONS_LEAD,
    "comms-lead": Role.COMMUNICATIONS_LEAD,
}
