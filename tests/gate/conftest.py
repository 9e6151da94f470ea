from collections.abc import AsyncIterator

import pytest

from tests.gate.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A world with an incident that Ada commands."""
    made = Stage()
    await made.open_incident()
    yield made
    await made.backend.close()
