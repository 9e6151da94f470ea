"""``incident-response local``: what it says, and that Ctrl-C ends it cleanly, twice at once."""

import re
import signal
from pathlib import Path
from time import monotonic

import aiohttp

from tests.entrypoints.processes import Json, Process, get, running
from tests.scenarios.local_process import eventually

PORTS = ("--port", "0", "--webhook-port", "0", "--health-port", "0")


async def addresses(process: Process) -> list[str]:
    await process.says("Open the workspace")
    return re.findall(r"http://127\.0\.0\.1:\d+", process.said)


async def control(page: str, path: str, body: Json) -> None:
    async with (
        aiohttp.ClientSession(headers={"X-Sandbox": "1"}) as http,
        http.post(f"{page}/control/{path}", json=body) as reply,
    ):
        assert reply.status < 300, await reply.text()


async def until_struck(page: str) -> None:
    """Until a fault has struck a call."""

    async def is_struck() -> bool:
        _, found = await get(f"{page}/control/received")
        return any(call["fault"] for call in found["calls"])

    await eventually(is_struck)


async def test_it_says_where_it_is_fires_one_alert_and_ends_cleanly_on_ctrl_c(
    tmp_path: Path,
) -> None:
    async with running("local", "--state-dir", str(tmp_path), *PORTS) as process:
        page, webhook, health = await addresses(process)
        assert (await get(f"{health}/livez"))[0] == 200
        assert (await get(f"{page}/control/alerts"))[1]["alert_groups"][0]["severity"] == "P1"
        assert webhook not in (page, health)
        key_file = tmp_path / "webhook-key"
        assert str(key_file) in process.said
        assert key_file.stat().st_mode & 0o077 == 0
        assert key_file.read_text(encoding="ascii") not in process.said
        process.signal(signal.SIGINT)
        assert await process.ended() == 0
        assert "Everything is kept" in process.lines[-1]
        assert "Traceback" not in process.said


async def test_a_second_ctrl_c_ends_it_at_once_even_while_slack_hangs(tmp_path: Path) -> None:
    arguments = ("local", "--no-alert", "--state-dir", str(tmp_path), *PORTS)
    async with running(*arguments) as process:
        page, *_ = await addresses(process)
        hang = {"target": "slack.chat.*", "kind": "hang", "seconds": 600}
        await control(page, "faults", hang)
        await control(page, "alerts", {})
        await until_struck(page)
        process.signal(signal.SIGINT)
        await process.says("Stopping")
        begun = monotonic()
        process.signal(signal.SIGINT)
        assert await process.ended() == 130
        assert monotonic() - begun < 3
        assert "Traceback" not in process.said


async def test_a_folder_that_cannot_be_used_is_told_in_one_line() -> None:
    arguments = ("local", "--no-alert", "--state-dir", "/dev/null/state", *PORTS)
    async with running(*arguments) as process:
        assert await process.ended() == 1
        assert len(process.lines) == 1
        assert "(--state-dir) cannot be used" in process.said
