import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.vendors.anthropic import api, bedrock
from incident_response.sandbox.vendors.anthropic.messages import Model
from incident_response.sandbox.vendors.anthropic.script import Line, Pace, Script
from incident_response.sandbox.vendors.world import World
from tests.sandbox.vendors.serving import StillClock, serving, still_world

DIRECT = {"x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01"}
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIATEST/20261121/x, Signature=y"}
MODEL = "claude-sonnet-4-6"
PROFILE = f"/bedrock/model/us.anthropic.{MODEL}"


def body(text: str = "Draft a message", **more: Any) -> dict[str, Any]:
    return {"max_tokens": 500, "messages": [{"role": "user", "content": text}], **more}


@dataclass
class Desk:
    session: ClientSession
    world: World
    clock: StillClock
    script: Script = field(default_factory=Script)

    async def ask(self, text: str = "Draft a message", status: int = 200, **more: Any) -> Any:
        return await self.post(body(text, model=MODEL, **more), status=status)

    async def post(self, sent: Any, *, status: int = 200) -> Any:
        async with self.session.post("/anthropic/v1/messages", json=sent, headers=DIRECT) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()

    async def invoke(self, path: str = f"{PROFILE}/invoke", **more: Any) -> Any:
        sent = body(anthropic_version=bedrock.VERSION, **more)
        async with self.session.post(path, json=sent, headers=SIGNED) as reply:
            return reply.status, await reply.json(), reply.headers


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = StillClock()
    world = still_world(clock)
    script = Script()
    model = Model(script)
    served = [
        *api.routes(world, model, "sk-ant-test"),
        *bedrock.routes(world, model, "AKIATEST"),
    ]
    async with serving(served) as session:
        yield Desk(session, world, clock, script)


def said(message: Any) -> str:
    return "".join(block["text"] for block in message["content"])


async def test_what_was_scripted_is_said_to_the_prompt_it_is_for(desk: Desk) -> None:
    desk.script.add(Line(contains="checkout", text="Checkout is slow.", times=1))
    answer = await desk.ask("Draft about CHECKOUT, please")
    assert said(answer) == "Checkout is slow."
    assert (answer["model"], answer["role"], answer["type"]) == (MODEL, "assistant", "message")
    assert answer["stop_reason"] == "end_turn"
    assert said(await desk.ask("Draft about checkout")) != "Checkout is slow.", "it was for once"


async def test_without_a_script_each_kind_of_task_has_a_sensible_answer(desk: Desk) -> None:
    assert "investigating" in said(await desk.ask("Write to customers"))
    assert "## Action items" in said(await desk.ask("Write the postmortem"))
    task = [{"type": "text", "text": "Classify this alert. Answer in JSON."}]
    assert json.loads(said(await desk.ask("an alert", system=task)))["severity"] == "P1"


async def test_usage_is_counted_and_a_marked_prompt_is_read_from_the_cache(desk: Desk) -> None:
    system = [{"type": "text", "text": "s" * 4_000, "cache_control": {"type": "ephemeral"}}]
    first = (await desk.ask("Draft", system=system))["usage"]
    second = (await desk.ask("Draft again", system=system))["usage"]
    assert (first["cache_creation_input_tokens"], first["cache_read_input_tokens"]) == (1000, 0)
    assert (second["cache_creation_input_tokens"], second["cache_read_input_tokens"]) == (0, 1000)
    assert 0 < first["input_tokens"] < 10
    assert first["output_tokens"] > 10


async def test_an_answer_longer_than_allowed_is_cut(desk: Desk) -> None:
    desk.script.add(Line(text="x" * 100))
    answer = await desk.ask(max_tokens=5)
    assert (said(answer), answer["stop_reason"]) == ("x" * 20, "max_tokens")
    assert answer["usage"]["output_tokens"] == 5


async def test_a_refusal_says_nothing(desk: Desk) -> None:
    desk.script.add(Line(contains="", text="ignored", stop_reason="refusal"))
    answer = await desk.ask()
    assert (answer["content"], answer["stop_reason"]) == ([], "refusal")


async def test_a_stream_tells_the_same_message_piece_by_piece(desk: Desk) -> None:
    text = "Since noon some payments fail. " * 4
    desk.script.add(Line(text=text))
    sent = body(model=MODEL, stream=True)
    async with desk.session.post("/anthropic/v1/messages", json=sent, headers=DIRECT) as reply:
        assert reply.content_type == "text/event-stream"
        raw = await reply.text()
    parts = [part.split("\n") for part in raw.strip().split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in parts]
    assert [name.removeprefix("event: ") for name, _ in parts] == [e["type"] for e in events]
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    deltas = [e["delta"]["text"] for e in events if e["type"] == "content_block_delta"]
    assert "".join(deltas) == text
    assert len(deltas) > 1
    assert events[-2]["delta"]["stop_reason"] == "end_turn"
    assert events[-2]["usage"]["output_tokens"] == 31


