import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import ClientSession, web
from pydantic import ValidationError

from incident_response.sandbox.faults import CallKind, Fault, FaultBoard
from tests.sandbox.vendors.serving import StillClock, serving


class GatedClock(StillClock):
    """A clock whose sleepers wait for a gate, where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.gate: asyncio.Event | None = None
        self.is_waited_for = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.is_waited_for.set()
        if self.gate is not None:
            await self.gate.wait()
        await super().sleep(seconds)


@dataclass
class Bench:
    """A route behind the fault board, which counts what took effect."""

    board: FaultBoard
    clock: GatedClock
    effects: list[str] = field(default_factory=list)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    session: ClientSession | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        async def effect() -> web.StreamResponse:
            name = request.query.get("name", "")
            self.effects.append(name)
            if name == "x":
                self.landed.set()
            return web.json_response({"ok": True})

        return await self.board.guarded(
            request,
            "vendor.thing",
            effect,
            error_body=lambda code: web.json_response({"ok": False, "error": code}),
        )

    async def call(self, name: str = "", **body: str) -> tuple[int, dict[str, str], str]:
        assert self.session is not None
        async with self.session.post(f"/thing?name={name}", json=body or None) as reply:
            return reply.status, dict(reply.headers), await reply.text()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = GatedClock()
    bench = Bench(FaultBoard(clock), clock)
    async with serving([web.post("/thing", bench.handle)]) as bench.session:
        yield bench
    await bench.board.stop()


async def test_without_faults_a_call_just_happens(bench: Bench) -> None:
    assert (await bench.call("a"))[0] == 200
    assert bench.effects == ["a"]
    assert bench.clock.slept == []


async def test_a_rate_limit_answers_429_with_retry_after_and_no_effect(bench: Bench) -> None:
    bench.board.add(Fault(target="vendor.*", kind="rate_limited", retry_after=7, times=1))
    status, headers, text = await bench.call()
    assert (status, headers["Retry-After"]) == (429, "7")
    assert "ratelimited" in text
    assert bench.effects == []


async def test_a_server_error_answers_its_status_and_no_effect(bench: Bench) -> None:
    bench.board.add(Fault(target="*", kind="server_error", status=502))
    assert (await bench.call())[0] == 502
    assert bench.effects == []


async def test_an_error_is_written_the_vendors_way(bench: Bench) -> None:
    bench.board.add(Fault(target="*", kind="error", code="name_taken"))
    status, _, text = await bench.call()
    assert (status, text) == (200, '{"ok": false, "error": "name_taken"}')
    assert bench.effects == []


@pytest.mark.parametrize(
    ("kind", "took_effect"),
    [("reset", False), ("hang", False), ("drop_reply", True), ("hang_after", True)],
)
async def test_a_cut_connection_has_its_effect_only_when_it_is_cut_afterwards(
    bench: Bench, kind: CallKind, took_effect: bool
) -> None:
    bench.board.add(Fault(target="*", kind=kind, seconds=30, times=1))
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bench.call("x")
    assert bench.effects == (["x"] if took_effect else [])
    assert bench.clock.slept == ([30] if kind.startswith("hang") else [])
    assert (await bench.call("y"))[0] == 200, "the server goes on"


async def test_an_effect_applied_later_lands_after_the_connection_was_cut(bench: Bench) -> None:
    bench.clock.gate = asyncio.Event()
    bench.board.add(Fault(target="*", kind="apply_later", seconds=45, times=1))
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bench.call("x", text="kept")
    assert bench.effects == [], "the caller cannot find it yet"
    assert (await bench.call("y"))[0] == 200, "other calls do not wait for it"
    bench.clock.gate.set()
    await bench.landed.wait()
    assert bench.effects == ["y", "x"]
    assert bench.clock.slept == [45]
    late, _ = [call.shown() for call in bench.board.received.matching("vendor.*")]
    assert (late["fault"], late["status"]) == ("apply_later", None)
    arguments = late["args"]
    assert isinstance(arguments, dict)
    assert arguments["text"] == "kept"


async def test_an_effect_still_to_come_is_given_up_at_the_stop(bench: Bench) -> None:
    bench.clock.gate = asyncio.Event()
    bench.board.add(Fault(target="*", kind="apply_later", seconds=45))
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bench.call("x")
    await bench.board.stop()
    bench.clock.gate.set()
    assert bench.effects == []


async def test_a_call_its_caller_gave_up_on_still_takes_effect(bench: Bench) -> None:
    bench.clock.gate = asyncio.Event()
    bench.board.add(Fault(target="*", kind="latency", seconds=30, times=1))
    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(bench.call("x"))
        await bench.clock.is_waited_for.wait()
        impatient.cancel()
    assert bench.effects == []
    bench.clock.gate.set()
    await bench.landed.wait()
    assert bench.effects == ["x"]


async def test_latency_comes_before_the_effect(bench: Bench) -> None:
    bench.board.add(Fault(target="vendor.thing", kind="latency", seconds=2.5))
    assert (await bench.call())[0] == 200
    assert bench.clock.slept == [2.5]


async def test_skip_lets_calls_pass_first_and_times_runs_out(bench: Bench) -> None:
    bench.board.add(Fault(target="*", kind="server_error", skip=1, times=2))
    assert [(await bench.call())[0] for _ in range(5)] == [200, 503, 503, 200, 200]
    assert bench.board.active() == []


async def test_a_fault_for_another_target_changes_nothing(bench: Bench) -> None:
    bench.board.add(Fault(target="other.*", kind="reset"))
    assert (await bench.call())[0] == 200


async def test_the_earlier_rule_strikes_first(bench: Bench) -> None:
    bench.board.add(Fault(target="*", kind="server_error", status=500, times=1))
    bench.board.add(Fault(target="*", kind="server_error", status=599))
    assert [(await bench.call())[0] for _ in range(2)] == [500, 599]


async def test_a_removed_fault_strikes_no_more(bench: Bench) -> None:
    fault_id = bench.board.add(Fault(target="*", kind="server_error"))
    assert bench.board.remove(fault_id)
    assert not bench.board.remove(fault_id)
    assert (await bench.call())[0] == 200


async def test_faults_of_sockets_do_not_strike_calls_nor_the_other_way_round(
    bench: Bench,
) -> None:
    bench.board.add(Fault(target="*", kind="swallow"))
    assert (await bench.call())[0] == 200
    taken = bench.board.take_socket()
    assert taken is not None
    assert taken.kind == "swallow"
    bench.board.clear()
    bench.board.add(Fault(target="*", kind="reset"))
    assert bench.board.take_socket() is None


async def test_every_call_is_logged_with_what_became_of_it(bench: Bench) -> None:
    bench.board.add(Fault(target="*", kind="drop_reply", skip=1, times=1))
    await bench.call("a", token="xoxb-secret", text="hello")
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await bench.call("b")
    first, second = [call.shown() for call in bench.board.received.matching("vendor.*")]
    assert first["status"] == 200
    assert first["args"] == {"name": "a", "text": "hello"}
    assert (second["fault"], second["status"]) == ("drop_reply", None)
    assert bench.board.received.calls_by_target == {"vendor.thing": 2}
    assert bench.board.received.faults_by_target == {"vendor.thing": 1}


def test_a_delivery_over_a_socket_is_logged_with_its_fault() -> None:
    board = FaultBoard(StillClock())
    board.note("slack.socket", fault="swallow", type="events_api")
    (call,) = board.received.matching("slack.socket")
    assert (call.fault, call.arguments()) == ("swallow", {"type": "events_api"})


async def test_a_drawn_latency_is_waited_for(bench: Bench) -> None:
    bench.board.latency.switch("seeded", seed=3)
    bench.board.add(Fault(target="*", kind="latency", seconds=9))
    await bench.call()
    (draw,) = bench.board.latency.draws()
    assert bench.clock.slept == [9], "the table does not name this target"
    assert draw["seconds"] == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "reset"},
        {"target": "*", "kind": "explode"},
        {"target": "*", "kind": "reset", "times": 0},
        {"target": "*", "kind": "latency", "seconds": -1},
        {"target": "*", "kind": "server_error", "status": 404},
        {"target": "*", "kind": "reset", "colour": "red"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(broken)
