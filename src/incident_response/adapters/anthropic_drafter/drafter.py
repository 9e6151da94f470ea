"""The drafter: one request a brief, within a deadline, with one more try where there is time.

Not here: prompts (prompts), the way there (access), what errors mean (answers).
"""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from incident_response.adapters.anthropic_drafter.access import Access
from incident_response.adapters.anthropic_drafter.answers import refused, status_of, written
from incident_response.adapters.anthropic_drafter.prompts import instructions, request
from incident_response.adapters.http import Breaker, CircuitOpenError
from incident_response.domain.errors import (
    IncidentResponseError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from incident_response.domain.redaction import Brief, RedactedBrief, Task
from incident_response.ports.clock import Clock
from incident_response.ports.drafter import Written

if TYPE_CHECKING:
    from incident_response.adapters.anthropic_drafter.access import Client

AT_ONCE = 4
"""Requests under way at once: drafts of several incidents, without using up the rate limit."""
FAILURES_TO_OPEN = 5
OPEN_FOR = timedelta(seconds=60)
SHARE_OF_DEADLINE = 0.97
"""We give up a little before our caller does, so that the breaker hears of it."""
WAIT = timedelta(milliseconds=500)
"""Before the second try, unless the vendor asks for more."""
WARM_UP_AFTER_SECONDS = 5.0
PING_SECONDS = 10.0
SPARE_TOKENS = 32
"""Beyond the longest text: for the marks of its form."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Which model does what."""

    drafts: str
    classification: str

    def of(self, task: Task) -> str:
        """The model for the task."""
        return self.classification if task is Task.CLASSIFY else self.drafts


class AnthropicDrafter:
    """``ports.drafter.Drafter`` over one ``Access``. Belongs to one event loop; ``close`` it."""

    def __init__(self, access: Access, *, models: Models, clock: Clock) -> None:
        self._access = access
        self._models = models
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._connecting = asyncio.Lock()
        self._client: Client | None = None
        self.breaker = Breaker(
            access.name, clock=clock, failures=FAILURES_TO_OPEN, open_for=OPEN_FOR
        )

    async def warm_up(self) -> None:
        """Have everything ready for the first draft, some seconds after the start, which it would
        slow down; never raises.
        """
        await self._clock.sleep(WARM_UP_AFTER_SECONDS)
        await self.warm_up_now()

    async def warm_up_now(self) -> None:
        """Import the SDK and make the client; what goes wrong is logged."""
        try:
            await self._connected()
        except IncidentResponseError as error:
            log.warning("model cannot be asked", vendor=self._access.name, error=str(error))

    async def close(self) -> None:
        """Close its connections; nothing may be asked after that."""
        if self._client is not None:
            await self._client.close()

    async def write(self, brief: RedactedBrief, *, within: timedelta) -> Written:
        """What the brief asks for; see the port."""
        loop = asyncio.get_running_loop()
        seconds = within.total_seconds() * SHARE_OF_DEADLINE
        deadline = loop.time() + seconds
        try:
            return await self._try(brief.brief, deadline)
        except RetryableError as error:
            wait = (error.retry_after or WAIT).total_seconds()
            has_time = deadline - loop.time() - wait >= seconds / 2
            if isinstance(error, _LateError | CircuitOpenError) or not has_time:
                raise
            log.info("model asked again", vendor=self._access.name, error=error.code)
        await self._clock.sleep(wait)
        return await self._try(brief.brief, deadline)

    async def ping(self) -> str:
        """Whether each model that is configured answers one word, for the doctor; raises what
        ``write`` raises.
        """
        client = await self._connected()
        names = {task: self._access.model_id(self._models.of(task)) for task in Task}
        wanted = sorted(set(names.values()))
        for model in wanted:
            async with self._understood():
                await client.messages.create(
                    model=model,
                    max_tokens=1,
                    messages=[{"role": "user", "content": "Say: here."}],
                    timeout=PING_SECONDS,
                    extra_body=dict(self._access.extra_body),
                )
        return f"{' and '.join(wanted)} answer"

    async def _try(self, brief: Brief, deadline: float) -> Written:
        with self.breaker.guard():
            try:
                async with asyncio.timeout_at(deadline), self._turns:
                    return await self._ask(brief, deadline)
            except TimeoutError:
                raise _LateError(f"{self._access.name} did not answer in time") from None

    async def _ask(self, brief: Brief, deadline: float) -> Written:
        client = await self._connected()
        model = self._access.model_id(self._models.of(brief.task))
        left = max(0.1, deadline - asyncio.get_running_loop().time())
        async with self._understood():
            message = await client.messages.create(
                model=model,
                max_tokens=brief.tokens + SPARE_TOKENS,
                system=_system(brief.task),
                messages=[{"role": "user", "content": request(brief)}],
                timeout=left,
                extra_body=dict(self._access.extra_body),
            )
        try:
            return written(message, model)
        except (AttributeError, TypeError):  # the SDK passes on whatever came as an answer
            raise RefusedError(
                f"{self._access.name} answered something we do not understand:"
                f" check {self._access.url_setting}",
                reason="unexpected_answer",
            ) from None

    async def _connected(self) -> "Client":
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await asyncio.to_thread(self._access.connect)
                except Exception as error:  # noqa: BLE001 - whatever an SDK raises when it is made
                    raise self._meaning(error) from None
        return self._client

    @asynccontextmanager
    async def _understood(self) -> AsyncIterator[None]:
        """Turns whatever the SDK raises into one of our errors, without what was sent."""
        sdk = importlib.import_module("anthropic")
        try:
            yield
        except sdk.APITimeoutError:
            raise _LateError(f"{self._access.name} did not answer in time") from None
        except sdk.APIConnectionError:
            raise UnavailableError(
                f"{self._access.name} could not be reached: check {self._access.url_setting}"
            ) from None
        except Exception as error:  # noqa: BLE001 - its SDK, botocore and pydantic share no root
            raise self._meaning(error) from None

    def _meaning(self, error: Exception) -> IncidentResponseError:
        answered = status_of(error)
        if answered is not None and not 200 <= answered[0] < 300:
            return refused(*answered, self._access)
        log.warning("model's client failed", vendor=self._access.name, error=type(error).__name__)
        return RefusedError(
            f"{self._access.name} could not be asked ({type(error).__name__}):"
            f" check {self._access.credential_setting}",
            reason="client_failed",
        )


class _LateError(UnavailableError):
    """No time is left for another try."""


def _system(task: Task) -> Any:
    """The instructions, marked to be cached up to their end."""
    rules, form = instructions(task)
    return [
        {"type": "text", "text": rules},
        {"type": "text", "text": form, "cache_control": {"type": "ephemeral"}},
    ]