async def test_a_slow_model_takes_its_time_over_every_token(desk: Desk) -> None:
    desk.script.add(Line(text="x" * 48))
    desk.script.pace = Pace(first_token_seconds=2, tokens_per_second=3)
    await desk.ask()
    assert desk.clock.slept == [6]
    desk.clock.slept.clear()
    sent = body(model=MODEL, stream=True)
    async with desk.session.post("/anthropic/v1/messages", json=sent, headers=DIRECT) as reply:
        await reply.read()
    assert desk.clock.slept == [2, 2, 2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "role"),
        ({"model": ""}, "model"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(
    desk: Desk, change: dict[str, Any], words: str
) -> None:
    answer = await desk.post({**body(model=MODEL), **change}, status=400)
    assert answer["error"]["type"] == "invalid_request_error"
    assert words in answer["error"]["message"]


async def test_a_key_and_a_version_are_needed(desk: Desk) -> None:
    for headers, status in (
        ({}, 401),
        ({**DIRECT, "x-api-key": "sk-ant-other"}, 401),
        ({"x-api-key": "sk-ant-test"}, 400),
        ({"Authorization": "Bearer sk-ant-test", "anthropic-version": "2023-06-01"}, 200),
    ):
        sent = body(model=MODEL)
        async with desk.session.post(
            "/anthropic/v1/messages", json=sent, headers=headers
        ) as reply:
            assert reply.status == status


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ({"kind": "error", "code": "overloaded_error"}, 529, "overloaded_error"),
        ({"kind": "rate_limited"}, 429, "rate_limit_error"),
        ({"kind": "error", "code": "api_error"}, 500, "api_error"),
    ],
)
async def test_faults_are_written_the_vendors_way(
    desk: Desk, fault: dict[str, Any], status: int, kind: str
) -> None:
    desk.world.board.add(Fault(target="anthropic.messages", **fault))
    answer = await desk.ask(status=status)
    assert (answer["type"], answer["error"]["type"]) == ("error", kind)


async def test_bedrock_answers_the_same_message(desk: Desk) -> None:
    desk.script.add(Line(text="All is well."))
    status, answer, _ = await desk.invoke()
    assert status == 200
    assert said(answer) == "All is well."
    assert answer["model"] == MODEL


async def test_bedrock_streams_frames_whose_checksums_hold(desk: Desk) -> None:
    desk.script.add(Line(text="All is well, and has been since noon."))
    sent = body(anthropic_version=bedrock.VERSION)
    path = f"{PROFILE}/invoke-with-response-stream"
    async with desk.session.post(path, json=sent, headers=SIGNED) as reply:
        assert reply.content_type == "application/vnd.amazon.eventstream"
        raw = await reply.read()
    events = []
    while raw:
        total, headers_size, prelude_sum = struct.unpack("!III", raw[:12])
        frame, raw = raw[:total], raw[total:]
        assert crc32(frame[:8]) == prelude_sum
        assert crc32(frame[:-4]) == struct.unpack("!I", frame[-4:])[0]
        assert b":event-type\x07\x00\x05chunk" in frame[12 : 12 + headers_size]
        payload = json.loads(frame[12 + headers_size : -4])
        events.append(json.loads(base64.b64decode(payload["bytes"])))
    deltas = [e["delta"]["text"] for e in events if e["type"] == "content_block_delta"]
    assert "".join(deltas) == "All is well, and has been since noon."
    assert events[-1]["type"] == "message_stop"


async def test_bedrock_wants_an_inference_profile_a_version_and_a_signature(desk: Desk) -> None:
    status, answer, headers = await desk.invoke(f"/bedrock/model/anthropic.{MODEL}/invoke")
    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert "on-demand throughput isn't supported" in answer["message"]
    status, answer, _ = await desk.invoke(max_tokens=0)
    assert (status, "max_tokens" in answer["message"]) == (400, True)
    async with desk.session.post(f"{PROFILE}/invoke", json=body(), headers=SIGNED) as reply:
        assert reply.status == 400
    wrong = {"Authorization": SIGNED["Authorization"].replace("AKIATEST", "AKIAOTHER")}
    async with desk.session.post(f"{PROFILE}/invoke", json=body(), headers=wrong) as reply:
        assert reply.status == 403
        assert "security token" in (await reply.json())["message"]


async def test_bedrock_throttles_the_aws_way(desk: Desk) -> None:
    desk.world.board.add(Fault(target="anthropic.bedrock_*", kind="rate_limited"))
    status, answer, headers = await desk.invoke()
    assert (status, headers["x-amzn-ErrorType"]) == (429, "ThrottlingException")
    assert answer["message"]


async def test_a_reader_who_leaves_a_stream_ends_it() -> None:
    gate = asyncio.Event()

    class Gated(StillClock):
        async def sleep(self, seconds: float) -> None:
            await gate.wait()

    clock = Gated()
    world, script = still_world(clock), Script()
    script.add(Line(text="x" * 90_000, times=1))
    script.pace = Pace(tokens_per_second=1)
    async with serving(api.routes(world, Model(script), "sk-ant-test")) as session:
        desk = Desk(session, world, clock, script)
        sent = body(model=MODEL, stream=True) | {"max_tokens": 90_000}
        with capture_logs() as logs:
            async with session.post("/anthropic/v1/messages", json=sent, headers=DIRECT) as reply:
                await reply.content.readany()
                reply.close()
            script.pace = Pace()
            await desk.ask()
            gate.set()
            async with asyncio.timeout(5):
                while not logs:
                    await desk.ask()
    assert [entry["event"] for entry in logs] == ["stream_left_by_its_reader"]


async def test_bedrock_takes_the_names_aws_gives_its_profiles(desk: Desk) -> None:
    arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude-x-v1%3A0"
    for name in ("us.anthropic.claude-x-v1:0", "us.anthropic.claude-x-v1%3A0", arn):
        status, answer, _ = await desk.invoke(f"/bedrock/model/{name}/invoke")
        assert (status, answer["model"]) == (200, "claude-x-v1:0")
