"""Sandbox, webhook and processor as three processes: they find each other, tell the truth about
themselves, and lose nothing when one of them goes.
"""

import re
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from time import monotonic

import aiohttp
import pytest

from incident_response.entrypoints.local_stack import (
    BOT_TOKEN,
    sandbox_config,
    sandbox_settings,
)
from incident_response.sandbox.app import Sandbox, SandboxConfig
from incident_response.sandbox.slack.connections import SocketSettings
from tests.entrypoints.processes import (
    Json,
    Process,
    get,
    processor_settings,
    run,
    running,
    webhook_settings,
)
from tests.scenarios.local_process import eventually

KEY = "a-key-of-this-test-and-no-other"
ON_CALL = {"U07MAYA0KAF", "U07J0NASL1N", "U07PR1YARAM", "U07T0MASHER"}


@dataclass
class Town:
    """The sandbox and the webhook, running; processors come and go."""

    state_dir: Path
    sandbox: Process
    webhook: Process
    url: str
    vendors: dict[str, str]
    """The settings the sandbox told us to use."""
    http: aiohttp.ClientSession

    def processor_env(self) -> dict[str, str]:
        return processor_settings(self.state_dir, self.vendors)

    async def control(self, method: str, path: str, body: Json | None = None) -> Json:
        url, headers = f"{self.url}/control/{path}", {"X-Sandbox": "1"}
        async with self.http.request(method, url, json=body, headers=headers) as reply:
            assert reply.status < 300, await reply.text()
            found: Json = await reply.json() if reply.content_length else {}
            return found

    async def fire(self, **order: object) -> Json:
        return await self.control("POST", "alerts", dict(order))

    async def slack(self, method: str, **arguments: str) -> Json:
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        url = f"{self.url}/api/{method}"
        async with self.http.post(url, data=arguments, headers=headers) as reply:
            found: Json = await reply.json()
            assert found["ok"], found
            return found

    async def rooms(self) -> list[Json]:
        found = await self.slack("conversations.list", types="private_channel")
        rooms: list[Json] = found["channels"]
        return rooms

    async def staffed_room(self) -> Json:
        """The one room, once everybody on call is in it and all is said."""

        async def complete() -> Json | None:
            rooms = await self.rooms()
            if len(rooms) != 1:
                return None
            members = await self.slack("conversations.members", channel=rooms[0]["id"])
            history = await self.slack("conversations.history", channel=rooms[0]["id"])
            said = [m for m in history["messages"] if m.get("bot_id") and not m.get("subtype")]
            is_complete = set(members["members"]) >= ON_CALL and len(said) == 3
            return rooms[0] if is_complete else None

        room: Json = await eventually(complete)
        return room


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    key_file = folder / "key"
    key_file.write_text(KEY, encoding="ascii")
    state_dir = folder / "state"
    async with AsyncExitStack() as stack:
        env = webhook_settings(state_dir, KEY)
        webhook = await stack.enter_async_context(running("webhook", env=env))
        alert_url = (await webhook.logged("webhook listens"))["url"]
        sandbox = await stack.enter_async_context(
            running(
                "sandbox",
                *("--state-dir", str(folder / "sandbox"), "--port", "0"),
                *("--alert-url", alert_url, "--alert-key-file", str(key_file)),
            )
        )
        await sandbox.says("Ctrl-C stops it")
        http = await stack.enter_async_context(aiohttp.ClientSession())
        url = re.findall(r"http://127\.0\.0\.1:\d+", sandbox.said)[0]
        vendors = exports(sandbox.said)
        yield Town(state_dir, sandbox, webhook, url=url, vendors=vendors, http=http)


