"""The part of Grafana OnCall's public API, version 1, that we use.

The token goes bare into ``Authorization`` (no ``Bearer``), every path ends in a slash (a missing
one is a redirect), lists come in pages with the address of the ``next``. Not here: what the
objects mean for an incident (on_call).
"""

import re
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, Field, TypeAdapter

from incident_response.adapters.http import Params, Text, VendorHttp, Wire, path_segment
from incident_response.domain.errors import NotFoundError, RefusedError
from incident_response.domain.model import Json

_MOST_PAGES = 20
"""Pages of one list that are read: 2,000 users."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _as_list(value: object) -> object:
    """Slack identities come as a list, one object, or null, by the version of the engine."""
    if value is None:
        return []
    return [value] if isinstance(value, dict) else value


P = TypeVar("P", bound="_Page")


class SlackIdentity(Wire):
    """Who a user is in Slack, as OnCall was told by the user's own login."""

    user_id: Text = ""


class User(Wire):
    """Somebody OnCall can page."""

    id: str
    username: Text = ""
    name: Text = ""
    email: Text = ""
    slack: Annotated[list[SlackIdentity], BeforeValidator(_as_list)] = Field(default_factory=list)
    teams: list[str] = Field(default_factory=list)


class Route(Wire):
    """Which escalation chain the alerts of an integration follow."""

    id: str
    escalation_chain_id: Text = ""
    is_the_last_route: bool = False
    """Whether this is the default route of its integration."""


class Policy(Wire):
    """One step of an escalation chain; which of the fields are set depends on ``type``."""

    id: str
    position: int = 0
    type: Text = ""
    notify_on_call_from_schedule: Text = ""
    persons_to_notify: list[str] | None = None
    persons_to_notify_next_each_time: list[str] | None = None
    notify_to_team_members: Text = ""
    group_to_notify: Text = ""

    @property
    def persons(self) -> list[str]:
        """Ids of the users it names."""
        return [*(self.persons_to_notify or ()), *(self.persons_to_notify_next_each_time or ())]

    @property
    def calls_people(self) -> bool:
        """Whether anybody is paged by it (others wait, call webhooks, post to channels)."""
        return bool(
            self.notify_on_call_from_schedule
            or self.persons
            or self.notify_to_team_members
            or self.group_to_notify
        )


class Schedule(Wire):
    """A rota."""

    id: str
    name: Text = ""
    on_call_now: list[str] = Field(default_factory=list)


class Team(Wire):
    """A team of OnCall's."""

    id: str
    name: Text = ""


class _Page(Wire):
    next: Text = ""
    count: int | None = None


class _Users(_Page):
    results: list[User]


class _Routes(_Page):
    results: list[Route]


class _Policies(_Page):
    results: list[Policy]


class _Schedules(_Page):
    results: list[Schedule]


class _Teams(_Page):
    results: list[Team]


class _AlertGroup(Wire):
    id: str


Collection = Literal["users", "schedules"]
_USER = TypeAdapter(User)
_ROUTE = TypeAdapter(Route)
_SCHEDULE = TypeAdapter(Schedule)
_USERS = TypeAdapter(_Users)
_ROUTES = TypeAdapter(_Routes)
_POLICIES = TypeAdapter(_Policies)
_SCHEDULES = TypeAdapter(_Schedules)
_TEAMS = TypeAdapter(_Teams)
_ANY_PAGE = TypeAdapter(_Page)
_ALERT_GROUP = TypeAdapter(_AlertGroup)


class OnCallApi:
    """Objects and whole lists; reading raises what ``VendorHttp.read`` raises."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    async def user(self, user_id: str) -> User:
        return await self._http.read(_one("users", user_id), _USER)

    async def route(self, route_id: str) -> Route:
        return await self._http.read(_one("routes", route_id), _ROUTE)

    async def schedule(self, schedule_id: str) -> Schedule:
        return await self._http.read(_one("schedules", schedule_id), _SCHEDULE)

    async def routes_of(self, integration_id: str) -> list[Route]:
        """The integration's routes in their order, the default one last."""
        wanted = {"integration_id": _checked(integration_id)}
        pages = await self._pages("routes", _ROUTES, wanted)
        return [route for page in pages for route in page.results]

    async def policies_of(self, chain_id: str) -> list[Policy]:
        """The steps of an escalation chain in order."""
        wanted = {"escalation_chain_id": _checked(chain_id)}
        pages = await self._pages("escalation_policies", _POLICIES, wanted)
        return sorted((p for page in pages for p in page.results), key=lambda p: p.position)

    async def schedules_of(self, team_id: str) -> list[Schedule]:
        """The team's schedules."""
        pages = await self._pages("schedules", _SCHEDULES, {"team_id": _checked(team_id)})
        return [schedule for page in pages for schedule in page.results]

    async def members_of(self, team_id: str) -> list[User]:
        """The team's users; OnCall has no filter for them."""
        pages = await self._pages("users", _USERS, {})
        return [user for page in pages for user in page.results if team_id in user.teams]

    async def team_named(self, name: str) -> Team | None:
        """The team of this name in any case: the service's own filter is exact."""
        pages = await self._pages("teams", _TEAMS, {})
        teams = (team for page in pages for team in page.results)
        return next((team for team in teams if team.name.casefold() == name.casefold()), None)

    async def user_of(self, email: str) -> User | None:
        """The user with this address in any case; asked for by it first, since the filter may be
        exact.
        """
        wanted: tuple[Params, ...] = ({"email": email}, {})
        for params in wanted:
            pages = await self._pages("users", _USERS, params)
            users = (user for page in pages for user in page.results)
            for user in users:
                if user.email.casefold() == email.casefold():
                    return user
        return None

    async def escalate(self, body: Json) -> None:
        """Direct paging: call users or a team, in a new alert group or one there is.

        Raises what ``VendorHttp.write`` raises.
        """
        await self._http.write("POST", "/api/v1/escalation/", body, shape=_ALERT_GROUP)

    async def count(self, collection: Collection) -> int | None:
        """How many there are, None where this version does not say."""
        page = await self._http.read(f"/api/v1/{collection}/", _ANY_PAGE)
        return page.count

    async def _pages(self, collection: str, shape: TypeAdapter[P], wanted: Params) -> list[P]:
        """Every page of a list.

        Of the ``next`` address only the query is taken: behind a proxy its scheme and host are
        often not ours, and the token goes nowhere else.
        """
        pages: list[P] = []
        asked: list[Params] = []
        params: Params = wanted
        while params not in asked:
            if len(pages) == _MOST_PAGES:
                raise RefusedError(
                    f"Grafana OnCall has more than {_MOST_PAGES} pages of {collection}",
                    reason="too_many_pages",
                )
            asked.append(params)
            page = await self._http.read(f"/api/v1/{collection}/", shape, params)
            pages.append(page)
            if not page.next:
                return pages
            params = {**wanted, **dict(parse_qsl(urlsplit(page.next).query))}
        raise RefusedError(
            f"Grafana OnCall repeats a page of its {collection}", reason="repeated_page"
        )


def _one(collection: str, object_id: str) -> str:
    return f"/api/v1/{collection}/{path_segment(_checked(object_id))}/"


def _checked(object_id: str) -> str:
    """``object_id`` if it can be one: ids arrive in alerts, which anybody may have filled in."""
    if not _ID.fullmatch(object_id):
        raise NotFoundError("Grafana OnCall can have no object of this id")
    return object_id
