"""How bad it is: P0 (everything is down) to P4 (for the record).

Not here: what one means and what follows from it (policy).
"""

from enum import StrEnum


class Severity(StrEnum):
    """The severity of an incident; a lower number is worse."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    def is_worse_than(self, other: "Severity") -> bool:
        """Whether it is nearer to P0."""
        return self.value < other.value

    @classmethod
    def parse(cls, text: str) -> "Severity | None":
        """The severity a source's word stands for (``critical``, ``sev1``, ``p2`` ...), None for
        an unknown word.
        """
        return _WORDS.get(text.strip().lower())


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
