import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.store import Store
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.statuspage.api import PREFIX, routes
from incident_response.sandbox.vendors.statuspage.board import StatusBoard
from incident_response.sandbox.vendors.statuspage.pace import CALLS, Pace
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import NOON, StillClock, serving, still_world

CHECKOUT, SEARCH = (service.component_id for service in TIDEWATER.services[:2])
KEY = {"Authorization": "OAuth sp_test"}
MINE = {"incident_response": {"key": "inc-1:abc"}}


@dataclass
class Desk:
    session: ClientSession
    world: World
    clock: StillClock
    board: StatusBoard
    pace: Pace

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        url = f"{PREFIX}/pages/{TIDEWATER.status_page_id}{path}"
        async with self.session.request(method, url, json=body, headers=KEY) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()

    async def open(self, **incident: Any) -> Any:
        body = {"incident": {"name": "Checkout is failing", **incident}}
        return await self.ask("POST", "/incidents", body, status=201)

    async def change(self, incident_id: str, **incident: Any) -> Any:
        return await self.ask("PATCH", f"/incidents/{incident_id}", {"incident": incident})

    async def statuses(self) -> dict[str, str]:
        return {part["id"]: part["status"] for part in await self.ask("GET", "/components")}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = StillClock()
    world = still_world(clock)
    board = StatusBoard(TIDEWATER, Store(table="statuspage"), now=NOON)
    pace = Pace()
    async with serving(routes(world, board, "sp_test", pace=pace)) as session:
        yield Desk(session, world, clock, board, pace)
    await world.board.stop()
    board.close()


async def test_an_incident_is_told_from_its_opening_to_its_end(desk: Desk) -> None:
    opened = await desk.open(body="Some payments fail.", component_ids=[CHECKOUT])
    assert (opened["status"], opened["impact"]) == ("investigating", "none")
    for status in ("identified", "monitoring", "resolved"):
        desk.clock.at += 60
        changed = await desk.change(opened["id"], status=status, body=f"Now {status}.")
    assert [told["status"] for told in changed["incident_updates"]] == [
        "resolved",
        "monitoring",
        "identified",
        "investigating",
    ]
    assert changed["incident_updates"][-1]["body"] == "Some payments fail."
    assert changed["monitoring_at"] == "2026-11-21T12:02:00.000Z"
    assert changed["resolved_at"] == "2026-11-21T12:03:00.000Z"
    assert await desk.ask("GET", f"/incidents/{opened['id']}") == changed


async def test_metadata_is_kept_and_shown_wherever_the_incident_is(desk: Desk) -> None:
    opened = await desk.open(metadata=MINE)
    assert opened["metadata"] == MINE
    (listed,) = await desk.ask("GET", "/incidents?limit=100")
    (unresolved,) = await desk.ask("GET", "/incidents/unresolved")
    assert listed["metadata"] == unresolved["metadata"] == MINE


async def test_metadata_is_not_searched_but_names_and_messages_are(desk: Desk) -> None:
    await desk.open(metadata=MINE, body="Cards are declined")
    assert await desk.ask("GET", "/incidents?q=inc-1:abc") == []
    assert len(await desk.ask("GET", "/incidents?q=CARDS")) == 1
    assert len(await desk.ask("GET", "/incidents?q=failing")) == 1


async def test_the_same_create_twice_makes_two_incidents(desk: Desk) -> None:
    first, second = await desk.open(metadata=MINE), await desk.open(metadata=MINE)
    assert first["id"] != second["id"]
    assert len(await desk.ask("GET", "/incidents")) == 2


async def test_component_statuses_change_with_the_incident_and_stay_after_it(desk: Desk) -> None:
    opened = await desk.open(components={CHECKOUT: "partial_outage"})
    assert (await desk.statuses())[CHECKOUT] == "partial_outage"
    assert opened["impact"] == "major"
    (affected,) = opened["incident_updates"][0]["affected_components"]
    assert (affected["old_status"], affected["new_status"]) == ("operational", "partial_outage")
    resolved = await desk.change(opened["id"], status="resolved")
    assert resolved["impact"] == "major"
    assert (await desk.statuses())[CHECKOUT] == "partial_outage", "nobody said it was well again"
    await desk.change(opened["id"], components={CHECKOUT: "operational"})
    assert set((await desk.statuses()).values()) == {"operational"}


async def test_an_impact_that_is_overridden_is_the_one_shown(desk: Desk) -> None:
    opened = await desk.open(impact_override="minor", components={SEARCH: "major_outage"})
    assert (opened["impact"], opened["impact_override"]) == ("minor", "minor")


