"""Grafana OnCall's public REST API, version 1: reading, and direct paging.

What belongs here: OnCall's objects over the company's schedules and the alert groups fired, and
whom it was asked to page (a person sees it in the log of what was received). What does not:
sending alerts (`sandbox/alerts.py`). Shapes and errors are those of the engine's public
API: the bare token in `Authorization`, 403 for a wrong one, Django REST framework's `detail`
errors, page numbers with `page` and `perpage` (at most 100), and a redirect where the trailing
slash is missing.
"""

from collections.abc import Iterable

from aiohttp import web

from incident_response.sandbox.alert_groups import AlertGroup
from incident_response.sandbox.company import Person, Service, Team, stable_id
from incident_response.sandbox.vendors.desk import Desk, same
from incident_response.sandbox.vendors.rest_framework import (
    BadArgumentError,
    Json,
    detail,
    filtered,
    listing,
    single,
    slash_added,
)
from incident_response.sandbox.vendors.world import World, epoch_of, iso

PREFIX = "/oncall/api/v1"
# A group nobody has touched is found as `new` and shown as `firing`.
_STATE_FILTERS = {
    "new": "firing",
    "acknowledged": "acknowledged",
    "silenced": "silenced",
    "resolved": "resolved",
}


class GrafanaOnCall:
    """OnCall's collections, each a list of JSON objects computed when asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def users(self, request: web.Request) -> list[Json]:
        """Everybody who may be paged; filters `email` and `username`."""
        people = (p for p in self._world.company.people if not (p.is_bot or p.is_restricted))
        return filtered(request, map(self._user, people), "email", "username")

    def teams(self, request: web.Request) -> list[Json]:
        """Every team; filter `name`."""
        return filtered(request, map(_team, self._world.company.teams), "name")

    def schedules(self, request: web.Request) -> list[Json]:
        """Two schedules a service, primary and secondary; filters `name` and `team_id`."""
        rows = [row for s in self._world.company.services for row in self._schedules_of(s)]
        return filtered(request, rows, "name", "team_id")

    def escalation_chains(self, request: web.Request) -> list[Json]:
        """One chain a service: name and team only, as in the engine; its steps are policies."""
        rows = (
            {"id": s.escalation_chain_id, "name": s.name, "team_id": self._team_id(s)}
            for s in self._world.company.services
        )
        return filtered(request, rows, "name")

    def escalation_policies(self, request: web.Request) -> list[Json]:
        """The steps of every chain in order; filter `escalation_chain_id`."""
        rows = [row for s in self._world.company.services for row in self._policies_of(s)]
        return filtered(request, rows, "escalation_chain_id")

    def integrations(self, request: web.Request) -> list[Json]:
        """One Alertmanager integration a service."""
        rows = (self._integration(s) for s in self._world.company.services)
        return filtered(request, rows, "name", "team_id")

    def routes(self, request: web.Request) -> list[Json]:
        """The single, default route of every integration; filter `integration_id`."""
        rows = map(_route, self._world.company.services)
        return filtered(request, rows, "integration_id", "routing_regex")

    def alert_groups(self, request: web.Request) -> list[Json]:
        """The groups fired, newest first; filters id, route, integration, team, state, start."""
        state, window = request.query.get("state"), request.query.get("started_at")
        groups: Iterable[AlertGroup] = self._world.groups.newest_first()
        if state is not None:
            if state not in _STATE_FILTERS:
                raise BadArgumentError(f"Valid values are {sorted(_STATE_FILTERS)}")
            groups = [g for g in groups if g.state == _STATE_FILTERS[state]]
        if window:
            start, end = _window(window)
            groups = (g for g in groups if start <= g.started_at <= end)
        rows = map(self._alert_group, groups)
        names = ("id", "route_id", "integration_id", "team_id")
        return filtered(request, rows, *names)

    async def escalation(self, request: web.Request) -> web.Response:
        """Direct paging: of users or of a team, in a new alert group or one that is there."""
        try:
            body = await request.json()
        except ValueError:
            return detail(400, "JSON parse error")
        if not isinstance(body, dict):
            return detail(400, "Invalid data. Expected a dictionary.")
        fault = self._paging_fault(body)
        if fault:
            return web.json_response(fault, status=400)
        group_id = body.get("alert_group_id")
        if group_id:
            group = self._world.groups.get(str(group_id))
            assert group is not None, "an unknown one was refused"
            return web.json_response(self._alert_group(group))
        return web.json_response(self._paged_group(body))

    def _paging_fault(self, body: Json) -> Json | None:
        """What the engine's serializer says of a request that it refuses."""
        users, team = body.get("users") or [], body.get("team")
        if bool(users) == bool(team):
            return _non_field("Must provide at least one user or team, and not both")
        known = {person.oncall_id for person in self._world.company.people}
        for user in users:
            if not isinstance(user, dict) or not isinstance(user.get("important"), bool):
                return {"users": [{"important": ["This field is required."]}]}
            if user.get("id") not in known:
                why = f"User {user.get('id')} does not exist"
                return {"users": [{"non_field_errors": [why]}]}
        if team and team not in {t.oncall_id for t in self._world.company.teams}:
            return {"team": [f'Invalid pk "{team}" - object does not exist.']}
        return self._group_fault(body)

    def _group_fault(self, body: Json) -> Json | None:
        group_id = body.get("alert_group_id")
        if not group_id:
            return None
        if body.get("title") or body.get("message"):
            return _non_field("alert_group_id and (title, message, source_url) are exclusive")
        group = self._world.groups.get(str(group_id))
        if group is None:
            return _non_field(f"Alert group {group_id} does not exist")
        if group.resolved_at is not None:
            return {"detail": "Cannot add responders for a resolved alert group"}
        return None

    def _paged_group(self, body: Json) -> Json:
        title = str(body.get("title") or "")
        return {
            "id": stable_id("I", f"paged/{self._world.clock.now()}/{title}"),
            "integration_id": stable_id("C", "direct paging"),
            "route_id": stable_id("R", "direct paging"),
            "alerts_count": 1,
            "state": "firing",
            "created_at": iso(self._world.clock.now(), digits=3),
            "resolved_at": None,
            "acknowledged_at": None,
            "title": title,
        }

    def _user(self, person: Person) -> Json:
        company = self._world.company
        slack = {"user_id": person.slack_id, "team_id": company.team_id}
        return {
            "id": person.oncall_id,
            "email": person.email,
            "slack": slack if person.has_slack else None,
            "username": person.handle,
            "name": person.real_name,
            "role": "admin" if person.is_admin else "user",
            "is_phone_number_verified": True,
            "timezone": person.tz,
            "teams": [company.team(person.team).oncall_id],
        }

    def _schedules_of(self, service: Service) -> list[Json]:
        rotas = (
            (service.schedule_id, "primary", service.primary),
            (service.secondary_schedule_id, "secondary", service.secondary),
        )
        return [
            {
                "id": schedule_id,
                "team_id": self._team_id(service),
                "name": f"{service.name} {rota}",
                "type": "web",
                "time_zone": "UTC",
                "on_call_now": [self._world.company.person(h).oncall_id for h in handles],
                "shifts": [],
                "slack": {"channel_id": None, "user_group_id": None},
            }
            for schedule_id, rota, handles in rotas
        ]

    def _policies_of(self, service: Service) -> list[Json]:
        company = self._world.company
        lead = [p for p in company.members(service.team) if "Manager" in p.title]
        # A person who has left is still named here: chains outlive the people in them.
        gone = [p for p in company.members(service.team) if p.deleted]
        steps: list[Json] = [
            _page_schedule(service.schedule_id),
            {"type": "wait", "duration": 300},
            _page_schedule(service.secondary_schedule_id),
            {"type": "wait", "duration": 900},
            {
                "type": "notify_persons",
                "important": False,
                "persons_to_notify": [p.oncall_id for p in (*lead, *gone)],
            },
        ]
        return [
            {
                "id": stable_id("E", f"{service.name}/{position}"),
                "escalation_chain_id": service.escalation_chain_id,
                "position": position,
                **step,
            }
            for position, step in enumerate(steps)
        ]

    def _integration(self, service: Service) -> Json:
        return {
            "id": service.integration_id,
            "name": f"{service.name} alerts",
            "description_short": service.summary,
            "team_id": self._team_id(service),
            "link": f"https://oncall.{self._world.company.domain}/integrations/v1/alertmanager/",
            "inbound_email": None,
            "type": "alertmanager",
            "default_route": {
                "id": service.route_id,
                "escalation_chain_id": service.escalation_chain_id,
                "slack": {"channel_id": None, "enabled": True},
            },
            "maintenance_mode": None,
            "maintenance_started_at": None,
            "maintenance_end_at": None,
        }

    def _alert_group(self, group: AlertGroup) -> Json:
        service = self._world.company.service(group.service)
        web_link = f"https://oncall.{self._world.company.domain}/a/alert-groups/{group.id}"
        return {
            "id": group.id,
            "integration_id": service.integration_id if service else None,
            "team_id": self._team_id(service) if service else None,
            "route_id": service.route_id if service else None,
            "alerts_count": group.alerts_count,
            "state": group.state,
            "created_at": iso(group.started_at, digits=3),
            "resolved_at": _iso_or_none(group.resolved_at),
            "resolved_by": None,
            "acknowledged_at": _iso_or_none(group.acknowledged_at),
            "acknowledged_by": None,
            "silenced_at": _iso_or_none(group.silenced_at),
            "title": group.title,
            "labels": [],
            "permalinks": {"slack": None, "slack_app": None, "telegram": None, "web": web_link},
            "last_alert": {
                "id": stable_id("A", group.id),
                "alert_group_id": group.id,
                "created_at": iso(group.changed_at, digits=3),
                "payload": {"title": group.title, "message": group.message},
            },
        }

    def _team_id(self, service: Service) -> str:
        return self._world.company.team(service.team).oncall_id


