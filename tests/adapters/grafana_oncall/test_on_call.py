"""OnCall's odd cases: everything ordinary is in the conformance suite of the port."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from incident_response.adapters.grafana_oncall import GrafanaOnCall
from incident_response.adapters.http import vendor_session
from incident_response.domain.alert import OnCallRoute
from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.domain.people import Origin, Roster
from incident_response.sandbox.tidewater import TIDEWATER
from tests.adapters.scripted import Answer, HurriedClock, hangs, says, vendor_that
from tests.adapters.standins import StandIns, stand_ins

Row = dict[str, object]
ROUTE = OnCallRoute(route_id="R1", integration_id="C1", team_id="T1")


@dataclass
class Rota:
    """A small OnCall that answers for its rows, two to a page; ``odd`` answers instead where a
    path is in it.
    """

    users: list[Row] = field(default_factory=list)
    routes: list[Row] = field(default_factory=list)
    escalation_policies: list[Row] = field(default_factory=list)
    schedules: list[Row] = field(default_factory=list)
    teams: list[Row] = field(default_factory=list)
    odd: dict[str, Answer] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.odd:
            return await self.odd[request.path](request)
        _, _, _, collection, *rest = request.path.split("/")
        rows: list[Row] = getattr(self, collection)
        if len(rest) == 2:
            found = [row for row in rows if row["id"] == rest[0]]
            return await (says(found[0]) if found else says({"detail": "Not found."}, status=404))(
                request
            )
        query = request.query
        wanted = [
            row for row in rows if all(row.get(k) == v for k, v in query.items() if k != "page")
        ]
        return await self._page(request, wanted)

    async def _page(self, request: web.Request, rows: list[Row]) -> web.StreamResponse:
        number = int(request.query.get("page", "1"))
        # A proxy that ends TLS makes OnCall write addresses that are not ours.
        more = request.url.with_host("internal.example").update_query(page=number + 1)
        next_url = str(more) if len(rows) > 2 * number else None
        body = {"count": len(rows), "next": next_url, "results": rows[2 * number - 2 : 2 * number]}
        return await says(body)(request)


def user(name: str, **fields: object) -> Row:
    return {
        "id": f"U{name}",
        "username": name,
        "email": f"{name}@t.example",
        "slack": [{"user_id": f"USLACK{name.upper()}", "team_id": "T0"}],
        "teams": [],
        **fields,
    }


def step(position: int, kind: str, **fields: object) -> Row:
    return {
        "id": f"E{position}",
        "escalation_chain_id": "F1",
        "position": position,
        "type": kind,
        **fields,
    }


def routed(
    *,
    users: list[Row],
    escalation_policies: list[Row],
    schedules: list[Row] | None = None,
) -> Rota:
    """A rota whose route R1 leads to the chain F1."""
    return Rota(
        routes=[{"id": "R1", "integration_id": "C1", "escalation_chain_id": "F1"}],
        users=users,
        escalation_policies=escalation_policies,
        schedules=schedules or [],
    )


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with vendor_session() as session:
        yield session


def on_call(
    url: str, http: aiohttp.ClientSession, clock: HurriedClock | None = None
) -> GrafanaOnCall:
    return GrafanaOnCall(base_url=url, token="tkn", http=http, clock=clock or HurriedClock())


async def responders(
    rota: Rota, http: aiohttp.ClientSession, route: OnCallRoute = ROUTE
) -> Roster:
    async with vendor_that(rota.answer) as (url, _):
        return await on_call(url, http).responders(route, team="Payments", service="")


def named(roster: Roster) -> list[tuple[int, str]]:
    return [(person.level, person.name) for person in roster.people]


async def test_steps_are_levels_in_their_order_and_waits_are_none(
    http: aiohttp.ClientSession,
) -> None:
    rota = routed(
        users=[user("ann"), user("bob"), user("cy"), user("dee")],
        schedules=[{"id": "S1", "name": "primary", "on_call_now": ["Uann"]}],
        escalation_policies=[
            step(4, "notify_person_next_each_time", persons_to_notify_next_each_time=["Udee"]),
            step(0, "notify_on_call_from_schedule", notify_on_call_from_schedule="S1"),
            step(1, "wait", duration=300),
            step(2, "notify_persons", persons_to_notify=["Ucy", "Uann", "Ubob"]),
            step(3, "trigger_webhook", action_to_trigger="W1"),
        ],
    )
    roster = await responders(rota, http)
    assert named(roster) == [(0, "ann"), (1, "cy"), (1, "bob"), (2, "dee")]
    assert [p.origin for p in roster.people] == [Origin.ON_CALL] + [Origin.ESCALATION] * 3
    assert roster.people[0].user_id == "USLACKANN"
    assert roster.unresolved == ()


async def test_nobody_is_invented_for_a_schedule_nobody_is_on(http: aiohttp.ClientSession) -> None:
    rota = routed(
        users=[user("ann")],
        schedules=[{"id": "S1", "name": "primary", "on_call_now": []}],
        escalation_policies=[
            step(0, "notify_on_call_from_schedule", notify_on_call_from_schedule="S1"),
            step(1, "notify_persons", persons_to_notify=["Uann"]),
        ],
    )
    roster = await responders(rota, http)
    assert named(roster) == [(1, "ann")]
    assert roster.unresolved == ("Nobody is on call now in the schedule primary",)


async def test_a_whole_team_is_called_and_a_slack_group_is_named(
    http: aiohttp.ClientSession,
) -> None:
    rota = routed(
        users=[user("ann", teams=["T9"]), user("bob"), user("cy", teams=["T8", "T9"])],
        escalation_policies=[
            step(0, "notify_team_members", notify_to_team_members="T9"),
            step(1, "notify_user_group", group_to_notify="G1"),
        ],
    )
    roster = await responders(rota, http)
    assert named(roster) == [(0, "ann"), (0, "cy")]
    assert "Escalation step 2 calls a Slack user group" in roster.unresolved[0]
    assert not roster.is_partial


@pytest.mark.parametrize("slack", [None, [], {"user_id": None}, [{"user_id": None}]])
async def test_who_has_no_slack_account_keeps_the_address(
    http: aiohttp.ClientSession, slack: object
) -> None:
    rota = routed(
        users=[user("ann", slack=slack), user("bob", slack=slack, email=None)],
        escalation_policies=[step(0, "notify_persons", persons_to_notify=["Uann", "Ubob"])],
    )
    roster = await responders(rota, http)
    assert [(p.email, p.user_id) for p in roster.people] == [("ann@t.example", None)]
    assert "bob: Grafana OnCall knows neither" in roster.unresolved[0]


async def test_each_part_fails_by_itself_and_the_roster_says_so(
    http: aiohttp.ClientSession,
) -> None:
    rota = routed(
        users=[user("ann"), user("bob"), user("cy")],
        escalation_policies=[
            step(0, "notify_persons", persons_to_notify=["Uann", "Ubob", "Ugone"]),
            step(1, "notify_on_call_from_schedule", notify_on_call_from_schedule="S1"),
            step(2, "notify_persons", persons_to_notify=["Ucy"]),
        ],
    )
    rota.odd["/api/v1/users/Ubob/"] = says({}, status=503)
    rota.odd["/api/v1/schedules/S1/"] = says({}, status=500)
    roster = await responders(rota, http)
    assert named(roster) == [(0, "ann"), (2, "cy")]
    assert roster.is_partial
    told = " ".join(roster.unresolved)
    for part in ("Grafana OnCall user Ubob", "user Ugone", "Escalation step 2"):
        assert part in told


async def test_a_partial_roster_is_asked_for_again(http: aiohttp.ClientSession) -> None:
    rota = routed(
        users=[user("ann"), user("bob")],
        escalation_policies=[step(0, "notify_persons", persons_to_notify=["Uann", "Ubob"])],
    )
    rota.odd["/api/v1/users/Ubob/"] = says({}, status=503)
    async with vendor_that(rota.answer) as (url, _):
        source = on_call(url, http)
        assert named(await source.responders(ROUTE, team="", service="")) == [(0, "ann")]
        rota.odd.clear()
        roster = await source.responders(ROUTE, team="", service="")
    assert named(roster) == [(0, "ann"), (0, "bob")]


async def test_the_default_route_stands_for_an_integration(http: aiohttp.ClientSession) -> None:
    def route(number: int, chain: str | None, *, is_last: bool = False) -> Row:
        return {
            "id": f"R{number}",
            "integration_id": "C1",
            "escalation_chain_id": chain,
            "is_the_last_route": is_last,
        }

    rota = Rota(
        routes=[route(1, None), route(2, "F2"), route(3, "F1", is_last=True)],
        users=[user("ann"), user("bob")],
        escalation_policies=[
            step(0, "notify_persons", persons_to_notify=["Uann"]),
            {**step(0, "notify_persons", persons_to_notify=["Ubob"]), "escalation_chain_id": "F2"},
        ],
    )
    assert named(await responders(rota, http)) == [(0, "ann")]
    rota.routes[2]["escalation_chain_id"] = None
    assert named(await responders(rota, http)) == [(0, "bob")]


async def test_a_team_is_found_by_its_name_in_any_case_over_all_pages(
    http: aiohttp.ClientSession,
) -> None:
    rota = Rota(
        teams=[{"id": f"T{n}", "name": name} for n, name in enumerate(("a", "b", "PAYMENTS"))],
        schedules=[
            {"id": "S1", "team_id": "T2", "name": "primary", "on_call_now": ["Uann"]},
            {"id": "S2", "team_id": "T2", "name": "secondary", "on_call_now": ["Ubob", "Uann"]},
            {"id": "S3", "team_id": "T1", "name": "other", "on_call_now": ["Ucy"]},
        ],
        users=[user("ann"), user("bob"), user("cy")],
    )
    roster = await responders(rota, http, OnCallRoute())
    assert named(roster) == [(0, "ann"), (0, "bob")]


async def test_a_page_that_comes_again_ends_the_list(http: aiohttp.ClientSession) -> None:
    rota = Rota()
    again = says({"next": "http://x.example/?page=2", "results": []})
    rota.odd["/api/v1/teams/"] = again
    with pytest.raises(RefusedError, match="repeats a page"):
        await responders(rota, http, OnCallRoute())


async def test_a_list_without_end_is_not_read(http: aiohttp.ClientSession) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("page", "1")) + 1
        return await says({"next": f"http://x.example/?page={number}", "results": []})(request)

    with pytest.raises(RefusedError, match="more than 20 pages"):
        await responders(Rota(odd={"/api/v1/teams/": endless}), http, OnCallRoute())


@pytest.mark.parametrize("bad", ["../users", "R1/../../x", "R1?x=1", "R" * 65, "R 1", "é"])
async def test_an_id_that_is_none_is_never_sent(http: aiohttp.ClientSession, bad: str) -> None:
    route = OnCallRoute(route_id=bad, integration_id=bad, team_id=bad)
    async with vendor_that(says({})) as (url, vendor):
        roster = await on_call(url, http).responders(route, team="", service="")
    assert vendor.requests == []
    assert roster.people == ()
    assert roster.unresolved


async def test_the_token_goes_bare_and_every_path_ends_in_a_slash(
    http: aiohttp.ClientSession,
) -> None:
    rota = routed(
        users=[user("ann")],
        escalation_policies=[step(0, "notify_persons", persons_to_notify=["Uann"])],
    )
    async with vendor_that(rota.answer) as (url, vendor):
        await on_call(url, http).responders(ROUTE, team="", service="")
        with_account = GrafanaOnCall(
            base_url=url,
            token="tkn",
            grafana_url="https://t.grafana.example",
            http=http,
            clock=HurriedClock(),
        )
        assert await with_account.ping() == "sees 1 users and 0 schedules"
    assert {request.headers["Authorization"] for request in vendor.requests} == {"tkn"}
    assert all(request.path.endswith("/") for request in vendor.requests)
    assert vendor.requests[-1].headers["X-Grafana-URL"] == "https://t.grafana.example"
    assert "X-Grafana-URL" not in vendor.requests[0].headers


async def test_a_roster_is_fresh_for_five_minutes_and_then_stands_in() -> None:
    clock = HurriedClock()
    async with stand_ins() as vendors:
        source = GrafanaOnCall(
            base_url=f"{vendors.url}/oncall",
            token="a-token-for-tests",
            http=vendors.http,
            clock=clock,
        )
        first = await source.responders(_checkout(), team="", service="")
        asked = _asked(vendors)
        clock.advance(299)
        assert await source.responders(_checkout(), team="", service="") == first
        assert _asked(vendors) == asked
        vendors.break_down("oncall.*")
        clock.advance(1)
        stale = await source.responders(_checkout(), team="", service="")
        assert stale == first.model_copy(update={"is_stale": True})
        clock.advance(12 * 3600)
        with pytest.raises(UnavailableError):
            await source.responders(_checkout(), team="", service="")


async def test_many_rooms_of_one_route_cause_one_resolution() -> None:
    async with stand_ins() as vendors:
        source = vendors.on_call()
        rosters = await asyncio.gather(
            *(source.responders(_checkout(), team="", service="") for _ in range(20))
        )
        assert all(roster == rosters[0] for roster in rosters)
        assert vendors.calls("oncall.escalation_policies") == 1


async def test_a_refused_token_names_its_setting() -> None:
    async with stand_ins() as vendors:
        with pytest.raises(RefusedError, match="GRAFANA_ONCALL_TOKEN"):
            await vendors.on_call(token="wrong").responders(_checkout(), team="", service="")


async def test_what_has_not_come_by_the_deadline_is_left_out(
    http: aiohttp.ClientSession,
) -> None:
    rota = routed(
        users=[user("ann"), user("bob")],
        escalation_policies=[
            step(0, "notify_persons", persons_to_notify=["Uann", "Ubob"]),
        ],
    )
    rota.odd["/api/v1/users/Ubob/"] = hangs

    async def slow_route(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.5)
        return await says(rota.routes[0])(request)

    rota.odd["/api/v1/routes/R1/"] = slow_route
    begun = asyncio.get_running_loop().time()
    roster = await responders(rota, http)
    assert asyncio.get_running_loop().time() - begun < 5.5
    assert named(roster) == [(0, "ann")]
    assert roster.is_partial
    assert "took longer than 5 s" in roster.unresolved[0]


def _checkout() -> OnCallRoute:
    return OnCallRoute(route_id=TIDEWATER.services[0].route_id)


def _asked(vendors: StandIns) -> int:
    return sum(vendors.board.received.calls_by_target.values())
