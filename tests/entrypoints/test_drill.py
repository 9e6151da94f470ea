"""The drill: its story, its line of JSON, and that it passes only if people would miss nothing."""

import asyncio
import json
import re
import signal
from pathlib import Path

from incident_response.entrypoints.drill_main import Verdict, drill
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from incident_response.sandbox.alerts import Destination
from tests.entrypoints.processes import run, running
from tests.scenarios.rooms import fault

KEYS = {"ok", "incident_id", "channel", "invited", "missing", "assembled_seconds", "steps"}


async def test_it_prints_one_line_of_json_and_passes() -> None:
    code, said = await run("drill", "--local", "--json")
    assert code == 0
    assert said.count("\n") == 1
    verdict = json.loads(said)
    assert verdict.keys() == KEYS
    assert verdict["ok"] is True
    assert verdict["missing"] == []
    assert re.fullmatch(r"inc-[0-9a-f]{12}", verdict["incident_id"])
    assert re.fullmatch(r"inc-\d{8}-[a-z0-9-]+-[0-9a-f]{6}", verdict["channel"])
    assert "U07MAYA0KAF" in verdict["invited"]
    assert 0 < verdict["assembled_seconds"] < 10
    assert set(verdict["steps"].values()) == {"done"}


async def test_it_tells_a_story_with_a_line_for_each_step() -> None:
    code, said = await run("drill", "--local")
    assert code == 0
    for words in ("A signed P1 was accepted", "ok    War room", "ok    Pinned checklist"):
        assert words in said
    assert said.rstrip().endswith("All is well.")
    assert "FAIL" not in said


async def test_it_fails_when_the_room_takes_too_long() -> None:
    code, said = await run("drill", "--local", "--json", "--deadline", "0.001")
    verdict = json.loads(said)
    assert (code, verdict["ok"]) == (1, False)
    assert verdict.keys() == KEYS
    assert verdict["missing"] == ["the room did not stand within 0.001 seconds"]
    assert verdict["assembled_seconds"] is None


async def drilled(stack: LocalStack) -> tuple[Verdict, list[str]]:
    story: list[str] = []
    verdict = await drill(stack, 30.0, story.append, stop=asyncio.Event())
    return verdict, story


async def test_a_part_that_is_missing_fails_it_by_name(tmp_path: Path) -> None:
    async with local_stack(tmp_path, Ports()) as stack:
        fault(stack, "loki.*", "server_error")
        fault(stack, "slack.pins.add", "error", code="not_pinnable")
        verdict, story = await drilled(stack)
        found = verdict.as_json()
        assert found["ok"] is False
        assert found["steps"]["fetch_logs"] == "failed"  # type: ignore[index,call-overload]  # an object
        assert any(problem.startswith("Error logs: Loki") for problem in verdict.problems)
        assert "nothing is pinned" in verdict.problems
        assert any("FAIL" in line and "Error logs" in line for line in story)


async def test_a_webhook_that_refuses_fails_it_with_what_it_answered(tmp_path: Path) -> None:
    async with local_stack(tmp_path, Ports()) as stack:
        stack.sandbox.alerts.aim(Destination(stack.webhook_url, {}))
        verdict, _ = await drilled(stack)
        assert verdict.problems == ("the webhook answered 401",)
        assert verdict.as_json()["incident_id"] is None


async def test_it_is_stopped_cleanly_by_ctrl_c() -> None:
    async with running("drill", "--local", "--deadline", "50") as process:
        await process.says("Starting a throw-away stack")
        process.signal(signal.SIGINT)
        assert await process.ended() in (0, 130)  # 0: it was faster
        assert "Traceback" not in process.said