def routes(world: World, token: str) -> list[web.RouteDef]:
    """Return OnCall's routes under `/oncall/api/v1`, for callers with this API token."""

    def refusal(request: web.Request) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        if not given:
            return detail(403, "Authentication credentials were not provided.")
        return None if same(given, token) else detail(403, "Invalid token.")

    desk = Desk(world, "oncall", refusal=refusal, error_body=lambda code: detail(400, code))
    oncall = GrafanaOnCall(world)
    # Page sizes are the engine's own per collection.
    for name, rows, per_page in (
        ("users", oncall.users, 100),
        ("teams", oncall.teams, 50),
        ("schedules", oncall.schedules, 50),
        ("escalation_chains", oncall.escalation_chains, 50),
        ("escalation_policies", oncall.escalation_policies, 50),
        ("integrations", oncall.integrations, 50),
        ("routes", oncall.routes, 25),
        ("alert_groups", oncall.alert_groups, 50),
    ):
        desk.get(f"{PREFIX}/{name}/", name, listing(rows, per_page))
        desk.get(f"{PREFIX}/{name}/{{id}}/", name, single(rows))
        desk.get(f"{PREFIX}/{name}", name, slash_added)
        desk.get(f"{PREFIX}/{name}/{{id}}", name, slash_added)
    desk.post(f"{PREFIX}/escalation/", "escalation", oncall.escalation)
    return desk.routes


def _window(text: str) -> tuple[float, float]:
    """Parse `started_at`: two ISO times joined by an underscore."""
    start, _, end = text.partition("_")
    try:
        return epoch_of(start), epoch_of(end)
    except ValueError:
        raise BadArgumentError("Invalid range value") from None


def _non_field(text: str) -> Json:
    return {"non_field_errors": [text]}


def _team(team: Team) -> Json:
    return {
        "id": team.oncall_id,
        "name": team.name,
        "email": None,
        "avatar_url": "/avatar/placeholder",
    }


def _route(service: Service) -> Json:
    return {
        "id": service.route_id,
        "integration_id": service.integration_id,
        "escalation_chain_id": service.escalation_chain_id,
        "routing_type": "jinja2",
        "routing_regex": "",
        "position": 0,
        "is_the_last_route": True,
        "slack": {"channel_id": None, "enabled": True},
    }


def _page_schedule(schedule_id: str) -> Json:
    return {
        "type": "notify_on_call_from_schedule",
        "important": True,
        "notify_on_call_from_schedule": schedule_id,
    }


def _iso_or_none(epoch: float | None) -> str | None:
    return None if epoch is None else iso(epoch, digits=3)
