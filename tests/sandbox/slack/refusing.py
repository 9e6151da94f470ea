"""What a client is told when Slack says no."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


async def refusal(call: Awaitable[Any]) -> str:
    """The error code of a call that must fail."""
    return str((await whole_refusal(call))["error"])


async def whole_refusal(call: Awaitable[Any]) -> dict[str, Any]:
    """The whole answer of a call that must fail."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer: dict[str, Any] = caught.value.response.data
    return answer
