"""A company directory without a wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from incident_response.domain.people import Roster
from tests.fakes.behaviour import Behaviour


@dataclass
class FakeDirectory:
    """``ports.directory.Directory``: rosters by team (or service) in any case."""

    rosters: Mapping[str, Roster]
    behaviour: Behaviour = field(default_factory=Behaviour)

    async def members(self, *, team: str, service: str) -> Roster:
        if await self.behaviour.meet():
            return Roster(total=0)
        known = {name.casefold(): roster for name, roster in self.rosters.items()}
        found = known.get(team.casefold()) or known.get(service.casefold())
        return found or Roster(unresolved=(f"Team {team or service} has no directory group",))