async def test_a_change_without_status_or_body_tells_nobody_anything(desk: Desk) -> None:
    opened = await desk.open()
    changed = await desk.change(opened["id"], metadata=MINE)
    assert changed["metadata"] == MINE
    assert len(changed["incident_updates"]) == 1


async def test_a_status_without_words_gets_the_usual_ones(desk: Desk) -> None:
    opened = await desk.open()
    body = {"incident": {"status": "resolved", "deliver_notifications": False}}
    changed = await desk.ask("PUT", f"/incidents/{opened['id']}", body)
    told = changed["incident_updates"][0]
    assert told["body"] == "This incident has been resolved."
    assert told["deliver_notifications"] is False
    assert opened["incident_updates"][0]["deliver_notifications"] is True, "unless told otherwise"


async def test_a_message_that_is_out_can_be_corrected(desk: Desk) -> None:
    opened = await desk.open(body="Paymnets fail.")
    told = opened["incident_updates"][0]
    path = f"/incidents/{opened['id']}/incident_updates/{told['id']}"
    body = {"incident_update": {"body": "Payments fail.", "display_at": "2026-11-21T11:50:00Z"}}
    edited = await desk.ask("PATCH", path, body)
    assert edited["display_at"] == "2026-11-21T11:50:00.000Z"
    (shown,) = (await desk.ask("GET", f"/incidents/{opened['id']}"))["incident_updates"]
    assert shown == edited
    assert shown["body"] == "Payments fail."


async def test_the_newest_come_first_a_page_at_a_time(desk: Desk) -> None:
    for n in range(5):
        desk.clock.at += 1
        await desk.open(name=f"Number {n}")
    first = await desk.ask("GET", "/incidents?limit=2")
    last = await desk.ask("GET", "/incidents/unresolved?per_page=2&page=3")
    assert [one["name"] for one in first + last] == ["Number 4", "Number 3", "Number 0"]
    assert await desk.ask("GET", "/incidents?limit=2&page=9") == []
    for path in ("/incidents?limit=x", "/incidents?limit=0", "/components?page=0"):
        await desk.ask("GET", path, status=400)


async def test_resolved_incidents_are_not_among_the_unresolved(desk: Desk) -> None:
    opened = await desk.open()
    await desk.open(name="Still there")
    await desk.change(opened["id"], status="resolved")
    (listed,) = await desk.ask("GET", "/incidents/unresolved")
    assert listed["name"] == "Still there"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 400, "incident is missing, incident[name] is missing"),
        ({"incident": {}}, 400, "incident[name] is missing"),
        ({"incident": {"name": " "}}, 422, ["Name can't be blank"]),
        (
            {"incident": {"name": "n" * 256, "body": "b" * 25_001}},
            422,
            [
                "Name is too long (maximum is 255 characters)",
                "Body is too long (maximum is 25000 characters)",
            ],
        ),
        (
            {"incident": {"name": "n", "status": "panicking"}},
            400,
            "incident[status] does not have a valid value",
        ),
        (
            {"incident": {"name": "n", "metadata": {"key": "a string"}}},
            422,
            ["Metadata top level values must be objects"],
        ),
        (
            {"incident": {"name": "n", "component_ids": ["nowhere"]}},
            422,
            ["Component nowhere was not found on this page"],
        ),
        (
            {"incident": {"name": "n", "components": {CHECKOUT: "on_fire"}}},
            400,
            f"incident[components][{CHECKOUT}] does not have a valid value",
        ),
        ({"incident": {"name": 7}}, 400, "incident[name] is invalid"),
        (
            {"incident": {"name": "n", "backfilled": True}},
            422,
            ["backfilled: only realtime incidents are served here"],
        ),
    ],
)
async def test_what_breaks_a_rule_is_refused_and_leaves_nothing(
    desk: Desk, body: Any, status: int, error: Any
) -> None:
    assert await desk.ask("POST", "/incidents", body, status=status) == {"error": error}
    assert await desk.ask("GET", "/incidents") == []


async def test_a_body_that_is_not_json_is_refused(desk: Desk) -> None:
    url = f"{PREFIX}/pages/{TIDEWATER.status_page_id}/incidents"
    async with desk.session.post(url, data=b"{", headers=KEY) as reply:
        assert reply.status == 400


@pytest.mark.parametrize("header", ["", "OAuth wrong", "Bearer sp_test", "sp_test"])
async def test_another_key_or_scheme_is_not_authenticated(desk: Desk, header: str) -> None:
    url = f"{PREFIX}/pages/{TIDEWATER.status_page_id}"
    async with desk.session.get(url, headers={"Authorization": header}) as reply:
        assert (reply.status, await reply.json()) == (401, {"error": "Could not authenticate"})


