"""Where alerts wait while the intake cannot take them.

Not here: when an alert goes there and when it is handed over (workflows.accept_alert).
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from incident_response.domain.alert import IntakeRecord


class Spool(Protocol):
    """Keeps records in the order of their arrival until each was taken; shares no part with the
    store whose place it takes.
    """

    async def append(self, record: IntakeRecord) -> None:
        """Keep ``record``; durable when this returns.

        Raises ``UnavailableError`` when it is not kept, as when the spool is full. An append that
        is cancelled may have kept it.
        """
        ...

    async def drain(self, put: Callable[[IntakeRecord], Awaitable[None]]) -> int:
        """Hand every record to ``put``, the oldest first; returns how many it took.

        A record is forgotten after ``put`` returned, so that a crash hands it over again: at least
        once, and the event id makes it once. What ``put`` raises ends the draining and is raised;
        that record and those behind it stay. Appends go on meanwhile. Where another process is
        draining, there is nothing to do here. What cannot be read is kept aside and logged, never
        passed over in silence. Raises ``UnavailableError`` when the spool cannot be read now.
        """
        ...
