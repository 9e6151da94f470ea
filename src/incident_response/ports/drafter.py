"""Somebody who writes: a language model, or a template.

Only ``workflows.drafting`` may ask one: it redacts what goes in and checks what comes out. Not
here: what is written, redaction, any vendor.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from incident_response.domain.redaction import RedactedBrief


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written, and what it cost."""

    text: str
    model: str
    """The model's name; ``template`` if none wrote it."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float = 0.0
    why_unfit: str = ""
    """Why the text must not be used although it was paid for: it was cut, or refused."""


class Drafter(Protocol):
    """Writes what a brief asks for."""

    async def write(self, brief: RedactedBrief, *, within: timedelta) -> Written:
        """The text; takes no longer than ``within``.

        Raises ``RetryableError`` or ``RefusedError``.
        """
        ...
