"""WorkOS Directory Sync as the company's directory.

Deadline: 5 s for all pages of a group. WorkOS allows four requests a second for a directory, so a
group of thousands cannot be read within it: once there are enough people to invite, the rest is
counted for 2 s at most. Rosters are remembered for 5 minutes, and stand in, marked stale, for a
day while WorkOS does not answer. Not here: finding a member's chat account (chat).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from pydantic import Field, TypeAdapter

from incident_response.adapters.http import (
    Bounds,
    Breaker,
    Credentials,
    Remembered,
    Text,
    Vendor,
    VendorHttp,
    Wire,
)
from incident_response.domain.errors import RetryableError, UnavailableError
from incident_response.domain.people import Origin, Person, Roster
from incident_response.ports.clock import Clock

DEADLINE_SECONDS = 5.0
COUNTING_SECONDS = 2.0
FRESH_FOR = timedelta(minutes=5)
USABLE_FOR = timedelta(days=1)
MOST_PEOPLE = 50
"""Members of one group that are named to be invited."""
MOST_PAGES = 50
PAGE_SIZE = 100
"""WorkOS' maximum; its default is 10."""

_VENDOR = Vendor(name="WorkOS", url_setting="WORKOS_URL", credential_setting="WORKOS_API_KEY")
_BOUNDS = Bounds(total_seconds=4.0, attempt_seconds=2.0, concurrency=4, per_second=4.0)


class _Email(Wire):
    primary: bool = False
    value: Text = ""


class _User(Wire):
    id: str
    state: str
    email: Text = ""
    emails: list[_Email] = Field(default_factory=list)
    first_name: Text = ""
    last_name: Text = ""

    @property
    def address(self) -> str:
        """``email``, or what the deprecated list holds on older directories."""
        usual_first = sorted(self.emails, key=lambda email: not email.primary)
        found = (email.strip() for email in (self.email, *(m.value for m in usual_first)))
        return next((email for email in found if email), "")

    @property
    def label(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.address or self.id


class _Cursors(Wire):
    after: Text = ""


class _Users(Wire):
    data: list[_User]
    list_metadata: _Cursors


class _Directory(Wire):
    name: str


class _Directories(Wire):
    data: list[_Directory]


_USERS = TypeAdapter(_Users)
_DIRECTORIES = TypeAdapter(_Directories)


@dataclass(slots=True)
class _Members:
    """What has been read of a group so far."""

    people: dict[str, Person] = field(default_factory=dict)
    unresolved: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    is_complete: bool = False

    def add(self, users: list[_User]) -> None:
        """Take in a page: active people, each once."""
        for user in users:
            if user.state != "active" or user.id in self.seen:
                continue
            self.seen.add(user.id)
            if user.address:
                self.people[user.id] = Person(
                    name=user.label, email=user.address, origin=Origin.DIRECTORY
                )
            else:
                self.unresolved.append(f"{user.label}: WorkOS knows no e-mail address")

    def stopped(self, why: str) -> None:
        """Reading ended before the last page."""
        self.unresolved.append(f"More members may be missing: {why}")

    def roster(self) -> Roster:
        people = tuple(self.people.values())
        return Roster(
            people=people[:MOST_PEOPLE],
            unresolved=tuple(self.unresolved),
            is_partial=not self.is_complete or len(people) > MOST_PEOPLE,
            total=len(people) if self.is_complete else None,
        )


class WorkOSDirectory:
    """``ports.directory.Directory`` on WorkOS.

    ``groups`` maps a team's name (or, where an alert names no mapped team, a service's) in any
    case to the id of its directory group.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        groups: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = VendorHttp(
            _VENDOR,
            base_url=base_url,
            credentials=Credentials(headers=headers, secrets=(api_key,)),
            http=http,
            clock=clock,
            bounds=_BOUNDS,
        )
        self._clock = clock
        self._groups = {name.casefold(): group for name, group in groups.items()}
        self._rosters = Remembered[str, Roster](
            clock=clock, fresh_for=FRESH_FOR, usable_for=USABLE_FOR
        )

    @property
    def breaker(self) -> Breaker:
        """Whether WorkOS is left alone now."""
        return self._http.breaker

    async def members(self, *, team: str, service: str) -> Roster:
        """At most 50 of the group's active members, and how many there are; see the port."""
        group = self._groups.get(team.casefold()) or self._groups.get(service.casefold())
        if group is None:
            return Roster(unresolved=(_unmapped(team or service),))
        found = await self._rosters.get(
            group, lambda: self._resolved(group), keep=_is_worth_remembering
        )
        return found.value.model_copy(update={"is_stale": found.is_stale})

    async def ping(self) -> str:
        """Which directories the key can see, for the doctor; raises what ``members`` raises."""
        answer = await self._http.read("/directories", _DIRECTORIES, {"limit": PAGE_SIZE})
        names = ", ".join(directory.name for directory in answer.data)
        return f"sees {names}" if names else "the key is good, and sees no directory"

    async def _resolved(self, group: str) -> Roster:
        """What the pages hold; a page that fails ends the reading, and is raised only if nobody
        was found before it.
        """
        members = _Members()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._read_pages(members, group)
        except TimeoutError:
            _stopped_by(members, UnavailableError(f"WorkOS took over {DEADLINE_SECONDS:g} s"))
        except RetryableError as error:
            _stopped_by(members, error)
        return members.roster()

    async def _read_pages(self, members: _Members, group: str) -> None:
        begun = self._clock.monotonic()
        params: dict[str, str | int] = {"group": group, "limit": PAGE_SIZE}
        cursors: set[str] = set()
        for _ in range(MOST_PAGES):
            page = await self._http.read("/directory_users", _USERS, params)
            members.add(page.data)
            cursor = page.list_metadata.after
            if not cursor:
                members.is_complete = True
                return
            if cursor in cursors:
                return members.stopped("WorkOS repeats a page")
            if self._has_enough(members, begun):
                return
            cursors.add(cursor)
            params["after"] = cursor
        members.stopped(f"the group has more than {MOST_PAGES} pages")

    def _has_enough(self, members: _Members, begun: float) -> bool:
        """Whether more pages would only be counted, and counting has taken long enough."""
        is_late = self._clock.monotonic() - begun >= COUNTING_SECONDS
        return is_late and len(members.people) > MOST_PEOPLE


def _stopped_by(members: _Members, error: RetryableError) -> None:
    if not members.people:
        raise error
    members.stopped(str(error))


def _is_worth_remembering(roster: Roster) -> bool:
    """Whether asking again within minutes would likely bring no more people to invite."""
    return len(roster.people) == MOST_PEOPLE or (bool(roster.people) and not roster.is_partial)


def _unmapped(team: str) -> str:
    if not team:
        return "The alert names no team, so no directory group was asked for"
    return f"Team {team} has no directory group: add it to WORKOS_TEAM_GROUP_MAP"
