"""Something that puts an event into a queue at a later time, once or again and again.

Not here: what the event does; its handler looks at the state then, because a schedule may fire
late or twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from incident_response.domain.model import Json

SCHEDULED_AT = "scheduled_at"
"""Key that the scheduler adds to the event's body: the ISO time of the slot, the same at every
redelivery.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The whole desired state of one schedule."""

    name: str
    """At most 64 of ``[A-Za-z0-9_.-]``."""
    queue: str
    type: str
    group: str
    body: Json
    first_at: datetime
    every: timedelta | None = None
    """None: once, then it is gone."""
    until: datetime | None = None
    """No slot after this; an orphan dies here."""
    is_enabled: bool = True


class Scheduler(Protocol):
    """Keeps schedules."""

    async def put(self, schedule: Schedule) -> None:
        """Create it, or make the existing one of that name equal to it."""
        ...

    async def get(self, name: str) -> Schedule | None: ...

    async def delete(self, name: str) -> None:
        """Gone when this returns; nothing happens if there is none."""
        ...
