"""A code host without a wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_response.domain.context import ChangeExcerpt
from tests.fakes.behaviour import Behaviour


@dataclass
class FakeCodeHost:
    """``ports.code_host.CodeHost``: what is known of each service; of its commits those of the
    last four hours are given.
    """

    changes: Mapping[str, ChangeExcerpt]
    behaviour: Behaviour = field(default_factory=Behaviour)

    async def recent_changes(self, service: str, *, until: datetime, limit: int) -> ChangeExcerpt:
        is_empty = await self.behaviour.meet()
        known = self.changes.get(service, ChangeExcerpt())
        start = until - timedelta(hours=4)
        recent = [c for c in known.commits if start <= c.at <= until and not is_empty]
        newest = sorted(recent, key=lambda commit: commit.at, reverse=True)[:limit]
        owners = known.owners if newest else ()
        return known.model_copy(update={"commits": tuple(newest), "owners": owners})
