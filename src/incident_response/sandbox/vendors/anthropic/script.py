"""What the model says: scripted lines, chosen by what the prompt contains.

What belongs here: choosing an answer and how fast it comes. What does not: what is said where no
line was scripted (`unscripted.py`), how it is written on a wire (`messages.py`).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from incident_response.sandbox.vendors.anthropic.unscripted import unscripted

StopReason = Literal["end_turn", "max_tokens", "refusal"]


class Line(BaseModel):
    """One scripted answer: to prompts that contain `contains` (any case; empty: to all).

    It is given `times` times (None: always). A refusal says nothing, whatever `text` is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    contains: Annotated[str, Field(max_length=1_000)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    stop_reason: StopReason = "end_turn"
    times: Annotated[int, Field(ge=1)] | None = None


class Pace(BaseModel):
    """How fast answers come: seconds to the first token, then tokens a second (0: at once)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_token_seconds: Annotated[float, Field(ge=0, le=600)] = 0.0
    tokens_per_second: Annotated[float, Field(ge=0, le=100_000)] = 0.0

    def seconds(self, tokens: int) -> float:
        """Return how long `tokens` take once the first has come."""
        return tokens / self.tokens_per_second if self.tokens_per_second else 0.0


class Script:
    """The lines that are left, and the pace. Earlier lines are tried first."""

    def __init__(self) -> None:
        self.pace = Pace()
        self._lines: list[tuple[Line, int | None]] = []

    def add(self, line: Line) -> None:
        """Put a line at the end of the script."""
        self._lines.append((line, line.times))

    def clear(self) -> None:
        """Forget every line; the pace stays."""
        self._lines.clear()

    def lines(self) -> list[dict[str, object]]:
        """Return the lines with how often each is still given, as JSON objects."""
        return [{**line.model_dump(), "left": left} for line, left in self._lines]

    def answer(self, prompt: str) -> Line:
        """Return what is said to this prompt, spending the line that is used."""
        asked = prompt.casefold()
        for place, (line, left) in enumerate(self._lines):
            if line.contains.casefold() in asked:
                self._spend(place, line, left)
                return line
        return Line(text=unscripted(prompt))

    def _spend(self, place: int, line: Line, left: int | None) -> None:
        if left is None:
            return
        if left == 1:
            del self._lines[place]
        else:
            self._lines[place] = (line, left - 1)
