"""WorkOS Directory Sync, read-only.

What belongs here: the directory, its groups and users, cursor pagination and WorkOS' errors. What
does not: who these people are elsewhere. The directory differs from Slack where real ones do: it
keeps people who have left as inactive, holds one address in another case, and knows somebody Slack
does not.
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from incident_response.sandbox.company import Company, Person, Team, stable_id
from incident_response.sandbox.vendors.desk import Desk, bearer, natural, same
from incident_response.sandbox.vendors.world import World

PREFIX = "/workos"
DIRECTORY_ID = stable_id("directory_01", "tidewater", length=24)
ORGANIZATION_ID = stable_id("org_01", "tidewater", length=24)
_SYNCED_AT = "2026-01-15T09:30:00.000Z"  # any fixed time: nothing in the directory ever changes

Json = dict[str, Any]


class WorkOS:
    """The HTTP API."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._users = [p for p in company.people if p.in_directory]

    async def directories(self, request: web.Request) -> web.Response:
        """List directories; filters `organization_id`, `domain` and `search`."""
        row = self._directory()
        query = request.query
        if query.get("organization_id", ORGANIZATION_ID) != ORGANIZATION_ID:
            return _page(request, [])
        wanted = query.get("domain", row["domain"]) == row["domain"]
        named = query.get("search", "").lower() in row["name"].lower()
        return _page(request, [row] if wanted and named else [])

    async def directory(self, request: web.Request) -> web.Response:
        """Get one directory."""
        wanted = request.match_info["id"]
        if wanted != DIRECTORY_ID:
            return _missing("Directory", wanted)
        return web.json_response(self._directory())

    async def groups(self, request: web.Request) -> web.Response:
        """List the groups of a `directory`, or of a `user`; one of the two is needed."""
        directory, user = request.query.get("directory"), request.query.get("user")
        if directory is None and user is None:
            return _invalid("directory", "required")
        if directory not in {None, DIRECTORY_ID}:
            return _missing("Directory", str(directory))
        teams: Sequence[Team] = self._company.teams
        if user is not None:
            person = next((p for p in self._users if p.directory_id == user), None)
            if person is None:
                return _missing("Directory User", user)
            teams = [self._company.team(person.team)]
        return _page(request, [_group(team) for team in teams])

    async def group(self, request: web.Request) -> web.Response:
        """Get one group."""
        wanted = request.match_info["id"]
        team = next((t for t in self._company.teams if t.directory_group_id == wanted), None)
        return web.json_response(_group(team)) if team else _missing("Directory Group", wanted)

    async def users(self, request: web.Request) -> web.Response:
        """List users of a `directory` or a `group`; `email` and `idp_id` need the directory."""
        query = request.query
        directory, group = query.get("directory"), query.get("group")
        if directory is None and (group is None or "email" in query or "idp_id" in query):
            return _invalid("directory", "required")
        if directory not in {None, DIRECTORY_ID}:
            return _missing("Directory", str(directory))
        people = self._users
        if group is not None:
            team = next((t for t in self._company.teams if t.directory_group_id == group), None)
            if team is None:
                return _missing("Directory Group", group)
            people = [p for p in people if p.team == team.key]
        rows = [self._user(p) for p in people]
        for name in ("email", "idp_id"):
            if name in query:
                rows = [row for row in rows if row[name] == query[name]]
        return _page(request, rows)

    async def user(self, request: web.Request) -> web.Response:
        """Get one user."""
        wanted = request.match_info["id"]
        person = next((p for p in self._users if p.directory_id == wanted), None)
        if person is None:
            return _missing("Directory User", wanted)
        return web.json_response(self._user(person))

    def _directory(self) -> Json:
        active = sum(1 for p in self._users if not p.deleted)
        users = {"active": active, "inactive": len(self._users) - active}
        return {
            "object": "directory",
            "id": DIRECTORY_ID,
            "organization_id": ORGANIZATION_ID,
            "external_key": stable_id("", "tidewater", length=16),
            "type": "okta scim v2.0",
            "state": "linked",
            "name": self._company.name,
            "domain": self._company.domain,
            "metadata": {"users": users, "groups": len(self._company.teams)},
            "created_at": _SYNCED_AT,
            "updated_at": _SYNCED_AT,
        }

    def _user(self, person: Person) -> Json:
        email = person.directory_email or person.email
        return {
            "object": "directory_user",
            "id": person.directory_id,
            "directory_id": DIRECTORY_ID,
            "organization_id": ORGANIZATION_ID,
            "idp_id": stable_id("00u", person.handle, length=17),
            "email": email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "name": person.real_name,
            "emails": [{"primary": True, "type": "work", "value": email}],
            "job_title": person.title,
            "username": person.handle,
            "state": "inactive" if person.deleted else "active",
            "raw_attributes": {},
            "custom_attributes": {
                "job_title": person.title,
                "department": self._company.team(person.team).name,
            },
            # Deprecated and empty for teams made after May 2026: memberships are a question to
            # the list of groups, filtered by user.
            "groups": [],
            "created_at": _SYNCED_AT,
            "updated_at": _SYNCED_AT,
        }


