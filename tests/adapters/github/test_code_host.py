"""GitHub's odd cases: everything ordinary is in the conformance suite of the port."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import aiohttp
import pytest
from aiohttp import web

from incident_response.adapters.github import GitHubCodeHost
from incident_response.adapters.http import vendor_session
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.context import Commit
from incident_response.domain.errors import (
    InvalidConfigurationError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.repositories import commits as history
from tests.adapters.scripted import Answer, HurriedClock, Received, hangs, says, vendor_that
from tests.adapters.standins import stand_ins

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHAS = [f"{number:040x}" for number in range(5)]
OWNERS = "* @t/all\n/deploy/ @t/platform\n*.md\n"


@dataclass
class Repository:
    """A small GitHub with one repository, t/shop; ``odd`` answers instead for its paths."""

    commits: list[str] = field(default_factory=lambda: list(SHAS))
    changed: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    odd: dict[str, Answer] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/repos/t/shop")
        return await (self.odd.get(path) or self._usual(path, request))(request)

    def _usual(self, path: str, request: web.Request) -> Answer:
        if path == "/commits":
            shown = self.commits[: int(request.query["per_page"])]
            return says([self._commit(sha) for sha in shown])
        if path.startswith("/commits/"):
            sha = path.removeprefix("/commits/")
            files = [{"filename": name, "patch": "+1"} for name in self.changed.get(sha, ())]
            return says({**self._commit(sha), "files": files})
        text = self.files.get(path.removeprefix("/contents/"))
        if text is None:
            return says({"message": "Not Found"}, status=404)
        # GitHub breaks the text into lines of 60 characters.
        content = base64.encodebytes(text.encode()).decode()
        return says({"type": "file", "encoding": "base64", "content": content})

    def _commit(self, sha: str) -> dict[str, object]:
        age = timedelta(minutes=10 * SHAS.index(sha))
        signed = {
            "name": "Ann",
            "email": "ann@t.example",
            "date": f"{AT - age:%Y-%m-%dT%H:%M:%SZ}",
        }
        return {
            "sha": sha,
            "html_url": f"https://github.example/t/shop/commit/{sha}",
            "commit": {
                "message": f"Change {sha[-1]}\n\nWhy",
                "author": signed,
                "committer": signed,
            },
            "author": None,
        }


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def github(url: str, http: aiohttp.ClientSession) -> GitHubCodeHost:
    return GitHubCodeHost(
        base_url=url,
        token="ghp_test",
        repositories={"Shop": "t/shop"},
        http=http,
        clock=HurriedClock(),
    )


def paths(requests: list[Received]) -> list[str]:
    return [request.path.removeprefix("/repos/t/shop") for request in requests]


async def owners_of(repository: Repository, http: aiohttp.ClientSession) -> tuple[str, ...]:
    async with vendor_that(repository.answer) as (url, _):
        changes = await github(url, http).recent_changes("shop", until=AT, limit=5)
    assert len(changes.commits) == 5
    return changes.owners


async def test_commits_of_four_hours_are_asked_for_and_shown_by_their_first_line(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(Repository().answer) as (url, vendor):
        changes = await github(url, http).recent_changes("shop", until=AT, limit=2)
    asked = next(request for request in vendor.requests if request.path.endswith("/commits"))
    assert asked.query == {
        "since": "2026-03-02T05:00:00Z",
        "until": "2026-03-02T09:00:00Z",
        "per_page": "2",
    }
    assert asked.headers["Authorization"] == "Bearer ghp_test"
    assert asked.headers["Accept"] == "application/vnd.github+json"
    assert asked.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert changes.repository == "t/shop"
    assert changes.commits[0] == Commit(
        sha=SHAS[0],
        title="Change 0",
        author="Ann",
        at=AT,
        url=f"https://github.example/t/shop/commit/{SHAS[0]}",
    )


async def test_owners_are_those_of_the_paths_the_three_newest_commits_changed(
    http: aiohttp.ClientSession,
) -> None:
    changed = {
        SHAS[0]: ["README.md"],
        SHAS[1]: ["deploy/values.yaml"],
        SHAS[2]: ["src/a.py"],
        SHAS[3]: ["never/asked"],
    }
    files = {"CODEOWNERS": f"{OWNERS}/never/ @t/never"}
    assert await owners_of(Repository(changed=changed, files=files), http) == (
        "@t/platform",
        "@t/all",
    )


@pytest.mark.parametrize(
    "places",
    [
        (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
        ("CODEOWNERS", "docs/CODEOWNERS"),
        ("docs/CODEOWNERS",),
    ],
)
async def test_the_first_of_the_three_places_counts(
    http: aiohttp.ClientSession, places: tuple[str, ...]
) -> None:
    files = {place: f"* @t/{number}" for number, place in enumerate(places)}
    assert await owners_of(Repository(changed={SHAS[0]: ["a"]}, files=files), http) == ("@t/0",)


async def test_without_a_codeowners_file_nobody_owns_and_no_commit_is_looked_up(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(Repository().answer) as (url, vendor):
        changes = await github(url, http).recent_changes("shop", until=AT, limit=5)
    assert changes.owners == ()
    assert not [path for path in paths(vendor.requests) if path.startswith("/commits/")]


async def test_a_time_without_commits_has_none_and_names_no_owners(
    http: aiohttp.ClientSession,
) -> None:
    async with vendor_that(Repository(commits=[], files={"CODEOWNERS": OWNERS}).answer) as (
        url,
        _,
    ):
        changes = await github(url, http).recent_changes("shop", until=AT, limit=5)
    assert (changes.repository, changes.commits, changes.owners) == ("t/shop", (), ())


@pytest.mark.parametrize("answer", [says({}, status=503), says([]), hangs])
@pytest.mark.parametrize("path", ["/contents/CODEOWNERS", f"/commits/{SHAS[0]}"])
async def test_owners_that_cannot_be_found_out_do_not_cost_the_commits(
    http: aiohttp.ClientSession, path: str, answer: Answer
) -> None:
    repository = Repository(changed={SHAS[0]: ["a"]}, files={"docs/CODEOWNERS": OWNERS})
    repository.odd[path] = answer
    assert await owners_of(repository, http) == ()


async def test_a_codeowners_file_that_is_no_text_does_not_cost_the_commits(
    http: aiohttp.ClientSession,
) -> None:
    repository = Repository()
    repository.odd["/contents/CODEOWNERS"] = says({"encoding": "base64", "content": "%%%"})
    assert await owners_of(repository, http) == ()


async def test_commits_that_cannot_be_read_are_an_error(http: aiohttp.ClientSession) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{AT.timestamp() + 600:.0f}"}
    for answer, kind in (
        (says({}, status=502), UnavailableError),
        (
            says({"message": "API rate limit exceeded"}, status=403, headers=spent),
            RateLimitedError,
        ),
        (says({"message": "Git Repository is empty."}, status=409), RefusedError),
    ):
        async with vendor_that(Repository(odd={"/commits": answer}).answer) as (url, _):
            with pytest.raises(kind):
                await github(url, http).recent_changes("shop", until=AT, limit=5)


async def test_the_same_question_again_costs_no_quota() -> None:
    async with stand_ins() as vendors:
        code_host = vendors.code_host()
        first, second = [
            await code_host.recent_changes("checkout-api", until=AT, limit=5) for _ in range(2)
        ]
        calls = vendors.board.received.matching("github.commits")
    assert first == second
    assert sorted(call.status or 0 for call in calls if call.status != 404) == [200, 304]


@pytest.mark.parametrize(
    "repository", ["shop", "t/shop/x", "t/..", "../shop", "t/s hop", "t/shop?x", "", "/shop"]
)
async def test_a_map_that_makes_no_sense_is_refused_at_the_start(
    http: aiohttp.ClientSession, repository: str
) -> None:
    with pytest.raises(InvalidConfigurationError, match="GITHUB_REPO_MAP"):
        GitHubCodeHost(
            base_url="https://api.github.com",
            token="ghp_test",
            repositories={"shop": repository},
            http=http,
            clock=HurriedClock(),
        )


async def test_a_ping_reads_every_repository_and_names_what_to_mend(
    http: aiohttp.ClientSession,
) -> None:
    async with stand_ins() as vendors:
        assert "tidewater/checkout-api" in await vendors.code_host().ping()
        with pytest.raises(RefusedError, match="check GITHUB_TOKEN"):
            await vendors.code_host(token="wrong").ping()


async def test_the_stand_in_names_the_owners_of_what_was_changed() -> None:
    owners = {
        "src/": ["@tidewater/payments"],
        "deploy/": ["@tidewater/platform", "@tidewater/payments"],
        "migrations/": ["@maya", "maya@tidewater.example"],
        "README.md": [],
    }
    now = SystemClock().now()
    checkout = TIDEWATER.services[0]
    newest = islice(history(TIDEWATER, checkout, until=now.timestamp()), 3)
    expected = {
        owner
        for commit in newest
        if commit.at >= (now - timedelta(hours=4)).timestamp()
        for prefix in owners
        if commit.path.startswith(prefix)
        for owner in owners[prefix]
    }
    async with stand_ins() as vendors:
        changes = await vendors.code_host().recent_changes("checkout-api", until=now, limit=5)
    assert set(changes.owners) == expected
