from collections.abc import AsyncIterator

import aiohttp
import pytest

from incident_response.sandbox.app import Sandbox, SandboxConfig
from tests.sandbox.slack.stand import APP


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxConfig(app=APP))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def visitor(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session
