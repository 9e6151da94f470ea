"""The shape of the small company every stand-in tells the same story about.

What belongs here: frozen kinds of facts (people, teams, services, channels) and look-ups over
them. What does not: the facts themselves (`tidewater.py`), anything that changes (messages,
alerts, faults), and what a vendor makes of the facts on its wire.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property

DOMAIN = "tidewater.example"  # .example is reserved (RFC 2606): no mail to it can ever arrive


def stable_id(prefix: str, key: str, *, length: int = 12) -> str:
    """Return `prefix` and `length` upper-case letters and digits derived from `key`.

    The same key has the same id in every run, so a restarted sandbox shows the same world.
    """
    digest = hashlib.sha256(f"{prefix}|{key}".encode()).digest()
    return prefix + base64.b32encode(digest).decode()[:length]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody (or some bot) who works at the company, as every vendor knows them.

    `color` is six hex digits without `#`, as Slack writes it. `directory_email` is the spelling
    the directory holds, which need not be Slack's. `has_slack` False: no Slack account exists, so
    `slack_id` must not appear on any wire.
    """

    slack_id: str
    handle: str
    real_name: str
    title: str
    team: str
    color: str
    tz: str = "Europe/London"
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False
    has_slack: bool = True
    in_directory: bool = True
    directory_email: str = ""

    @property
    def email(self) -> str:
        """The address Slack and OnCall hold."""
        return f"{self.handle}@{DOMAIN}"

    @property
    def oncall_id(self) -> str:
        """The person's id in Grafana OnCall."""
        return stable_id("U", f"oncall/{self.handle}")

    @property
    def directory_id(self) -> str:
        """The person's id in WorkOS Directory Sync."""
        return stable_id("directory_user_01", self.handle, length=24)

    @property
    def first_name(self) -> str:
        """The given name."""
        return self.real_name.split(" ", 1)[0]

    @property
    def last_name(self) -> str:
        """Everything after the given name; empty for a single name."""
        return self.real_name.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Team:
    """A team: a directory group, an OnCall team, a GitHub team and a Slack user group in one."""

    key: str
    name: str
    usergroup_id: str

    @property
    def oncall_id(self) -> str:
        """The team's id in Grafana OnCall."""
        return stable_id("T", f"oncall/{self.key}")

    @property
    def directory_group_id(self) -> str:
        """The team's group id in WorkOS Directory Sync."""
        return stable_id("directory_group_01", self.key, length=24)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What dashboards say, healthy and in trouble: 5xx share (0..1), p99 in seconds."""

    error_rate: float
    error_rate_in_trouble: float
    p99: float
    p99_in_trouble: float
    requests_per_second: float


@dataclass(frozen=True, slots=True)
class Service:
    """Something the company runs. `telemetry` None: no metrics, logs or traces exist.

    `public_name` is what customers call it on the status page; empty: they never see it there.
    """

    name: str
    team: str
    repo: str
    summary: str
    primary: tuple[str, ...]
    secondary: tuple[str, ...]
    telemetry: Telemetry | None
    public_name: str = ""

    @property
    def component_id(self) -> str:
        """The component of the public status page that shows this service."""
        return stable_id("", f"statuspage/{self.name}").lower()

    @property
    def schedule_id(self) -> str:
        """The OnCall schedule of the people on call first."""
        return stable_id("S", f"{self.name}/primary")

    @property
    def secondary_schedule_id(self) -> str:
        """The OnCall schedule of the people on call second."""
        return stable_id("S", f"{self.name}/secondary")

    @property
    def escalation_chain_id(self) -> str:
        """The OnCall escalation chain that alerts of this service follow."""
        return stable_id("F", self.name)

    @property
    def integration_id(self) -> str:
        """The OnCall integration that receives this service's alerts."""
        return stable_id("C", self.name)

    @property
    def route_id(self) -> str:
        """The OnCall route from that integration to the escalation chain."""
        return stable_id("R", self.name)


@dataclass(frozen=True, slots=True)
class SeedChannel:
    """A channel that exists from the first start.

    `members` are handles; empty means everybody but guests. With `has_app` the installed app has
    been invited too.
    """

    id: str
    name: str
    topic: str
    purpose: str
    members: tuple[str, ...] = ()
    is_general: bool = False
    has_app: bool = False


@dataclass(frozen=True, slots=True)
class SeedMessage:
    """Something said before the first start; `{maya}` in the text mentions that person."""

    channel: str
    handle: str
    minutes_ago: int
    text: str


@dataclass(frozen=True)
class Company:
    """All of it, with the look-ups the stand-ins share; `person` and `team` raise `KeyError`."""

    name: str
    domain: str
    team_id: str
    people: tuple[Person, ...]
    teams: tuple[Team, ...]
    services: tuple[Service, ...]
    channels: tuple[SeedChannel, ...]
    talk: tuple[SeedMessage, ...] = ()

    @cached_property
    def slack_people(self) -> tuple[Person, ...]:
        """Everybody with a Slack account, deactivated ones and bots included."""
        return tuple(p for p in self.people if p.has_slack)

    @property
    def status_page_id(self) -> str:
        """The id of the company's public status page."""
        return stable_id("", f"statuspage/{self.domain}").lower()

    @cached_property
    def _by_handle(self) -> dict[str, Person]:
        return {p.handle: p for p in self.people}

    def person(self, handle: str) -> Person:
        """Return the person with this handle."""
        return self._by_handle[handle]

    def team(self, key: str) -> Team:
        """Return the team with this key."""
        return {t.key: t for t in self.teams}[key]

    def members(self, team: str) -> tuple[Person, ...]:
        """Return the team's people, in the order they are listed."""
        return tuple(p for p in self.people if p.team == team)

    def service(self, name: str) -> Service | None:
        """Return the service with this name, or None."""
        return next((s for s in self.services if s.name == name), None)
