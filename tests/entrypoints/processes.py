"""Our processes as an operator runs them: a command line, an environment, signals, and what they
say on their way.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

COMMAND = (sys.executable, "-m", "incident_response.entrypoints.main")
SPEAK_SECONDS = 30.0
END_SECONDS = 60.0
Json = dict[str, Any]


@dataclass
class Process:
    """One of our processes; everything it says is kept, line by line, as it comes."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _said: asyncio.Condition = field(default_factory=asyncio.Condition)
    _reading: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    async def says(self, words: str) -> str:
        """The line that holds ``words``, once it is out."""

        def found() -> str | None:
            return next((line for line in self.lines if words in line), None)

        try:
            async with asyncio.timeout(SPEAK_SECONDS), self._said:
                await self._said.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"it never said {words!r}:\n{self.said}") from None
        line = found()
        assert line is not None
        return line

    async def logged(self, event: str) -> Json:
        """The log line of an event."""
        line: Json = json.loads(await self.says(f'"event": "{event}"'))
        return line

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(*self._reading)
            return await self.process.wait()

    async def stopped(self) -> int:
        """Its exit code after SIGTERM."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def read(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while line := (await stream.readline()).decode():
            async with self._said:
                self.lines.append(line)
                self._said.notify_all()


@asynccontextmanager
async def running(
    *arguments: str, env: Mapping[str, str] | None = None, command: tuple[str, ...] = COMMAND
) -> AsyncIterator[Process]:
    """``incident-response <arguments>`` with no settings but ``env``; killed at the end."""
    spawned = await asyncio.create_subprocess_exec(
        *command,
        *arguments,
        env={"PATH": "/usr/bin:/bin", **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
    )
    process = Process(spawned)
    async with asyncio.TaskGroup() as tasks:
        process._reading.append(tasks.create_task(process.read(spawned.stdout)))
        try:
            yield process
        finally:
            if spawned.returncode is None:
                spawned.kill()
            await spawned.wait()


async def run(
    *arguments: str, env: Mapping[str, str] | None = None, command: tuple[str, ...] = COMMAND
) -> tuple[int, str]:
    """Exit code and everything said, of a process that ends by itself."""
    async with running(*arguments, env=env, command=command) as process:
        return await process.ended(), process.said


async def get(url: str) -> tuple[int, Json]:
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        return reply.status, await reply.json()


def webhook_settings(state_dir: Path, key: str) -> dict[str, str]:
    """On free ports; every source has the same key."""
    return {
        "STATE_DIR": str(state_dir),
        "WEBHOOK_PORT": "0",
        "WEBHOOK_HEALTH_PORT": "0",
        "GRAFANA_ONCALL_WEBHOOK_KEY": key,
        "ALERTMANAGER_WEBHOOK_KEY": key,
        "GENERIC_WEBHOOK_KEY": key,
    }


def processor_settings(state_dir: Path, vendors: Mapping[str, str]) -> dict[str, str]:
    """On a free port, with Slack and vendors where ``vendors`` says."""
    return {"STATE_DIR": str(state_dir), "PROCESSOR_HEALTH_PORT": "0", **vendors}
