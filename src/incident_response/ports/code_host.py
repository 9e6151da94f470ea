"""Where the service's code lives. Not here: any product."""

from datetime import datetime
from typing import Protocol

from incident_response.domain.context import ChangeExcerpt


class CodeHost(Protocol):
    """Reads recent changes."""

    async def recent_changes(self, service: str, *, until: datetime, limit: int) -> ChangeExcerpt:
        """Newest commits of the four hours before ``until`` and the owners; an unmapped service
        has no repository.
        """
        ...
