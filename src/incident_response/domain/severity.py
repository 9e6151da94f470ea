"""How bad it is: P0 (everything is down) to P4 (for the record).

Not here: what follows from a severity for cadence, escalation and approval (a policy).
"""

from enum import StrEnum


class Severity(StrEnum):
    """The severity of an incident; a lower number is worse."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def meaning(self) -> str:
        """One plain line for the point of choice."""
        return _MEANINGS[self]

    @property
    def opens_room(self) -> bool:
        """Whether an alert of this severity opens a war room by itself; P4 is only recorded."""
        return self is not Severity.P4

    @classmethod
    def parse(cls, text: str) -> "Severity | None":
        """The severity a source's word stands for (``critical``, ``sev1``, ``p2`` ...), None for
        an unknown word.
        """
        return _WORDS.get(text.strip().lower())


_MEANINGS = {
    Severity.P0: "Critical: complete outage, data loss or a security breach",
    Severity.P1: "High: a major function is impaired for many users",
    Severity.P2: "Medium: a minor function is impaired for some users",
    Severity.P3: "Low: minimal impact, few users affected",
    Severity.P4: "For the record: no user is affected",
}

_WORDS = {
    **{f"{prefix}{s.value[1]}": s for s in Severity for prefix in ("p", "sev", "sev-", "sev ")},
    "emergency": Severity.P0,
    "disaster": Severity.P0,
    "page": Severity.P1,
    "critical": Severity.P1,
    "high": Severity.P1,
    "error": Severity.P1,
    "major": Severity.P1,
    "medium": Severity.P2,
    "warning": Severity.P2,
    "minor": Severity.P2,
    "low": Severity.P3,
    "info": Severity.P4,
    "none": Severity.P4,
}
