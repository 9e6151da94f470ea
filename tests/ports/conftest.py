from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path

import pytest

from incident_response.domain.ledger import Seal
from tests.aws.harness import aws_harness
from tests.ports.backends import OPENERS, Backend, Harness


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "harness" in metafunc.fixturenames:
        metafunc.parametrize("harness", [*sorted(OPENERS), "aws"], indirect=True)


@pytest.fixture
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    opened: AbstractAsyncContextManager[Harness]
    if request.param == "aws":
        opened = aws_harness(request.getfixturevalue("ministack"))
    else:
        opened = OPENERS[request.param](tmp_path)
    async with opened as harness:
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
