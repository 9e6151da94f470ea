from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    """The whole program in this process, over real sockets, with everything well."""
    async with local_stack(tmp_path, Ports()) as running:
        yield running
