"""``incident-response local`` as a process of its own, driven and read over the wire only.

What a test learns here it learns as a person or another program would: through the control API and
Slack's Web API.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

BOT_TOKEN = "xoxb-local-incident-response"
START_SECONDS = 60.0
Json = dict[str, Any]


@dataclass
class LocalProcess:
    """A running stack."""

    process: asyncio.subprocess.Process
    url: str
    webhook_url: str
    health_url: str
    http: aiohttp.ClientSession
    log: list[str] = field(default_factory=list)

    async def control(self, method: str, path: str, body: Json | None = None) -> Any:
        headers = {"X-Sandbox": "1"}
        url = f"{self.url}/control/{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.content_length else None

    async def slack(self, api: str, **arguments: str) -> Json:
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        async with self.http.post(
            f"{self.url}/api/{api}", data=arguments, headers=headers
        ) as answer:
            found: Json = await answer.json()
            assert found["ok"], found
            return found

    async def fire(self, **order: object) -> Json:
        """A signed sample alert; what the webhook answered."""
        delivery: Json = await self.control("POST", "alerts", dict(order))
        return delivery

    async def rooms(self) -> list[Json]:
        """Every private channel our bot made."""
        found = await self.slack(
            "conversations.list", types="private_channel", exclude_archived="false"
        )
        channels: list[Json] = found["channels"]
        return channels

    async def messages(self, channel: str) -> list[Json]:
        """What the bot said in a channel, oldest first, joins and the like left out."""
        found = await self.slack(
            "conversations.history", channel=channel, include_all_metadata="true", limit="200"
        )
        said = [m for m in found["messages"] if not m.get("subtype") and m.get("bot_id")]
        return list(reversed(said))

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self.process.kill()
        await self.process.wait()

    async def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(2)
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def local_process(state_dir: Path, *arguments: str) -> AsyncIterator[LocalProcess]:
    """The process on free ports, once it has said where it is; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "incident_response.entrypoints.main",
        "local",
        "--state-dir",
        str(state_dir),
        *("--port", "0", "--webhook-port", "0", "--health-port", "0"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        log: list[str] = []
        async with asyncio.timeout(START_SECONDS):
            addresses = await _addresses(process, log)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield LocalProcess(process, *addresses, http=http, log=log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _addresses(process: asyncio.subprocess.Process, log: list[str]) -> tuple[str, str, str]:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        log.append(line)
        if line.startswith("Open the workspace"):
            found = re.findall(r"http://127\.0\.0\.1:\d+", "".join(log))
            return found[0], found[1], found[2]
    raise AssertionError("the stack did not start:\n" + "".join(log))


async def eventually(check: Any, *, within: float = 30.0) -> Any:
    """What ``check`` returns once it is true; polls, because the other side is another process."""
    last: object = None
    try:
        async with asyncio.timeout(within):
            while not (last := await check()):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.03)
    except TimeoutError:
        raise AssertionError(
            f"it did not come about within {within:g} s; last seen: {last}"
        ) from None
    return last


def keys_of(messages: list[Json]) -> list[str]:
    """The keys our program marked its messages with, sorted."""
    found = (m.get("metadata", {}).get("event_payload", {}).get("key") for m in messages)
    return sorted(str(key) for key in found if key)


def as_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
