"""The company's directory. Not here: any identity provider."""

from typing import Protocol

from incident_response.domain.people import Roster


class Directory(Protocol):
    """Lists the members of a team's group."""

    async def members(self, *, team: str, service: str) -> Roster:
        """Active members with e-mail addresses; an unmapped team is an empty roster that says so
        in ``unresolved``.

        Raises ``RetryableError`` or ``PermanentError``.
        """
        ...
