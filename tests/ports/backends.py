"""The backends that the conformance suites run on: to add one, add its opener to ``OPENERS``.

Not here: what a backend has to do, which the suites say through the ports alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.domain.ledger import Seal
from incident_response.ports.event_queue import EventQueue
from incident_response.ports.inbox import Inbox
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.intake import Intake
from incident_response.ports.lease import LeaseStore
from incident_response.ports.ledger import Ledger
from incident_response.ports.scheduler import Scheduler
from incident_response.ports.secret_store import SecretStore
from tests.fakes.clock import FakeClock

SEAL_KEY = b"the key of the conformance suite"


class Backend(Protocol):
    """Every durable port of one backend."""

    @property
    def intake(self) -> Intake: ...
    @property
    def incidents(self) -> IncidentStore: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def leases(self) -> LeaseStore: ...
    @property
    def scheduler(self) -> Scheduler: ...
    @property
    def secrets(self) -> SecretStore: ...
    @property
    def inbox(self) -> Inbox: ...
    def queue(self, name: str) -> EventQueue: ...


@dataclass(frozen=True, slots=True)
class Harness:
    """A backend, and what a suite needs to bring about outside its ports."""

    backend: Backend
    seal: Seal
    now: Callable[[], datetime]
    pass_time: Callable[[float], Awaitable[None]]
    """Let that many seconds pass on the backend, schedules firing as they become due."""
    store_secret: Callable[[str, bytes, bytes | None], Awaitable[None]]
    """Name, key in force, key before it."""


@asynccontextmanager
async def _embedded(path: Path | None) -> AsyncIterator[Harness]:
    clock = FakeClock()
    backend = EmbeddedBackend.open(path, clock=clock, seal_key=SEAL_KEY)

    async def pass_time(seconds: float) -> None:
        clock.advance(seconds)
        await backend.scheduler.fire_due()

    async def store_secret(name: str, current: bytes, previous: bytes | None) -> None:
        await backend.secrets.put(name, previous or current)
        if previous is not None:
            await backend.secrets.rotate(name, current)

    try:
        yield Harness(
            backend=backend,
            seal=Seal(SEAL_KEY),
            now=clock.now,
            pass_time=pass_time,
            store_secret=store_secret,
        )
    finally:
        await backend.close()


Opener = Callable[[Path], AbstractAsyncContextManager[Harness]]
OPENERS: Mapping[str, Opener] = {
    "embedded-file": lambda folder: _embedded(folder / "incidents.db"),
    "embedded-memory": lambda folder: _embedded(None),
}
