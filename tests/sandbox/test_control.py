from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession

from incident_response.sandbox.alerts import AlertSender
from incident_response.sandbox.control import Control
from incident_response.sandbox.vendors import grafana_oncall
from incident_response.sandbox.vendors.anthropic.script import Script
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import StillClock, serving, still_world

OURS = {"X-Sandbox": "1"}


@dataclass
class OneSocket:
    """A socket that is open until it is ended."""

    ended: list[str] = field(default_factory=list)

    def describe(self) -> list[dict[str, Any]]:
        return [] if self.ended else [{"number": 1}]

    async def disconnect(self) -> int:
        self.ended.append("disconnect")
        return 1

    def drop(self) -> int:
        self.ended.append("drop")
        return 1


@dataclass
class Bench:
    world: World
    session: ClientSession
    sockets: OneSocket
    rate_tiers: list[bool]
    script: Script

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.session.get(f"/control/{path}") as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()

    async def send(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str
    ) -> Any:
        async with self.session.request(
            method, f"/control/{path}", json=body, headers=headers or OURS
        ) as reply:
            assert reply.status == status, await reply.text()
            return None if status == 204 else await reply.json()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    world = still_world(StillClock())
    switched: list[bool] = []
    sockets = OneSocket()
    script = Script()
    control = Control(
        world,
        AlertSender(world, None),
        sockets=sockets,
        rate_tiers=switched.append,
        script=script,
    )
    async with serving([*control.routes(), *grafana_oncall.routes(world, "t")]) as session:
        yield Bench(world, session, sockets, switched, script)


async def test_a_fault_is_turned_on_seen_and_turned_off(bench: Bench) -> None:
    body = {"target": "oncall.*", "kind": "server_error", "times": 2}
    fault_id = (await bench.send("POST", "faults", body, status=201))["id"]
    async with bench.session.get("/oncall/api/v1/users/") as reply:
        assert reply.status == 503
    (shown,) = (await bench.get("faults"))["faults"]
    assert (shown["id"], shown["left"], shown["struck"]) == (fault_id, 1, 1)
    await bench.send("DELETE", f"faults/{fault_id}", status=204)
    await bench.send("DELETE", f"faults/{fault_id}", status=404)
    assert (await bench.get("faults"))["faults"] == []


async def test_all_faults_are_turned_off_at_once(bench: Bench) -> None:
    for kind in ("reset", "swallow"):
        await bench.send("POST", "faults", {"target": "*", "kind": kind}, status=201)
    await bench.send("DELETE", "faults", status=204)
    assert bench.world.board.active() == []


async def test_latency_is_switched_and_its_draws_are_shown(bench: Bench) -> None:
    await bench.send("PUT", "latency", {"mode": "seeded", "seed": 7})
    async with bench.session.get("/oncall/api/v1/users/") as reply:
        assert reply.status == 403
    answer = await bench.get("draws")
    assert (answer["mode"], answer["seed"]) == ("seeded", 7)
    (draw,) = answer["draws"]
    assert (draw["target"], draw["n"]) == ("oncall.users", 0)
    assert isinstance(bench.world.clock, StillClock)
    assert bench.world.clock.slept == [draw["seconds"]]
    assert (await bench.get("latency")) == {"mode": "seeded", "seed": 7}


async def test_what_was_received_is_shown_without_tokens(bench: Bench) -> None:
    headers = {"Authorization": "t"}
    async with bench.session.get("/oncall/api/v1/users/?perpage=3&token=x", headers=headers):
        pass
    answer = await bench.get("received?target=oncall.*")
    (call,) = answer["calls"]
    assert (call["target"], call["status"], call["args"]) == (
        "oncall.users",
        200,
        {"perpage": "3"},
    )
    assert answer["calls_by_target"] == {"oncall.users": 1}
    assert (await bench.get(f"received?after={call['number']}"))["calls"] == []
    await bench.get("received?limit=some", 400)
    await bench.send("DELETE", "received", status=204)
    assert (await bench.get("received"))["calls"] == []


async def test_the_company_is_shown_without_people_losing_their_ids(bench: Bench) -> None:
    people = (await bench.get("company"))["people"]
    assert {"maya", "viktor"} <= {person["handle"] for person in people}


async def test_firing_without_a_webhook_says_so(bench: Bench) -> None:
    answer = await bench.send("POST", "alerts", {"service": "checkout-api"}, status=409)
    assert "webhook" in answer["error"]
    assert (await bench.get("alerts")) == {"alert_groups": []}


@pytest.mark.parametrize("action", ["disconnect", "drop"])
async def test_sockets_are_shown_and_can_be_ended(bench: Bench, action: str) -> None:
    assert (await bench.get("sockets")) == {"sockets": [{"number": 1}]}
    assert await bench.send("POST", "sockets", {"action": action}) == {"sockets": 1}
    assert bench.sockets.ended == [action]


async def test_rate_tiers_are_switched(bench: Bench) -> None:
    await bench.send("PUT", "rate-tiers", {"on": True})
    assert bench.rate_tiers == [True]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"target": "*", "kind": "explode"}),
        ("POST", "faults", ["reset"]),
        ("POST", "alerts", {"shape": "pigeon"}),
        ("PUT", "latency", {"mode": "slow"}),
        ("PUT", "rate-tiers", {}),
        ("POST", "sockets", {"action": "tickle"}),
    ],
)
async def test_nonsense_is_refused_and_not_repeated(
    bench: Bench, method: str, path: str, body: Any
) -> None:
    answer = await bench.send(method, path, body, status=422)
    assert answer["error"]
    assert "pigeon" not in answer["error"]


async def test_a_body_that_is_no_json_or_too_large_is_refused(bench: Bench) -> None:
    async with bench.session.post("/control/faults", data=b"{", headers=OURS) as reply:
        assert reply.status == 422
    huge = b" " * 70_000
    async with bench.session.post("/control/faults", data=huge, headers=OURS) as reply:
        assert reply.status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Other": "1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null", "X-Sandbox": "1"},
        {"Origin": "http://evil.example", "X-Sandbox": "1"},
    ],
)
async def test_a_page_elsewhere_can_change_nothing(bench: Bench, headers: dict[str, str]) -> None:
    body = {"target": "*", "kind": "reset"}
    await bench.send("POST", "faults", body, status=403, **headers)
    assert bench.world.board.active() == []


async def test_a_page_of_the_sandbox_may_change_things(bench: Bench) -> None:
    origin = str(bench.session._base_url).rstrip("/")
    body = {"target": "*", "kind": "reset"}
    await bench.send("POST", "faults", body, status=201, Origin=origin)


async def test_what_the_model_says_and_how_fast_is_set_and_taken_back(bench: Bench) -> None:
    line = {"contains": "PAYMENTS", "text": "Payments are back.", "times": 2}
    added = await bench.send("POST", "anthropic", line, status=201)
    assert added["lines"] == [{**line, "stop_reason": "end_turn", "left": 2}]
    pace = {"first_token_seconds": 1.5, "tokens_per_second": 80}
    await bench.send("PUT", "anthropic/pace", pace)
    assert (await bench.get("anthropic"))["pace"] == pace
    assert bench.script.answer("are payments back?").text == "Payments are back."
    assert (await bench.get("anthropic"))["lines"][0]["left"] == 1
    await bench.send("DELETE", "anthropic", status=204)
    assert (await bench.get("anthropic"))["lines"] == []
    await bench.send("POST", "anthropic", {"stop_reason": "tired"}, status=422)
