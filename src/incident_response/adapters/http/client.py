"""A bounded JSON client for one vendor.

Every call has a deadline, a turn (how many at once, how many a second) and a breaker; answers are
capped, redirects are not followed, and nothing but the configured address is ever asked. Reads
are tried again within the deadline; writes never are. What goes wrong is raised as an error of
the domain with words for people. Not here: any vendor's paths and shapes.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlencode

import aiohttp
import structlog
from pydantic import TypeAdapter, ValidationError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from incident_response.adapters.http.answers import Answer, OwnErrors, Reader
from incident_response.adapters.http.breaker import Breaker, CircuitOpenError
from incident_response.adapters.http.etags import Etags
from incident_response.adapters.http.limiter import Limiter
from incident_response.adapters.http.session import vendor_address
from incident_response.adapters.http.vendor import Bounds, Vendor
from incident_response.domain.errors import (
    AutoPublishNotPermittedError,
    IncidentResponseError,
    InvalidConfigurationError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import Json
from incident_response.ports.clock import Clock
from incident_response.telemetry import outgoing

_log = structlog.get_logger(__name__)

READ_ATTEMPTS = 3
"""A read is sent at most this often: once and two retries."""
LEAST_SECONDS = 0.05
"""A request begun with less time left than this could only be lost: it is not begun."""
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_BACKOFF = wait_random_exponential(multiplier=0.2, max=2)
_ETAGS = 128

T = TypeVar("T")
Params = Mapping[str, str | int]
# aiohttp sends PUT and DELETE again by itself when a kept-alive connection turns out to be
# closed, so they cannot promise to be sent once.
WriteMethod = Literal["POST", "PATCH"]


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Json | None = None
    is_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is sent with every request; ``secrets`` are blotted out of every message."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class VendorHttp:
    """Talks JSON to one vendor at one address, over a session shared with others.

    Raises, from every call: ``UnavailableError`` (not reached, 5xx, timeout, breaker open),
    ``RateLimitedError``, ``RefusedError``, ``NotFoundError``, and for writes
    ``UnknownOutcomeError`` instead of ``UnavailableError`` once the request may have arrived.
    """

    def __init__(
        self,
        vendor: Vendor,
        *,
        base_url: str,
        credentials: Credentials,
        http: aiohttp.ClientSession,
        clock: Clock,
        bounds: Bounds | None = None,
        own_errors: OwnErrors | None = None,
        permit: type[object] | None = None,
    ) -> None:
        """With ``permit``, every write has to show one: an instance of exactly this type."""
        self.vendor = vendor
        self._permit = permit
        self.bounds = bounds or Bounds()
        self._base = vendor_address(base_url, vendor=vendor, http=http)
        self._headers = {"Accept": "application/json", **_sendable(credentials, vendor)}
        self._reader = Reader(vendor, tuple(s for s in credentials.secrets if s), own_errors)
        self._http = http
        self._clock = clock
        self._etags = Etags(capacity=_ETAGS)
        self.breaker = Breaker(
            vendor.name,
            clock=clock,
            failures=self.bounds.failures_to_open,
            open_for=self.bounds.open_for,
        )
        self._limiter = Limiter(
            vendor.name,
            clock=clock,
            concurrency=self.bounds.concurrency,
            per_second=self.bounds.per_second,
        )

    async def read(self, path: str, shape: TypeAdapter[T], params: Params | None = None) -> T:
        """GET ``path`` (with its leading slash, below the base address) and check its shape.

        Sent at most three times within the total deadline; a wait the vendor asks for is kept,
        or the call ends if it does not fit.
        """
        url = self._url(path, params or {})
        deadline = asyncio.get_running_loop().time() + self.bounds.total_seconds
        answer: Answer = await self._retrying(deadline)(self._read_once, url, deadline)
        return self._shaped(answer, shape)

    async def ask(self, path: str, body: Json, *, shape: TypeAdapter[T]) -> T:
        """POST a question that changes nothing, such as a GraphQL query: as ``read``, and so sent
        again like one.
        """
        headers = {**self._headers, "Content-Type": "application/json"}
        request = _Request("POST", self._url(path, {}), headers, body)
        deadline = asyncio.get_running_loop().time() + self.bounds.total_seconds
        answer: Answer = await self._retrying(deadline)(self._send, request, deadline)
        return self._shaped(answer, shape)

    async def write(
        self,
        method: WriteMethod,
        path: str,
        body: Json,
        *,
        shape: TypeAdapter[T],
        permit: object = None,
    ) -> T:
        """Send ``body`` once, whatever happens.

        Raises ``AutoPublishNotPermittedError`` before anything is sent if the client asks for a
        permit and ``permit`` is none.
        """
        if self._permit is not None and type(permit) is not self._permit:
            raise AutoPublishNotPermittedError
        headers = {**self._headers, "Content-Type": "application/json"}
        request = _Request(method, self._url(path, {}), headers, body, is_write=True)
        deadline = asyncio.get_running_loop().time() + self.bounds.total_seconds
        answer = await self._send(request, deadline)
        try:
            return self._shaped(answer, shape)
        except RefusedError as error:
            # It said yes (2xx), only not in words we know.
            raise UnknownOutcomeError(f"{error}; look whether it was done") from error

    async def _read_once(self, url: str, deadline: float) -> Answer:
        headers = {**self._headers, **self._etags.condition(url)}
        answer = await self._send(_Request("GET", url, headers), deadline)
        return self._etags.resolve(url, answer)

    async def _send(self, request: _Request, deadline: float) -> Answer:
        async with self._limiter.turn(deadline=deadline - LEAST_SECONDS):
            with outgoing(f"{request.method} {self.vendor.name}") as call, self.breaker.guard():
                answer = await self._exchange(request, deadline)
                call.set_attribute("http.response.status_code", answer.status)
                error = self._reader.error(
                    answer, is_write=request.is_write, now=self._clock.now()
                )
                if isinstance(error, RateLimitedError) and error.retry_after is not None:
                    self._limiter.hush(error.retry_after)
                if error is not None:
                    raise error
                return answer

    async def _exchange(self, request: _Request, deadline: float) -> Answer:
        """One request and the whole of its answer, whatever that says."""
        begun = asyncio.get_running_loop().time()
        limit = min(begun + self.bounds.attempt_seconds, deadline)
        try:
            async with (
                asyncio.timeout_at(limit),
                self._http.request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    json=request.body,
                    allow_redirects=False,
                    timeout=_NO_TIMEOUT,
                ) as response,
            ):
                body = await self._body(response, is_write=request.is_write)
                return Answer(response.status, response.headers, body)
        except aiohttp.ClientConnectorError as error:
            raise self._unreached(error) from error
        except TimeoutError as error:
            raise self._lost(f"did not answer within {limit - begun:.2g} s", request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._lost("broke off the connection", request) from error

    async def _body(self, response: aiohttp.ClientResponse, *, is_write: bool) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self.bounds.max_answer_bytes:
                response.close()
                raise self._too_long(is_write=is_write)
        return bytes(body)

    def _too_long(self, *, is_write: bool) -> IncidentResponseError:
        limit = self.bounds.max_answer_bytes
        message = f"{self.vendor.name} sent more than {limit:,} bytes, which we do not read"
        if is_write:
            return UnknownOutcomeError(f"{message}; look whether it was done")
        return RefusedError(message, reason="answer_too_large")

    def _unreached(self, error: aiohttp.ClientConnectorError) -> UnavailableError:
        _log.warning("vendor not reached", vendor=self.vendor.name, error=type(error).__name__)
        return UnavailableError(
            f"{self.vendor.name} could not be reached at {error.host}:"
            f" check {self.vendor.url_setting} and the network"
        )

    def _lost(self, what: str, request: _Request) -> RetryableError:
        """The error for a request that was sent and got no whole answer."""
        if request.is_write:
            return UnknownOutcomeError(f"{self.vendor.name} {what}: look whether it was done")
        return UnavailableError(f"{self.vendor.name} {what}")

    def _shaped(self, answer: Answer, shape: TypeAdapter[T]) -> T:
        try:
            return shape.validate_json(answer.body)
        except ValidationError as error:
            # The error quotes its input: only its kind and place may be logged.
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            _log.warning(
                "vendor answer not understood",
                vendor=self.vendor.name,
                kind=first["type"],
                place=".".join(map(str, first["loc"])),
            )
            raise RefusedError(
                f"{self.vendor.name} answered something we do not understand:"
                f" check {self.vendor.url_setting}",
                reason="unexpected_answer",
            ) from None

    def _url(self, path: str, params: Params) -> str:
        """Below the base address; ``path`` is already quoted, see ``path_segment``."""
        query = f"?{urlencode(params)}" if params else ""
        return f"{self._base}{path}{query}"

    def _retrying(self, deadline: float) -> AsyncRetrying:
        def is_too_late(state: RetryCallState) -> bool:
            begins = asyncio.get_running_loop().time() + state.upcoming_sleep
            return begins >= deadline - LEAST_SECONDS

        return AsyncRetrying(
            sleep=self._clock.sleep,
            retry=retry_if_exception(_is_worth_another_try),
            wait=_wait,
            stop=lambda state: stop_after_attempt(READ_ATTEMPTS)(state) or is_too_late(state),
            before_sleep=self._log_retry,
            reraise=True,
        )

    def _log_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info(
            "vendor asked again",
            vendor=self.vendor.name,
            attempt=state.attempt_number,
            wait_seconds=round(state.upcoming_sleep, 3),
            error=error.code if isinstance(error, IncidentResponseError) else "",
        )


def _sendable(credentials: Credentials, vendor: Vendor) -> Mapping[str, str]:
    """The headers; a token read from a file often ends in a line break, which none may hold."""
    if any(not value.isprintable() for value in credentials.headers.values()):
        raise InvalidConfigurationError(
            f"{vendor.credential_setting} holds a line break or another unprintable character"
        )
    return credentials.headers


def _is_worth_another_try(error: BaseException) -> bool:
    # An open breaker does not close within a read's deadline.
    return isinstance(error, RetryableError) and not isinstance(error, CircuitOpenError)


def _wait(state: RetryCallState) -> float:
    """Seconds to the next try: full jitter, on top of what the vendor asks for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, RetryableError) else None
    return _BACKOFF(state) + (asked.total_seconds() if asked else 0.0)