def routes(world: World, token: str) -> list[web.RouteDef]:
    """Return WorkOS' Directory Sync routes under `/workos`, for callers with this API key."""

    def refusal(request: web.Request) -> web.Response | None:
        if same(bearer(request), token):
            return None
        return web.json_response({"message": "Unauthorized"}, status=401)

    desk = Desk(world, "workos", refusal=refusal, error_body=_error)
    workos = WorkOS(world.company)
    desk.get(f"{PREFIX}/directories", "directories", workos.directories)
    desk.get(f"{PREFIX}/directories/{{id}}", "directories", workos.directory)
    desk.get(f"{PREFIX}/directory_groups", "directory_groups", workos.groups)
    desk.get(f"{PREFIX}/directory_groups/{{id}}", "directory_groups", workos.group)
    desk.get(f"{PREFIX}/directory_users", "directory_users", workos.users)
    desk.get(f"{PREFIX}/directory_users/{{id}}", "directory_users", workos.user)
    return desk.routes


def _group(team: Team) -> Json:
    return {
        "object": "directory_group",
        "id": team.directory_group_id,
        "idp_id": stable_id("00g", team.key, length=17),
        "directory_id": DIRECTORY_ID,
        "organization_id": ORGANIZATION_ID,
        "name": team.name,
        "raw_attributes": {},
        "created_at": _SYNCED_AT,
        "updated_at": _SYNCED_AT,
    }


def _page(request: web.Request, rows: list[Json]) -> web.Response:
    """Return the page between `before` and `after`, newest id first unless `order=asc`."""
    query = request.query
    try:
        limit = _limit(query.get("limit", "10"))
    except ValueError as error:
        return _invalid("limit", str(error))
    if query.get("order", "desc") not in {"asc", "desc", "normal"}:
        return _invalid("order", "invalid_order")
    rows = sorted(rows, key=lambda row: str(row["id"]), reverse=query.get("order") != "asc")
    ids = [row["id"] for row in rows]
    start, end = 0, min(limit, len(rows))
    if "after" in query:
        start = ids.index(query["after"]) + 1 if query["after"] in ids else len(rows)
        end = start + limit
    elif "before" in query:
        end = ids.index(query["before"]) if query["before"] in ids else 0
        start = max(0, end - limit)
    page = rows[start:end]
    cursors = {
        "before": page[0]["id"] if page and start > 0 else None,
        "after": page[-1]["id"] if page and end < len(rows) else None,
    }
    return web.json_response({"object": "list", "data": page, "list_metadata": cursors})


def _limit(text: str) -> int:
    limit = natural(text)
    if not 1 <= limit <= 100:
        raise ValueError("limit must be between 1 and 100")
    return limit


def _invalid(field: str, code: str) -> web.Response:
    body = {
        "message": "Validation failed.",
        "code": "invalid_request_parameters",
        "errors": [{"field": field, "code": code}],
    }
    return web.json_response(body, status=422)


def _missing(kind: str, entity_id: str) -> web.Response:
    body = {
        "message": f"{kind} not found: '{entity_id}'.",
        "code": "entity_not_found",
        "entity_id": entity_id,
    }
    return web.json_response(body, status=404)


def _error(code: str) -> web.Response:
    if code == "ratelimited":  # WorkOS' contract: a bare JSON string, the status is set outside
        return web.json_response("Ratelimited")
    return web.json_response({"message": code, "code": code}, status=400)