def exports(said: str) -> dict[str, str]:
    """What a shell would make of the ``export`` lines."""
    lines = [line for line in said.splitlines() if line.startswith("  export ")]
    pairs = (shlex.split(line)[1].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


async def readiness(process: Process) -> tuple[int, Json]:
    url = (await process.logged("probes listen"))["url"]
    return await get(f"{url}/readyz")


async def until_ready(process: Process) -> None:
    async def is_ready() -> bool:
        return (await readiness(process))[0] == 200

    await eventually(is_ready)


async def test_a_signed_alert_becomes_a_room_across_three_processes(tmp_path: Path) -> None:
    async with town(tmp_path) as there, running("processor", env=there.processor_env()) as worker:
        await until_ready(worker)
        assert (await there.fire())["status"] == 202
        room = await there.staffed_room()
        assert "checkout-api" in room["name"]
        refused, said = await run("processor", env=there.processor_env())
        assert refused == 1
        assert "another processor is running on this file" in said
        assert "Traceback" not in said
        assert await worker.stopped() == 0
        assert await there.webhook.stopped() == 0
        assert await there.sandbox.stopped() == 0
        for process in (worker, there.webhook, there.sandbox):
            assert "Traceback" not in process.said


async def test_a_processor_stopped_in_the_middle_drains_in_time_and_the_next_finishes_the_room(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as there:
        hang = {"target": "slack.chat.postMessage", "kind": "hang", "seconds": 600}
        await there.control("POST", "faults", hang)
        async with running("processor", env=there.processor_env()) as worker:
            assert (await there.fire())["status"] == 202
            await eventually(lambda: is_struck(there, "slack.chat.postMessage"))
            begun = monotonic()
            worker.signal(SIGTERM)
            await worker.logged("draining")
            assert (await readiness(worker)) == (503, {"status": "draining", "failing": []})
            assert await worker.ended() == 0
            assert monotonic() - begun < 25, "a step's deadline, and a little"
            assert "Traceback" not in worker.said
        assert len(await there.rooms()) == 1
        await there.control("DELETE", "faults")
        async with running("processor", env=there.processor_env()):
            await there.staffed_room()


async def is_struck(there: Town, target: str) -> bool:
    calls = (await there.control("GET", "received"))["calls"]
    return any(c["target"] == target and c["fault"] for c in calls)


async def test_readiness_tells_the_truth_while_slack_goes_and_comes_back(tmp_path: Path) -> None:
    async with town(tmp_path) as there, running("processor", env=there.processor_env()) as worker:
        await until_ready(worker)
        port = there.url.rpartition(":")[2]
        await there.sandbox.stopped()

        async def names_slack() -> bool:
            return await readiness(worker) == (503, {"status": "unready", "failing": ["slack"]})

        await eventually(names_slack)
        health = (await worker.logged("probes listen"))["url"]
        assert await get(f"{health}/livez") == (200, {"status": "alive"})
        assert (await readiness(there.webhook)) == (200, {"status": "ready", "failing": []})
        again = ("sandbox", "--state-dir", str(tmp_path / "sandbox"), "--port", port)
        async with running(*again):
            await until_ready(worker)


async def test_a_click_while_no_processor_runs_is_told_by_slack_and_counts_after_its_return(
    tmp_path: Path,
) -> None:
    config = sandbox_config(tmp_path, 0)
    sandbox = Sandbox(SandboxConfig(app=config.app, sockets=SocketSettings(queue_seconds=0.5)))
    await sandbox.start()
    try:
        env = processor_settings(tmp_path / "state", as_environment(sandbox.url))
        incidents = sandbox.workspace.channels.by_name("incidents")
        assert incidents is not None
        maya = {"user": "U07MAYA0KAF", "channel": incidents.id}
        async with running("processor", env=env) as worker:
            await until_ready(worker)
            assert (await sandbox.people.slash(command="/inc", text="help", **maya)).ok
            assert await worker.stopped() == 0
        lost = await sandbox.people.slash(command="/inc", text="list", **maya)
        assert (lost.ok, lost.error) == (False, "app_unreachable")
        async with running("processor", env=env) as worker:
            await until_ready(worker)
            assert (await sandbox.people.slash(command="/inc", text="list", **maya)).ok

            async def answered() -> bool:
                notes = sandbox.people.ephemerals_for("U07MAYA0KAF", incidents.id)
                return any("No open incident" in note.text for note in notes)

            await eventually(answered)
    finally:
        await sandbox.stop()


def as_environment(url: str) -> Mapping[str, str]:
    return {
        name.upper(): value
        for name, value in sandbox_settings(url).items()
        if isinstance(value, str)
    }


async def test_a_port_in_use_is_told_in_one_line_that_names_the_setting(tmp_path: Path) -> None:
    async with running("webhook", env=webhook_settings(tmp_path / "a", KEY)) as first:
        taken = (await first.logged("webhook listens"))["url"].rpartition(":")[2]
        env = webhook_settings(tmp_path / "b", KEY)
        for name in ("WEBHOOK_PORT", "WEBHOOK_HEALTH_PORT"):
            code, said = await run("webhook", env={**env, name: taken})
            assert code == 1
            told = f"cannot listen on 127.0.0.1:{taken} ({name}): it is in use already"
            assert told in said.splitlines()[-1]
            assert "Traceback" not in said
        slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
        env = processor_settings(tmp_path / "b", slack)
        code, said = await run("processor", env={**env, "PROCESSOR_HEALTH_PORT": taken})
        assert (code, "(PROCESSOR_HEALTH_PORT): it is in use already" in said) == (1, True)
        for option in ("--port", "--webhook-port", "--health-port"):
            code, said = await run(*local(tmp_path / "c", **{option: taken}))
            assert code == 1
            assert f"({option}): it is in use already" in said.splitlines()[-1]
            assert "Traceback" not in said


def local(folder: Path, **options: str) -> list[str]:
    chosen = {"--port": "0", "--webhook-port": "0", "--health-port": "0", **options}
    flat = [word for pair in chosen.items() for word in pair]
    return ["local", "--no-alert", "--state-dir", str(folder), *flat]


async def test_two_stacks_in_one_folder_are_refused_in_one_line(tmp_path: Path) -> None:
    async with running(*local(tmp_path)) as first:
        await first.says("Open the workspace")
        code, said = await run(*local(tmp_path))
        assert code == 1
        assert "another processor is running" in said
        assert "Traceback" not in said
        assert await first.stopped() == 0


@pytest.mark.parametrize("missing", ["--alert-url", "--alert-key-file"])
async def test_the_sandbox_wants_address_and_key_of_the_webhook_together(
    tmp_path: Path, missing: str
) -> None:
    given = {"--alert-url": "http://127.0.0.1:1", "--alert-key-file": str(tmp_path / "none")}
    del given[missing]
    words = [word for pair in given.items() for word in pair]
    code, said = await run("sandbox", "--state-dir", str(tmp_path), *words)
    assert (code, said.count("\n")) == (1, 1)
    assert "--alert-url and --alert-key-file go together" in said
