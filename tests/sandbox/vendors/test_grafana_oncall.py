from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from incident_response.sandbox.company import Company, Service
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import grafana_oncall
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import NOON, group_of, serving, still_world

TOKEN = {"Authorization": "oncall-token"}


@pytest.fixture
def world() -> World:
    return still_world()


@pytest.fixture
async def oncall(world: World) -> AsyncIterator[ClientSession]:
    async with serving(grafana_oncall.routes(world, "oncall-token")) as session:
        yield session


async def get(oncall: ClientSession, path: str, status: int = 200) -> Any:
    async with oncall.get(f"/oncall/api/v1/{path}", headers=TOKEN) as reply:
        assert reply.status == status, await reply.text()
        return await reply.json()


def service(name: str, company: Company = TIDEWATER) -> Service:
    found = company.service(name)
    assert found is not None
    return found


async def test_the_people_on_call_now_are_users_with_their_slack_ids(
    oncall: ClientSession,
) -> None:
    checkout = service("checkout-api")
    schedule = await get(oncall, f"schedules/{checkout.schedule_id}/")
    assert schedule["name"] == "checkout-api primary"
    (user_id,) = schedule["on_call_now"]
    user = await get(oncall, f"users/{user_id}/")
    assert user["email"] == "maya@tidewater.example"
    assert user["slack"] == {"user_id": "U07MAYA0KAF", "team_id": TIDEWATER.team_id}


async def test_a_person_without_a_slack_account_has_no_slack_object(
    oncall: ClientSession,
) -> None:
    listed = await get(oncall, "users/?username=viktor")
    assert [user["slack"] for user in listed["results"]] == [None]


async def test_the_way_from_integration_to_people_can_be_walked(oncall: ClientSession) -> None:
    checkout = service("checkout-api")
    (route,) = (await get(oncall, f"routes/?integration_id={checkout.integration_id}"))["results"]
    chain = await get(oncall, f"escalation_chains/{route['escalation_chain_id']}/")
    assert set(chain) == {"id", "name", "team_id"}, "steps are policies, not part of a chain"
    listed = await get(oncall, f"escalation_policies/?escalation_chain_id={chain['id']}")
    steps = listed["results"]
    assert [step["position"] for step in steps] == list(range(len(steps)))
    schedule_steps = [s for s in steps if s["type"] == "notify_on_call_from_schedule"]
    paged = [step["notify_on_call_from_schedule"] for step in schedule_steps]
    assert paged == [checkout.schedule_id, checkout.secondary_schedule_id]
    assert TIDEWATER.person("derek").oncall_id in steps[-1]["persons_to_notify"]


async def test_pages_follow_each_other_until_next_is_null(oncall: ClientSession) -> None:
    seen: list[str] = []
    url = "/oncall/api/v1/users/?perpage=5"
    while url:
        async with oncall.get(url, headers=TOKEN) as reply:
            page = await reply.json()
        assert page["page_size"] == 5
        seen += [user["id"] for user in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == page["count"]


async def test_a_page_past_the_end_is_not_found(oncall: ClientSession) -> None:
    assert await get(oncall, "teams/?page=9", 404) == {"detail": "Invalid page."}


async def test_perpage_is_capped_at_a_hundred(oncall: ClientSession) -> None:
    assert (await get(oncall, "teams/?perpage=5000"))["page_size"] == 100


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "wrong"}, "Invalid token."),
        ({"Authorization": "Bearer oncall-token"}, "Invalid token."),
    ],
)
async def test_a_wrong_token_is_forbidden(
    oncall: ClientSession, headers: dict[str, str], detail: str
) -> None:
    async with oncall.get("/oncall/api/v1/users/", headers=headers) as reply:
        assert (reply.status, await reply.json()) == (403, {"detail": detail})


async def test_a_missing_slash_is_redirected(oncall: ClientSession) -> None:
    async with oncall.get(
        "/oncall/api/v1/users?perpage=2", headers=TOKEN, allow_redirects=False
    ) as reply:
        assert reply.status == 301
        assert reply.headers["Location"] == "/oncall/api/v1/users/?perpage=2"


async def test_alert_groups_are_found_by_state_and_start(
    oncall: ClientSession, world: World
) -> None:
    old = group_of("search-api", started_at=NOON - 7200, group_id="IOLD")
    world.groups.put(old.moved("resolved", NOON - 3600))
    world.groups.put(group_of("checkout-api", group_id="INEW"))
    everything = (await get(oncall, "alert_groups/"))["results"]
    assert [(g["id"], g["state"]) for g in everything] == [
        ("INEW", "firing"),
        ("IOLD", "resolved"),
    ]
    fresh = await get(oncall, "alert_groups/?state=new")
    assert [g["id"] for g in fresh["results"]] == ["INEW"]
    window = "2026-11-21T09:00:00_2026-11-21T11:00:00"
    older = await get(oncall, f"alert_groups/?started_at={window}")
    assert [g["id"] for g in older["results"]] == ["IOLD"]
    assert older["results"][0]["resolved_at"] == "2026-11-21T11:00:00.000Z"


@pytest.mark.parametrize("query", ["state=firing", "started_at=yesterday"])
async def test_a_filter_that_makes_no_sense_is_refused(oncall: ClientSession, query: str) -> None:
    assert "detail" in await get(oncall, f"alert_groups/?{query}", 400)


async def test_an_unknown_object_is_not_found(oncall: ClientSession) -> None:
    assert await get(oncall, "schedules/SNONE/", 404) == {"detail": "Not found."}


@pytest.mark.parametrize("name", ["teams", "integrations", "routes", "escalation_chains"])
async def test_every_listed_object_can_be_got_by_its_id(oncall: ClientSession, name: str) -> None:
    listed = (await get(oncall, f"{name}/"))["results"]
    assert listed
    for row in listed:
        assert await get(oncall, f"{name}/{row['id']}/") == row


async def page(oncall: ClientSession, body: Any) -> tuple[int, Any]:
    async with oncall.post("/oncall/api/v1/escalation/", headers=TOKEN, json=body) as reply:
        return reply.status, await reply.json()


async def test_a_page_opens_an_alert_group_and_is_seen_in_what_was_received(
    oncall: ClientSession, world: World
) -> None:
    maya = TIDEWATER.person("maya").oncall_id
    users = [{"id": maya, "important": True}]
    status, group = await page(oncall, {"users": users, "title": "Come", "message": "now"})
    assert (status, group["title"], group["state"]) == (200, "Come", "firing")
    (call,) = world.board.received.matching("oncall.escalation")
    assert call.arguments()["title"] == "Come"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"users": [{"id": "UGONE", "important": True}]},
        {"users": [{"id": TIDEWATER.person("maya").oncall_id}]},
        {"team": "TGONE"},
        {"team": TIDEWATER.teams[0].oncall_id, "alert_group_id": "IGONE"},
        {"team": TIDEWATER.teams[0].oncall_id, "alert_group_id": "IGONE", "title": "t"},
    ],
)
async def test_a_page_to_nobody_or_to_a_stranger_is_refused_as_the_engine_does(
    oncall: ClientSession, body: Any
) -> None:
    status, _ = await page(oncall, body)
    assert status == 400


async def test_nobody_is_added_to_an_alert_group_that_is_over(
    oncall: ClientSession, world: World
) -> None:
    world.groups.put(group_of("checkout-api").moved("resolved", NOON))
    (group,) = world.groups.newest_first()
    body = {"team": TIDEWATER.teams[0].oncall_id, "alert_group_id": group.id}
    assert await page(oncall, body) == (
        400,
        {"detail": "Cannot add responders for a resolved alert group"},
    )
