"""Webhook and processor as processes of their own; sandbox and collector are in the test's."""

import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from incident_response.entrypoints.local_stack import sandbox_config, sandbox_settings
from incident_response.sandbox.alerts import AlertOrder, Delivery, Destination, sample_credentials
from incident_response.sandbox.app import Sandbox
from incident_response.sandbox.slack.model import Channel
from tests.entrypoints.processes import (
    Process,
    get,
    processor_settings,
    running,
    webhook_settings,
)
from tests.scenarios.rooms import eventually
from tests.telemetry.collector import Collector, collecting

MAYA = "U07MAYA0KAF"


@dataclass
class Site:
    """An installation under test."""

    state_dir: Path
    sandbox: Sandbox
    collector: Collector
    webhook: Process
    processor: Process
    webhook_url: str

    async def fire(self) -> Delivery:
        return await self.sandbox.alerts.fire(AlertOrder())

    async def room(self) -> Channel:
        """The one room, once its assembly has ended."""

        async def is_assembled() -> bool:
            return any('"WAR_ROOM_ASSEMBLED"' in entry for entry in self.ledger())

        await eventually(is_assembled, within=40)
        (room,) = (c for c in self.sandbox.workspace.channels.all() if c.name.startswith("inc-"))
        return room

    async def types(self, room: Channel, line: str) -> None:
        """A slash command of Maya's."""
        people = self.sandbox.people
        said = await people.slash(user=MAYA, channel=room.id, command="/inc", text=line)
        assert said.ok, said

    def ledger(self) -> list[str]:
        """Every entry as it is stored."""
        path = self.state_dir / "incident-response.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT entry FROM ledger ORDER BY incident_id, seq").fetchall()
        return [text for (text,) in rows]

    async def stopped(self) -> None:
        """Both processes have ended in order, and sent what they had."""
        assert await self.webhook.stopped() == 0
        assert await self.processor.stopped() == 0


@asynccontextmanager
async def site(
    folder: Path, *, key: str, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Site]:
    """Ready to take alerts; ``settings`` take the place of the sandbox's own."""
    async with AsyncExitStack() as stack:
        collector = await stack.enter_async_context(collecting())
        sandbox = Sandbox(sandbox_config(folder, 0))
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        both = {
            "LOG_LEVEL": "DEBUG",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            **_environment(sandbox_settings(sandbox.url)),
            **(settings or {}),
        }
        state_dir = folder / "state"
        webhook = await stack.enter_async_context(
            running("webhook", env=both | webhook_settings(state_dir, key))
        )
        url = (await webhook.logged("webhook listens"))["url"]
        sandbox.alerts.aim(Destination(url, sample_credentials(key)))
        processor = await stack.enter_async_context(
            running("processor", env=processor_settings(state_dir, both))
        )
        await _ready(processor)
        yield Site(
            state_dir=state_dir,
            sandbox=sandbox,
            collector=collector,
            webhook=webhook,
            processor=processor,
            webhook_url=url,
        )


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    return {
        name.upper(): value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


async def _ready(process: Process) -> None:
    health = (await process.logged("probes listen"))["url"]

    async def is_ready() -> bool:
        return (await get(f"{health}/readyz"))[0] == 200

    await eventually(is_ready, within=40)
