"""Who is on call. Not here: any on-call product."""

from typing import Protocol

from incident_response.domain.alert import OnCallRoute
from incident_response.domain.people import Roster


class OnCall(Protocol):
    """Resolves an alert's route to people."""

    async def responders(self, route: OnCallRoute, *, team: str, service: str) -> Roster:
        """Who is on call now (level 0, first first) and the escalation steps' people (level 1...).

        Raises ``RetryableError`` or ``PermanentError``; never invents anybody.
        """
        ...
