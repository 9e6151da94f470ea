import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from incident_response.domain.errors import InvalidConfigurationError, UnavailableError
from incident_response.entrypoints.webhook.health import HealthServer
from tests.fakes.clock import FakeClock


class Dependency:
    def __init__(self) -> None:
        self.failure: Exception | None = None

    async def probe(self) -> None:
        if self.failure is not None:
            raise self.failure


class Setup:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store, self.keys = Dependency(), Dependency()
        self.health = HealthServer(
            clock=self.clock, probes={"store": self.store.probe, "keys": self.keys.probe}
        )

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.health.url + path) as response,
        ):
            return response.status, await response.json()


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    made = Setup()
    await made.health.start()
    yield made
    await made.health.stop()


async def test_it_is_ready_while_every_probe_passes(setup: Setup) -> None:
    assert await setup.get("/readyz") == (200, {"status": "ready", "failing": []})


@pytest.mark.parametrize("failure", [UnavailableError("at 10.0.0.7"), KeyError("a bug")])
async def test_it_names_the_probes_that_fail_and_not_why(setup: Setup, failure: Exception) -> None:
    setup.keys.failure = failure
    assert await setup.get("/readyz") == (503, {"status": "unready", "failing": ["keys"]})
    assert await setup.health.failing() == ["keys"]


async def test_a_draining_process_is_not_ready(setup: Setup) -> None:
    setup.health.is_draining = True
    assert await setup.get("/readyz") == (503, {"status": "draining", "failing": []})
    assert (await setup.get("/livez"))[0] == 200


async def test_it_is_alive_while_it_beats_and_hung_when_it_does_not(setup: Setup) -> None:
    async with asyncio.TaskGroup() as tasks:
        beating = tasks.create_task(setup.health.beat())
        for _ in range(20):
            await setup.clock.sleeping()
            setup.clock.advance(1)
        await setup.clock.sleeping()
        assert await setup.get("/livez") == (200, {"status": "alive"})
        beating.cancel()
    setup.clock.advance(11)
    assert await setup.get("/livez") == (503, {"status": "hung"})


async def test_a_probe_that_hangs_fails() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    health = HealthServer(clock=FakeClock(), probes={"slow": hang})
    assert await health.failing() == ["slow"]


async def test_it_has_no_address_before_it_starts() -> None:
    with pytest.raises(InvalidConfigurationError):
        _ = HealthServer(clock=FakeClock(), probes={}).url
