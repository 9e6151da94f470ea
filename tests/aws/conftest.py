from collections.abc import AsyncIterator

import pytest

from tests.aws.between import Between, between
from tests.aws.harness import AwsPorts, aws_ports
from tests.aws.ministack import Ministack


@pytest.fixture
async def wire(ministack: Ministack) -> AsyncIterator[Between]:
    async with between(ministack) as wire:
        yield wire


@pytest.fixture
async def ports(ministack: Ministack, wire: Between) -> AsyncIterator[AwsPorts]:
    """The adapters before ministack, the wire between them."""
    async with aws_ports(ministack, wire.url) as ports:
        wire.requests.clear()
        yield ports
