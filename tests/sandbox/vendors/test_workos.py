from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import workos
from incident_response.sandbox.vendors.workos import DIRECTORY_ID
from tests.sandbox.vendors.serving import serving, still_world

TOKEN = {"Authorization": "Bearer sk_test"}
PAYMENTS = TIDEWATER.team("payments").directory_group_id


@pytest.fixture
async def directory() -> AsyncIterator[ClientSession]:
    async with serving(workos.routes(still_world(), "sk_test")) as session:
        yield session


async def get(directory: ClientSession, path: str, status: int = 200) -> Any:
    async with directory.get(f"/workos/{path}", headers=TOKEN) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json()


async def test_a_group_has_its_people_and_those_who_left_are_inactive(
    directory: ClientSession,
) -> None:
    listed = await get(directory, f"directory_users?group={PAYMENTS}&limit=100")
    states = {user["username"]: user["state"] for user in listed["data"]}
    assert states == {
        "maya": "active",
        "jonas": "active",
        "priya": "active",
        "tomas": "active",
        "viktor": "active",
        "derek": "inactive",
    }


async def test_an_address_may_be_in_another_case_than_slack_has_it(
    directory: ClientSession,
) -> None:
    claire = TIDEWATER.person("claire")
    user = await get(directory, f"directory_users/{claire.directory_id}")
    assert user["email"] != claire.email
    assert user["email"].lower() == claire.email


async def test_guests_and_bots_are_not_in_the_directory(directory: ClientSession) -> None:
    listed = await get(directory, f"directory_users?directory={DIRECTORY_ID}&limit=100")
    names = {user["username"] for user in listed["data"]}
    assert {"rosa", "deploybot"} & names == set()
    assert len(names) == 13


async def test_ten_a_page_unless_asked_and_cursors_lead_through_all(
    directory: ClientSession,
) -> None:
    path = f"directory_users?directory={DIRECTORY_ID}"
    first = await get(directory, path)
    assert len(first["data"]) == 10
    assert first["list_metadata"]["before"] is None
    second = await get(directory, f"{path}&after={first['list_metadata']['after']}")
    assert len(second["data"]) == 3
    assert second["list_metadata"]["after"] is None
    back = await get(directory, f"{path}&before={second['list_metadata']['before']}")
    assert back["data"] == first["data"]


async def test_ascending_is_descending_turned_round(directory: ClientSession) -> None:
    path = f"directory_groups?directory={DIRECTORY_ID}"
    descending = (await get(directory, path))["data"]
    ascending = (await get(directory, f"{path}&order=asc"))["data"]
    assert ascending == descending[::-1]


async def test_a_users_groups_are_asked_of_the_groups(directory: ClientSession) -> None:
    maya = TIDEWATER.person("maya").directory_id
    listed = await get(directory, f"directory_groups?user={maya}")
    assert [group["name"] for group in listed["data"]] == ["Payments"]


async def test_email_and_idp_id_find_one_person(directory: ClientSession) -> None:
    path = f"directory_users?directory={DIRECTORY_ID}"
    (user,) = (await get(directory, f"{path}&email=maya@tidewater.example"))["data"]
    (same,) = (await get(directory, f"{path}&idp_id={user['idp_id']}"))["data"]
    assert same == user


@pytest.mark.parametrize(
    "query",
    [
        "",
        "group=x&email=maya@tidewater.example",
        "directory={d}&limit=0",
        "directory={d}&limit=101",
        "directory={d}&limit=ten",
        "directory={d}&order=random",
    ],
)
async def test_arguments_that_do_not_fit_are_unprocessable(
    directory: ClientSession, query: str
) -> None:
    answer = await get(directory, f"directory_users?{query.format(d=DIRECTORY_ID)}", 422)
    assert answer["errors"][0]["field"]


@pytest.mark.parametrize(
    "path",
    [
        "directories/directory_none",
        "directory_groups/directory_group_none",
        "directory_users/directory_user_none",
        "directory_users?directory=directory_none",
        "directory_users?group=directory_group_none",
        "directory_groups?directory=directory_none",
        "directory_groups?user=directory_user_none",
    ],
)
async def test_what_does_not_exist_is_not_found(directory: ClientSession, path: str) -> None:
    assert (await get(directory, path, 404))["code"] == "entity_not_found"


async def test_directories_are_found_by_organization_and_name(directory: ClientSession) -> None:
    assert len((await get(directory, "directories?search=tide"))["data"]) == 1
    assert (await get(directory, "directories?organization_id=org_other"))["data"] == []


async def test_a_wrong_key_is_unauthorized(directory: ClientSession) -> None:
    async with directory.get(
        "/workos/directories", headers={"Authorization": "Bearer sk_wrong"}
    ) as reply:
        assert (reply.status, await reply.json()) == (401, {"message": "Unauthorized"})
