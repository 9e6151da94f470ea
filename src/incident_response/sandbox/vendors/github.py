"""GitHub's REST API, read-only: commits, file contents, team members.

What belongs here: paths, errors, headers and pagination as api.github.com has them. What does not:
what was committed and who owns it (`repositories.py`).
"""

import base64
import hashlib
from itertools import islice, takewhile
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from incident_response.sandbox.company import Person, Service
from incident_response.sandbox.vendors.desk import Desk, bearer, natural_argument, same
from incident_response.sandbox.vendors.repositories import Commit, codeowners, commits
from incident_response.sandbox.vendors.world import World, epoch_of, iso

PREFIX = "/github"
_DOCS = "https://docs.github.com/rest"
_WEB = "https://github.tidewater.example"
_MOST_PER_PAGE = 100
_LAST_PAGE = 10_000  # beyond any history there is

Json = dict[str, Any]


class GitHub:
    """The HTTP API over the company's repositories."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_repo = {service.repo: service for service in world.company.services}

    async def repository(self, request: web.Request) -> web.Response:
        """Get a repository."""
        service = self._service(request)
        if service is None:
            return error(404, "Not Found")
        return web.json_response(
            {
                "id": _number(service.repo),
                "name": service.name,
                "full_name": service.repo,
                "private": True,
                "description": service.summary,
                "default_branch": "main",
                "html_url": f"{_WEB}/{service.repo}",
            }
        )

    async def commits(self, request: web.Request) -> web.Response:
        """List commits newest first; `since`, `until`, `path`, `author`, `sha`, pages, ETag."""
        service = self._service(request)
        if service is None:
            return error(404, "Not Found")
        query = request.query
        if query.get("sha", "main") not in {"main", "HEAD"}:
            return error(404, "Not Found")
        try:
            now = self._world.clock.now()
            until = min(now, epoch_of(query["until"])) if "until" in query else now
            since = epoch_of(query["since"]) if "since" in query else float("-inf")
            page, per_page = _page(request), _per_page(request)
        except ValueError:
            return error(422, "Validation Failed")
        history = commits(self._world.company, service, until=until)
        found = (
            commit
            for commit in takewhile(lambda c: c.at >= since, history)
            if commit.path.startswith(query.get("path", "").strip("/"))
            and query.get("author", commit.author.handle) == commit.author.handle
        )
        # One more than a page holds, to know whether another follows.
        chosen = list(islice(found, (page - 1) * per_page, page * per_page + 1))
        more = len(chosen) > per_page
        return _conditional(
            request,
            [_commit(service, commit) for commit in chosen[:per_page]],
            _link(request, page, more),
        )

    async def commit(self, request: web.Request) -> web.Response:
        """Get one commit by its SHA, with the file it changed."""
        service, sha = self._service(request), request.match_info["sha"]
        if service is None:
            return error(404, "Not Found")
        history = commits(self._world.company, service, until=self._world.clock.now())
        found = next((commit for commit in history if commit.sha == sha), None)
        if found is None:
            return error(422, f"No commit found for SHA: {sha}")
        return _conditional(request, _commit(service, found) | _changes(found))

    async def contents(self, request: web.Request) -> web.Response:
        """Get a file; CODEOWNERS is the only one there is."""
        service = self._service(request)
        owned = codeowners(self._world.company, service) if service else None
        path = request.match_info["path"]
        if service is None or owned is None or path != owned[0]:
            return error(404, "Not Found")
        if ".raw" in request.headers.get("Accept", ""):
            return web.Response(text=owned[1])
        return _conditional(request, _file(service, *owned))

    async def team_members(self, request: web.Request) -> web.Response:
        """List a team's members."""
        company = self._world.company
        org, slug = request.match_info["org"], request.match_info["slug"]
        known = {service.repo.partition("/")[0] for service in company.services}
        if org not in known or slug not in {team.key for team in company.teams}:
            return error(404, "Not Found")
        people = [p for p in company.members(slug) if not (p.deleted or p.is_bot)]
        return web.json_response([_account(p) for p in people])

    def _service(self, request: web.Request) -> Service | None:
        return self._by_repo.get(f"{request.match_info['owner']}/{request.match_info['repo']}")


