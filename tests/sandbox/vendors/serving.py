"""A vendor's stand-in on a real loopback socket, over a world whose clock stands still."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

from incident_response.sandbox.alert_groups import AlertGroup, AlertGroups
from incident_response.sandbox.faults import FaultBoard
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors.grafana_cloud import GrafanaAccess
from incident_response.sandbox.vendors.world import World
from tests.closing import close

NOON = 1_795_262_400.0  # 2026-11-21T12:00:00Z
ACCESS = GrafanaAccess("412817", "glc_test")


@dataclass
class StillClock:
    """Time moves only when told to; sleeping is written down and returns at once."""

    at: float = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def still_world(clock: StillClock | None = None) -> World:
    clock = clock or StillClock()
    return World(TIDEWATER, clock, FaultBoard(clock), AlertGroups())


def group_of(service: str, *, started_at: float = NOON, group_id: str = "IGROUP") -> AlertGroup:
    return AlertGroup(
        id=group_id,
        service=service,
        title="It is broken",
        message="Very",
        severity="P1",
        state="firing",
        started_at=started_at,
        changed_at=started_at,
    )


@asynccontextmanager
async def serving(routes: Iterable[web.AbstractRouteDef]) -> AsyncIterator[ClientSession]:
    """Serve the routes on a free port; yield a session whose base address that is."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        await close(runner)
