from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from tests.fakes.clock import FakeClock


class Opener:
    """Opens backends on one file, and closes at the end what a test left open."""

    def __init__(self, path: Path, clock: FakeClock, stack: AsyncExitStack) -> None:
        self.path = path
        self.clock = clock
        self._stack = stack

    def __call__(self) -> EmbeddedBackend:
        backend = EmbeddedBackend.open(self.path, clock=self.clock)
        self._stack.push_async_callback(backend.close)
        return backend


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def open_backend(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(tmp_path / "incidents.db", clock, stack)
