"""An on-call product without a wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from incident_response.domain.alert import OnCallRoute
from incident_response.domain.people import Roster
from tests.fakes.behaviour import Behaviour

NOBODY = Roster(unresolved=("Nobody is named as on call for this alert",))


@dataclass
class FakeOnCall:
    """``ports.on_call.OnCall``: rosters by route id, integration id, or team id or name; the first
    that is known answers.
    """

    rosters: Mapping[str, Roster]
    behaviour: Behaviour = field(default_factory=Behaviour)

    async def responders(self, route: OnCallRoute, *, team: str, service: str) -> Roster:
        if await self.behaviour.meet():
            return NOBODY
        keys = (route.route_id, route.integration_id, route.team_id, team)
        return next((self.rosters[key] for key in keys if key in self.rosters), NOBODY)
