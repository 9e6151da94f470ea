from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.stand import Stand, open_stand


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    stand = await open_stand()
    yield stand
    await stand.stop()


@pytest.fixture
def client(stand: Stand) -> AsyncWebClient:
    return stand.client()
