"""GitHub: what changed lately in a service's repository, and who owns what was changed.

Deadline: 5 s: 3 for the commits, with CODEOWNERS at the same time, then 2 for the paths they
changed. Unchanged answers are confirmed by their ETag, which costs none of GitHub's quota.
Not here: who the owners are as people.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from pydantic import (
    Base64Str,
    Field,
    TypeAdapter,
)

from incident_response.adapters.github.codeowners import Rule, owners_of, parsed
from incident_response.adapters.http import (
    ANYTHING,
    Bounds,
    Breaker,
    Credentials,
    Text,
    Vendor,
    VendorHttp,
    Wire,
    path_segment,
)
from incident_response.domain.context import ChangeExcerpt, Commit
from incident_response.domain.errors import (
    IncidentResponseError,
    InvalidConfigurationError,
    NotFoundError,
    UnavailableError,
)
from incident_response.ports.clock import Clock

_log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=4)
OWNERS_SECONDS = 2.0
NEWEST_COMMITS = 3
"""Commits whose changed paths are looked up: one request each."""
CODEOWNERS_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""GitHub takes the first that exists, in this order."""
LONGEST_TITLE = 200
"""Characters of a commit's first line that are kept."""
_MOST_PER_PAGE = 100
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")

_VENDOR = Vendor(name="GitHub", url_setting="GITHUB_URL", credential_setting="GITHUB_TOKEN")
_BOUNDS = Bounds(total_seconds=3.0, attempt_seconds=2.0)


class _Signature(Wire):
    name: Text = ""
    date: datetime


class _Message(Wire):
    message: Text = ""
    author: _Signature
    committer: _Signature


class _Commit(Wire):
    sha: str
    html_url: Text = ""
    commit: _Message

    @property
    def shown(self) -> Commit:
        return Commit(
            sha=self.sha,
            title=self.commit.message.partition("\n")[0][:LONGEST_TITLE],
            author=self.commit.author.name,
            at=self.commit.committer.date.astimezone(UTC),
            url=self.html_url,
        )


class _File(Wire):
    filename: str


class _Detail(Wire):
    files: list[_File] = Field(default_factory=list)


class _Contents(Wire):
    # Empty for a file over 1 MB, which this endpoint gives without its content.
    content: Base64Str


_COMMITS = TypeAdapter(list[_Commit])
_DETAIL = TypeAdapter(_Detail)
_CONTENTS = TypeAdapter(_Contents)


class GitHubCodeHost:
    """``ports.code_host.CodeHost`` on GitHub's REST API.

    ``base_url`` is ``https://api.github.com``, or ``https://HOST/api/v3`` of an Enterprise Server.
    ``repositories`` maps a service's name in any case to its ``owner/name``.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        repositories: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._http = VendorHttp(
            _VENDOR,
            base_url=base_url,
            credentials=Credentials(headers=headers, secrets=(token,)),
            http=http,
            clock=clock,
            bounds=_BOUNDS,
        )
        self._repositories = {name.casefold(): _checked(r) for name, r in repositories.items()}

    @property
    def breaker(self) -> Breaker:
        """Whether GitHub is left alone now."""
        return self._http.breaker

    async def recent_changes(self, service: str, *, until: datetime, limit: int) -> ChangeExcerpt:
        """Commits, newest first; see the port. Owners that cannot be found out are left out (and
        logged): the commits are worth having without them.
        """
        repository = self._repositories.get(service.casefold())
        if repository is None:
            return ChangeExcerpt()
        commits, rules = await asyncio.gather(
            self._commits(repository, until=until, limit=limit),
            self._rules(repository),
            return_exceptions=True,
        )
        if isinstance(commits, BaseException):
            raise commits
        return ChangeExcerpt(
            repository=repository,
            commits=tuple(commit.shown for commit in commits),
            owners=await self._owners(repository, commits, rules),
        )

    async def ping(self) -> str:
        """Whether the token reads every mapped repository, for the doctor; raises what
        ``recent_changes`` raises.
        """
        wanted = sorted(set(self._repositories.values()))
        for repository in wanted:
            await self._http.read(f"/repos/{repository}", ANYTHING)
        return f"reads {', '.join(wanted)}" if wanted else "no service is mapped to a repository"

    async def _commits(self, repository: str, *, until: datetime, limit: int) -> list[_Commit]:
        params: dict[str, str | int] = {
            "since": _written(until - WINDOW),
            "until": _written(until),
            "per_page": min(limit, _MOST_PER_PAGE),
        }
        return await self._http.read(f"/repos/{repository}/commits", _COMMITS, params)

    async def _rules(self, repository: str) -> tuple[Rule, ...]:
        """The rules of the first CODEOWNERS file; none if there is no such file."""
        texts = await asyncio.gather(
            *(self._file(repository, place) for place in CODEOWNERS_PLACES)
        )
        return parsed(next((text for text in texts if text is not None), ""))

    async def _file(self, repository: str, path: str) -> str | None:
        try:
            answer = await self._http.read(f"/repos/{repository}/contents/{path}", _CONTENTS)
        except NotFoundError:
            return None
        return answer.content

    async def _owners(
        self,
        repository: str,
        commits: Sequence[_Commit],
        rules: tuple[Rule, ...] | BaseException,
    ) -> tuple[str, ...]:
        try:
            if isinstance(rules, BaseException):
                raise rules
            if not (rules and commits):
                return ()
            paths = await self._changed_paths(repository, commits[:NEWEST_COMMITS])
            # Thousands of rules take a while: not on the event loop.
            return await asyncio.to_thread(owners_of, paths, rules)
        except IncidentResponseError as error:
            _log.warning("code owners unknown", repository=repository, reason=str(error))
            return ()

    async def _changed_paths(self, repository: str, commits: Sequence[_Commit]) -> list[str]:
        try:
            async with asyncio.timeout(OWNERS_SECONDS):
                details = await asyncio.gather(
                    *(
                        self._http.read(
                            f"/repos/{repository}/commits/{path_segment(commit.sha)}", _DETAIL
                        )
                        for commit in commits
                    )
                )
        except TimeoutError:
            raise UnavailableError(f"GitHub took over {OWNERS_SECONDS:g} s") from None
        return [file.filename for detail in details for file in detail.files]


def _checked(repository: str) -> str:
    if not _REPOSITORY.fullmatch(repository) or repository.endswith(("/.", "/..")):
        raise InvalidConfigurationError(
            "GITHUB_REPO_MAP must map services to owner/name, such as acme/shop"
        )
    return repository


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
