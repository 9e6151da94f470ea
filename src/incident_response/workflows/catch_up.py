"""Tells somebody who comes late what they have to know.

Not here: the words of a writer (drafting), how it is drawn (blocks).
"""

from dataclasses import dataclass
from typing import Protocol

from incident_response.domain.incident import Incident
from incident_response.domain.redaction import Material
from incident_response.domain.timeline import TimelineRow
from incident_response.workflows.timeline import Timeline

MOST_ROWS = 40
"""Newest rows that a writer reads."""


class WrittenCatchup(Protocol):
    """A text, and whether a model wrote it; ``workflows.drafting.Drafted`` is one."""

    @property
    def text(self) -> str: ...
    @property
    def is_template(self) -> bool: ...


class CatchupWriter(Protocol):
    """Writes a summary; ``workflows.drafting.Drafting`` is one."""

    async def catchup(
        self, incident: Incident, material: tuple[Material, ...]
    ) -> WrittenCatchup: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """What to tell."""

    rows: tuple[TimelineRow, ...]
    """The whole timeline, oldest first."""
    written: str = ""
    """A model's summary; empty if none wrote one."""


class CatchUpDesk:
    """Sums up an incident."""

    def __init__(self, *, timeline: Timeline, writer: CatchupWriter | None) -> None:
        self._timeline = timeline
        self._writer = writer

    async def of(self, incident: Incident) -> CatchUp:
        """The timeline, and a model's summary of it where there is one."""
        rows = await self._timeline.rows(incident.incident_id)
        if self._writer is None:
            return CatchUp(rows=rows)
        written = await self._writer.catchup(incident, _material(incident, rows))
        return CatchUp(rows=rows, written="" if written.is_template else written.text)


def _material(incident: Incident, rows: tuple[TimelineRow, ...]) -> tuple[Material, ...]:
    """People by their part in it, not by name."""
    parts = {who: role.label.lower() for role, who in incident.roles.items()}
    told = [
        f"{row.at:%H:%M} {row.text(lambda user: parts.get(user, 'a responder'))}"
        for row in rows[-MOST_ROWS:]
    ]
    return (Material(label="what happened", text="\n".join(told)),) if told else ()
