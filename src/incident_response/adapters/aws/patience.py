"""Trying again what DynamoDB was too busy for, and did not do.

Not here: what the SDK already tries again (session), what only a person or a sweep takes up again.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from incident_response.domain.errors import RateLimitedError

TRIES = 8
SHORTEST_SECONDS, LONGEST_SECONDS = 0.02, 0.5
"""Pauses are drawn, so that those who met do not meet again."""

T = TypeVar("T")


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """What ``attempt`` returns; tried again while it raises ``RateLimitedError``."""
    try:
        return await attempt()
    except RateLimitedError:
        pass  # only now: to get ready for another try costs more than most attempts
    tries = AsyncRetrying(
        retry=retry_if_exception_type(RateLimitedError),
        stop=stop_after_attempt(TRIES - 1),
        wait=wait_random_exponential(multiplier=SHORTEST_SECONDS, max=LONGEST_SECONDS),
        reraise=True,
    )
    return await tries(attempt)
