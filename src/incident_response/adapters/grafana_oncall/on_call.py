"""From an alert's route to people: who is on call now, and whom the escalation reaches next; and
calling people.

Deadline: 5 s for the whole roster; what has not arrived by then is left out, and the roster says
so. Rosters and users are remembered for 5 minutes, and stand in, marked stale, for 12 hours (a
usual shift) while OnCall does not answer. Not here: whether a person may be invited (workflows).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import aiohttp

from incident_response.adapters.grafana_oncall.api import OnCallApi, Policy, Route, User
from incident_response.adapters.grafana_oncall.gathering import Gathering
from incident_response.adapters.grafana_oncall.paging import PAGING_BOUNDS, DirectPaging
from incident_response.adapters.http import (
    Bounds,
    Breaker,
    Credentials,
    Remembered,
    Vendor,
    VendorHttp,
)
from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import IncidentResponseError, UnavailableError
from incident_response.domain.people import Roster
from incident_response.ports.clock import Clock
from incident_response.ports.pager import Page

DEADLINE_SECONDS = 5.0
FRESH_FOR = timedelta(minutes=5)
USABLE_FOR = timedelta(hours=12)

_VENDOR = Vendor(
    name="Grafana OnCall",
    url_setting="GRAFANA_ONCALL_URL",
    credential_setting="GRAFANA_ONCALL_TOKEN",
)
_BOUNDS = Bounds(total_seconds=4.0, attempt_seconds=2.0)


class GrafanaOnCall:
    """``ports.on_call.OnCall`` and ``ports.pager.Pager`` on OnCall's public API.

    ``base_url`` is the OnCall API address without ``/api/v1``. ``grafana_url`` is needed only with
    a service account token: the address of the Grafana it belongs to.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        http: aiohttp.ClientSession,
        clock: Clock,
        grafana_url: str = "",
    ) -> None:
        headers = {"Authorization": token}
        if grafana_url:
            headers["X-Grafana-URL"] = grafana_url
        credentials = Credentials(headers=headers, secrets=(token,))

        def client(bounds: Bounds) -> VendorHttp:
            return VendorHttp(
                _VENDOR,
                base_url=base_url,
                credentials=credentials,
                http=http,
                clock=clock,
                bounds=bounds,
            )

        reading = client(_BOUNDS)
        self.breaker: Breaker = reading.breaker
        self._api = OnCallApi(reading)
        # By itself, so that trouble with reading does not keep anybody from being called.
        self._pages = DirectPaging(OnCallApi(client(PAGING_BOUNDS)))
        self._rosters = Remembered[tuple[str, str, str, str], Roster](
            clock=clock, fresh_for=FRESH_FOR, usable_for=USABLE_FOR
        )
        self._users = Remembered[str, User](
            clock=clock, fresh_for=FRESH_FOR, usable_for=USABLE_FOR, capacity=2_000
        )

    async def responders(self, route: OnCallRoute, *, team: str, service: str) -> Roster:
        """Level 0 is the first step of the escalation chain that the alert follows, or else
        whoever is on call in the team's schedules; see the port. OnCall knows no services.
        """
        key = (route.route_id, route.integration_id, route.team_id, team)
        found = await self._rosters.get(
            key, lambda: self._resolved(route, team), keep=_is_worth_remembering
        )
        return found.value.model_copy(update={"is_stale": found.is_stale})

    async def page(self, page: Page) -> tuple[str, ...]:
        """Call them by direct paging, urgently; see the port."""
        return await self._pages.page(page)

    async def ping(self) -> str:
        """What the token can see, for the doctor; raises what ``responders`` raises."""
        users, schedules = await asyncio.gather(
            self._api.count("users"), self._api.count("schedules")
        )
        return f"sees {_counted(users)} users and {_counted(schedules)} schedules"

    async def _resolved(self, route: OnCallRoute, team: str) -> Roster:
        gathering = Gathering()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._gather(gathering, route, team)
        except TimeoutError:
            late = UnavailableError(f"Grafana OnCall took longer than {DEADLINE_SECONDS:g} s")
            gathering.failed("The rest of the people", late)
        return gathering.roster()

    async def _gather(self, gathering: Gathering, route: OnCallRoute, team: str) -> None:
        """Ask one source after the other until one names people."""
        sources: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("The alert's route", lambda: self._by_route(gathering, route.route_id)),
            (
                "The alert's integration",
                lambda: self._by_integration(gathering, route.integration_id),
            ),
            ("The team's schedules", lambda: self._by_team(gathering, route.team_id, name=team)),
        )
        for label, ask in sources:
            await _separately(gathering, label, ask)
            if gathering.has_people:
                return
        gathering.note("Grafana OnCall names nobody who is on call for this alert")

    async def _by_route(self, gathering: Gathering, route_id: str) -> None:
        if route_id:
            route = await self._api.route(route_id)
            await self._by_chain(gathering, route.escalation_chain_id)

    async def _by_integration(self, gathering: Gathering, integration_id: str) -> None:
        if integration_id:
            routes = await self._api.routes_of(integration_id)
            await self._by_chain(gathering, _usual_chain(routes))

    async def _by_chain(self, gathering: Gathering, chain_id: str) -> None:
        """Each step of the chain is a level, and fails by itself."""
        if not chain_id:
            gathering.note("The alert's route has no escalation chain")
            return
        policies = [p for p in await self._api.policies_of(chain_id) if p.calls_people]
        async with asyncio.TaskGroup() as tasks:
            for level, policy in enumerate(policies):
                step = self._step(gathering, policy, level)
                tasks.create_task(_separately(gathering, f"Escalation step {level + 1}", step))

    def _step(
        self, gathering: Gathering, policy: Policy, level: int
    ) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            if policy.group_to_notify:
                gathering.note(
                    f"Escalation step {level + 1} calls a Slack user group,"
                    " whose members Grafana OnCall does not know"
                )
            if policy.notify_to_team_members:
                members = await self._api.members_of(policy.notify_to_team_members)
                for place, member in enumerate(members):
                    gathering.add(member, level=level, place=place)
            await self._add_users(gathering, policy.persons, level=level)
            if policy.notify_on_call_from_schedule:
                await self._by_schedule(gathering, policy.notify_on_call_from_schedule, level)

        return ask

    async def _by_schedule(self, gathering: Gathering, schedule_id: str, level: int) -> None:
        schedule = await self._api.schedule(schedule_id)
        if not schedule.on_call_now:
            gathering.note(f"Nobody is on call now in the schedule {schedule.name}")
        await self._add_users(gathering, schedule.on_call_now, level=level)

    async def _by_team(self, gathering: Gathering, team_id: str, *, name: str) -> None:
        if not team_id and name:
            team = await self._api.team_named(name)
            team_id = team.id if team else ""
        if not team_id:
            gathering.note("The alert names no team that Grafana OnCall knows")
            return
        schedules = await self._api.schedules_of(team_id)
        on_call = [user_id for schedule in schedules for user_id in schedule.on_call_now]
        await self._add_users(gathering, list(dict.fromkeys(on_call)), level=0)

    async def _add_users(self, gathering: Gathering, user_ids: list[str], *, level: int) -> None:
        """Look the users up at the same time; each is added, or fails, by itself."""

        async def look_up(user_id: str, place: int) -> None:
            found = await self._users.get(user_id, lambda: self._api.user(user_id))
            gathering.add(found.value, level=level, place=place)

        async with asyncio.TaskGroup() as tasks:
            for place, user_id in enumerate(user_ids):
                ask = partial(look_up, user_id, place)
                tasks.create_task(_separately(gathering, f"Grafana OnCall user {user_id}", ask))


async def _separately(gathering: Gathering, part: str, ask: Callable[[], Awaitable[None]]) -> None:
    try:
        await ask()
    except IncidentResponseError as error:
        gathering.failed(part, error)


def _is_worth_remembering(roster: Roster) -> bool:
    """Whether asking again within minutes would likely bring the same."""
    return bool(roster.people) and not roster.is_partial


def _usual_chain(routes: list[Route]) -> str:
    """The chain of the default route, or else of the first route that has one."""
    usual_first = sorted(routes, key=lambda route: not route.is_the_last_route)
    return next((r.escalation_chain_id for r in usual_first if r.escalation_chain_id), "")


def _counted(number: int | None) -> str:
    return "some" if number is None else str(number)
