import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import github
from tests.sandbox.vendors.serving import NOON, serving, still_world

TOKEN = {"Authorization": "Bearer github-token", "Accept": "application/vnd.github+json"}
REPO = "/github/repos/tidewater/checkout-api"


@pytest.fixture
async def code() -> AsyncIterator[ClientSession]:
    async with serving(github.routes(still_world(), "github-token")) as session:
        yield session


async def get(code: ClientSession, path: str, status: int = 200) -> Any:
    async with code.get(path, headers=TOKEN) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json()


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("service", [service.repo for service in TIDEWATER.services])
async def test_every_repository_has_commits_in_the_last_hours(
    code: ClientSession, service: str
) -> None:
    since = moment(NOON - 10_800)
    found = await get(code, f"/github/repos/{service}/commits?since={since}")
    dates = [commit["commit"]["author"]["date"] for commit in found]
    assert dates
    assert dates == sorted(dates, reverse=True)
    assert all(since <= date <= moment(NOON) for date in dates)


async def test_authors_are_people_of_the_owning_team(code: ClientSession) -> None:
    found = await get(code, f"{REPO}/commits?per_page=100")
    authors = {commit["author"]["login"] for commit in found}
    assert authors <= {"maya", "jonas", "priya", "tomas", "viktor"}
    assert len(authors) > 1


async def test_a_commit_names_the_one_before_it(code: ClientSession) -> None:
    newest, older = await get(code, f"{REPO}/commits?per_page=2")
    assert newest["parents"] == [{"sha": older["sha"]}]


async def test_pages_are_linked_and_do_not_overlap(code: ClientSession) -> None:
    async with code.get(f"{REPO}/commits?per_page=3", headers=TOKEN) as reply:
        first = [commit["sha"] for commit in await reply.json()]
        following = reply.links["next"]["url"]
        assert "prev" not in reply.links
    async with code.get(following, headers=TOKEN) as reply:
        second = [commit["sha"] for commit in await reply.json()]
        assert "prev" in reply.links
    assert len(set(first + second)) == 6


async def test_a_page_past_the_end_is_empty(code: ClientSession) -> None:
    assert await get(code, f"{REPO}/commits?page={10**17}&per_page=100") == []


async def test_a_path_narrows_the_commits(code: ClientSession) -> None:
    window = f"per_page=100&since={moment(NOON - 3 * 86_400)}"
    everything = await get(code, f"{REPO}/commits?{window}")
    some = await get(code, f"{REPO}/commits?{window}&path=migrations")
    assert 0 < len(some) < len(everything)


async def test_a_commit_shows_the_file_it_changed(code: ClientSession) -> None:
    (listed,) = await get(code, f"{REPO}/commits?per_page=1&path=migrations")
    detail = await get(code, f"{REPO}/commits/{listed['sha']}")
    assert detail["commit"] == listed["commit"]
    assert [file["filename"].split("/")[0] for file in detail["files"]] == ["migrations"]
    await get(code, f"{REPO}/commits/{'0' * 40}", 422)


async def test_an_etag_saves_the_body(code: ClientSession) -> None:
    async with code.get(f"{REPO}/commits", headers=TOKEN) as reply:
        etag = reply.headers["ETag"]
    async with code.get(f"{REPO}/commits", headers={**TOKEN, "If-None-Match": etag}) as reply:
        assert (reply.status, await reply.read()) == (304, b"")


async def test_codeowners_names_the_team_and_its_members_are_listed(code: ClientSession) -> None:
    document = await get(code, f"{REPO}/contents/.github/CODEOWNERS")
    text = base64.b64decode(document["content"]).decode()
    assert "@tidewater/payments" in text
    members = await get(code, "/github/orgs/tidewater/teams/payments/members")
    logins = {member["login"] for member in members}
    assert "maya" in logins
    assert "derek" not in logins


async def test_codeowners_can_be_read_raw(code: ClientSession) -> None:
    headers = {**TOKEN, "Accept": "application/vnd.github.raw+json"}
    async with code.get(f"{REPO}/contents/.github/CODEOWNERS", headers=headers) as reply:
        assert (await reply.text()).startswith("# Owners of")


async def test_codeowners_may_lie_at_the_root_or_nowhere(code: ClientSession) -> None:
    search = "/github/repos/tidewater/search-api/contents"
    await get(code, f"{search}/CODEOWNERS")
    await get(code, f"{search}/.github/CODEOWNERS", 404)
    await get(code, "/github/repos/tidewater/billing-worker/contents/CODEOWNERS", 404)


@pytest.mark.parametrize(
    "path",
    [
        "/github/repos/tidewater/secret",
        "/github/repos/tidewater/secret/commits",
        "/github/repos/tidewater/checkout-api/commits?sha=feature",
        "/github/orgs/other/teams/payments/members",
        "/github/orgs/tidewater/teams/nobody/members",
    ],
)
async def test_what_does_not_exist_is_not_found(code: ClientSession, path: str) -> None:
    assert (await get(code, path, 404))["message"] == "Not Found"


async def test_a_repository_says_its_default_branch(code: ClientSession) -> None:
    assert (await get(code, REPO))["default_branch"] == "main"


@pytest.mark.parametrize("query", ["since=yesterday", "page=two", "page=" + "9" * 30])
async def test_broken_arguments_fail_validation(code: ClientSession, query: str) -> None:
    await get(code, f"{REPO}/commits?{query}", 422)


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [({}, 404, "Not Found"), ({"Authorization": "Bearer wrong"}, 401, "Bad credentials")],
)
async def test_strangers_learn_nothing_and_bad_tokens_are_told(
    code: ClientSession, headers: dict[str, str], status: int, message: str
) -> None:
    async with code.get(REPO, headers=headers) as reply:
        assert reply.status == status
        assert (await reply.json())["message"] == message