def routes(world: World, token: str) -> list[web.RouteDef]:
    """Return GitHub's routes under `/github`, for callers with this token."""

    def refusal(request: web.Request) -> web.Response | None:
        if same(bearer(request), token):
            return None
        # Anonymous callers may not see private repositories, and are told they do not exist.
        anonymous = "Authorization" not in request.headers
        return error(404, "Not Found") if anonymous else error(401, "Bad credentials")

    desk = Desk(world, "github", refusal=refusal, error_body=_fault)
    github = GitHub(world)
    repo = f"{PREFIX}/repos/{{owner}}/{{repo}}"
    desk.get(repo, "repository", github.repository)
    desk.get(f"{repo}/commits", "commits", github.commits)
    desk.get(f"{repo}/commits/{{sha}}", "commit", github.commit)
    desk.get(f"{repo}/contents/{{path:.+}}", "contents", github.contents)
    desk.get(f"{PREFIX}/orgs/{{org}}/teams/{{slug}}/members", "members", github.team_members)
    return desk.routes


def error(status: int, message: str) -> web.Response:
    """Return an error as GitHub writes it."""
    body = {"message": message, "documentation_url": _DOCS, "status": str(status)}
    return web.json_response(body, status=status)


def _fault(code: str) -> web.Response:
    if code == "ratelimited":
        return error(403, "You have exceeded a secondary rate limit.")
    return error(422, code)


def _conditional(request: web.Request, body: object, link: str = "") -> web.Response:
    """Answer with an ETag, or with 304 where the caller already has this body."""
    reply = web.json_response(body)
    etag = (
        f'W/"{hashlib.sha256(reply.body if isinstance(reply.body, bytes) else b"").hexdigest()}"'
    )
    headers = {"ETag": etag, "X-GitHub-Media-Type": "github.v3; format=json"}
    if link:
        headers["Link"] = link
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    reply.headers.update(headers)
    return reply


def _link(request: web.Request, page: int, more: bool) -> str:
    pages = {"prev": page - 1 if page > 1 else 0, "next": page + 1 if more else 0}
    base = f"{request.url.origin()}{request.path}"
    return ", ".join(
        f'<{base}?{urlencode({**request.query, "page": str(number)})}>; rel="{rel}"'
        for rel, number in pages.items()
        if number
    )


def _page(request: web.Request) -> int:
    return min(max(1, natural_argument(request, "page", 1)), _LAST_PAGE)


def _per_page(request: web.Request) -> int:
    return min(max(1, natural_argument(request, "per_page", 30)), _MOST_PER_PAGE)


def _commit(service: Service, commit: Commit) -> Json:
    signed = {
        "name": commit.author.real_name,
        "email": commit.author.email,
        "date": iso(commit.at),
    }
    return {
        "sha": commit.sha,
        "commit": {
            "author": signed,
            "committer": signed,
            "message": commit.message,
            "comment_count": 0,
        },
        "html_url": f"{_WEB}/{service.repo}/commit/{commit.sha}",
        "author": _account(commit.author),
        "committer": _account(commit.author),
        "parents": [{"sha": commit.parent}],
    }


def _changes(commit: Commit) -> Json:
    changed = {"additions": 12, "deletions": 5}
    file = {"filename": commit.path, "status": "modified", "changes": 17, **changed}
    return {"stats": {"total": 17, **changed}, "files": [file]}


def _account(person: Person) -> Json:
    return {
        "login": person.handle,
        "id": _number(person.handle),
        "type": "User",
        "html_url": f"{_WEB}/{person.handle}",
        "site_admin": False,
    }


def _file(service: Service, path: str, text: str) -> Json:
    raw = text.encode()
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "size": len(raw),
        "encoding": "base64",
        "content": base64.encodebytes(raw).decode(),
        "sha": hashlib.blake2b(raw, digest_size=20).hexdigest(),
        "html_url": f"{_WEB}/{service.repo}/blob/main/{path}",
    }


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big")
