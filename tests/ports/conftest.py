from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest

from incident_response.domain.ledger import Seal
from tests.ports.backends import OPENERS, Backend, Harness


@pytest.fixture(params=sorted(OPENERS))
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    async with OPENERS[request.param](tmp_path) as harness:
        yield harness


@pytest.fixture
def backend(harness: Harness) -> Backend:
    return harness.backend


@pytest.fixture
def seal(harness: Harness) -> Seal:
    return harness.seal


@pytest.fixture
def now(harness: Harness) -> Callable[[], datetime]:
    return harness.now


@pytest.fixture
def pass_time(harness: Harness) -> Callable[[float], Awaitable[None]]:
    return harness.pass_time


@pytest.fixture
def store_secret(harness: Harness) -> Callable[[str, bytes, bytes | None], Awaitable[None]]:
    return harness.store_secret