@pytest.mark.parametrize("path", ["/incidents/none", "/components/none"])
async def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    assert await desk.ask("GET", path, status=404) == {"error": "not found"}
    other = f"{PREFIX}/pages/other"
    async with desk.session.get(other, headers=KEY) as reply:
        assert reply.status == 404


async def test_a_component_is_moved_by_itself(desk: Desk) -> None:
    body = {"component": {"status": "degraded_performance"}}
    moved = await desk.ask("PATCH", f"/components/{SEARCH}", body)
    assert moved["status"] == "degraded_performance"
    assert (await desk.ask("GET", f"/components/{SEARCH}")) == moved
    body = {"component": {"status": "on_fire"}}
    await desk.ask("PATCH", f"/components/{SEARCH}", body, status=400)


async def test_subscribers_are_counted_by_type_and_state(desk: Desk) -> None:
    active = await desk.ask("GET", "/subscribers/count")
    every = await desk.ask("GET", "/subscribers/count?state=all&type=email")
    histogram = await desk.ask("GET", "/subscribers/histogram_by_state")
    assert active["email"] == histogram["email"]["active"]
    assert every == {"email": histogram["email"]["total"]}
    await desk.ask("GET", "/subscribers/count?type=pigeon", status=400)


async def test_sixty_calls_fit_into_any_minute_once_the_pace_is_kept(desk: Desk) -> None:
    desk.pace.enabled = True
    for _ in range(CALLS):
        await desk.ask("GET", "")
    assert "error" in await desk.ask("GET", "", status=420)
    desk.clock.at += 59.9
    await desk.ask("GET", "", status=420)
    desk.clock.at += 0.1
    await desk.ask("GET", "")


async def test_a_lost_reply_leaves_the_incident_to_be_found_by_its_metadata(desk: Desk) -> None:
    desk.world.board.add(Fault(target="statuspage.create_incident", kind="drop_reply", times=1))
    with pytest.raises(aiohttp.ClientError):
        await desk.open(metadata=MINE)
    (found,) = await desk.ask("GET", "/incidents/unresolved")
    assert found["metadata"] == MINE


async def test_a_late_publication_is_not_there_at_first_and_is_there_afterwards() -> None:
    gate = asyncio.Event()

    class Gated(StillClock):
        async def sleep(self, seconds: float) -> None:
            await gate.wait()
            self.at += seconds

    clock = Gated()
    world = still_world(clock)
    board = StatusBoard(TIDEWATER, Store(table="statuspage"), now=NOON)
    world.board.add(
        Fault(target="statuspage.create_incident", kind="apply_later", seconds=90, times=1)
    )
    async with serving(routes(world, board, "sp_test", pace=Pace())) as session:
        desk = Desk(session, world, clock, board, Pace())
        with pytest.raises(aiohttp.ClientError):
            await desk.open(metadata=MINE)
        assert await desk.ask("GET", "/incidents") == []
        gate.set()
        async with asyncio.timeout(5):
            while not (listed := await desk.ask("GET", "/incidents")):
                continue
        (found,) = listed
        assert found["metadata"] == MINE
        assert found["created_at"] == "2026-11-21T12:01:30.000Z"
    await world.board.stop()


async def test_limits_are_answered_as_a_fault_with_429(desk: Desk) -> None:
    desk.world.board.add(Fault(target="statuspage.*", kind="rate_limited", retry_after=3, times=1))
    assert "error" in await desk.ask("GET", "/components", status=429)


async def test_the_page_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    world = still_world()
    first = StatusBoard(TIDEWATER, Store(path, "statuspage"), now=NOON)
    async with serving(routes(world, first, "sp_test", pace=Pace())) as session:
        desk = Desk(session, world, StillClock(), first, Pace())
        opened = await desk.open(metadata=MINE, components={CHECKOUT: "major_outage"})
    first.close()
    second = StatusBoard(TIDEWATER, Store(path, "statuspage"), now=NOON + 9)
    async with serving(routes(world, second, "sp_test", pace=Pace())) as session:
        desk = Desk(session, world, StillClock(), second, Pace())
        found = await desk.ask("GET", f"/incidents/{opened['id']}")
        assert found["metadata"] == MINE
        assert found["incident_updates"] == opened["incident_updates"]
        assert (await desk.statuses())[CHECKOUT] == "major_outage"
    second.close()
