"""One way to call Slack's Web API: one shared HTTP session, our own deadline, and no retries.

The SDK would by itself send a request again when the connection drops after it was accepted; here
nothing is sent twice, and every failure says whether the call may have been applied (``errors``).
Not here: which calls make a war room (``chat``), and the sockets (``sockets``).
"""

import ipaddress
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from incident_response.adapters.slack.errors import (
    LOST,
    from_api_error,
    from_network,
    lost,
    retry_after,
)
from incident_response.domain.errors import RateLimitedError, RefusedError, UnavailableError
from incident_response.domain.model import Json, UserId
from incident_response.telemetry import outgoing

PAGE_LIMIT = 999
"""The most items Slack gives at once ("under 1000")."""
SCOPES_HEADER = "X-OAuth-Scopes"
"""Where Slack tells, with every answer, what the token may do."""
CONNECT_SECONDS = 3.0
"""How long a connection may take to be made; nothing has been sent then."""

SDK_LOG = logging.getLogger("slack")
"""What the SDK and Bolt say; never at DEBUG, where they would show what people write."""
SDK_LOG.setLevel(logging.WARNING)
# Bolt reads SLACK_BOT_TOKEN by itself, and warns at every start that it does not use what it read.
SDK_LOG.addFilter(lambda record: "`token` will be unused" not in record.getMessage())

Answer = dict[str, Any]
"""What Slack answered; its shape is Slack's."""
Call = Callable[..., Awaitable[AsyncSlackResponse]]
"""A method of the SDK's client, such as ``web.conversations_create``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccess:
    """Where Slack is and what lets us in; the tokens are never shown in a repr."""

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    """For Socket Mode only; empty where nothing is received."""
    base_url: str = "https://slack.com/api/"
    """A local Slack's address for development. A proxy named by the environment is used for real
    addresses and never for this machine's own.
    """
    timeout: timedelta = timedelta(seconds=5)
    """For one call, from connecting to the last byte of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in which workspace."""

    bot_user_id: UserId
    bot_id: str
    team_id: str
    team: str
    url: str
    """The workspace's address, such as ``https://tidewater.slack.com/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a bot token may do, and what time it is for Slack."""

    team: str
    user: str
    """The bot's name."""
    scopes: frozenset[str]
    """Empty if Slack did not tell them."""
    told_at: datetime | None
    """Slack's clock when it answered, in whole seconds; None if it did not tell."""


class SlackClient:
    """Calls Slack; made inside a running event loop, to be closed by whoever made it."""

    def __init__(self, access: SlackAccess) -> None:
        self.access = access
        seconds = access.timeout.total_seconds()
        self.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(
                total=seconds, sock_connect=min(CONNECT_SECONDS, seconds)
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self.web = self.web_client(AsyncWebClient, token=access.bot_token)
        self._identity: Identity | None = None

    def web_client(self, kind: type[AsyncWebClient], *, token: str | None) -> AsyncWebClient:
        """Another SDK client on the same session and under the same rules."""
        client = kind(
            token=token,
            base_url=self.access.base_url,
            timeout=round(self.access.timeout.total_seconds()),
            session=self.session,
            logger=SDK_LOG,
            retry_handlers=[],
        )
        if is_loopback(self.access.base_url):
            # The constructor reads HTTPS_PROXY and HTTP_PROXY, never NO_PROXY.
            client.proxy = None
        return client

    async def identify(self) -> Identity:
        """Ask Slack who we are (``auth.test``). ``RefusedError`` says how to mend the token."""
        answer = await self.read(self.web.auth_test)
        self._identity = Identity(
            bot_user_id=UserId(answer["user_id"]),
            bot_id=answer.get("bot_id", ""),
            team_id=answer["team_id"],
            team=answer.get("team", ""),
            url=answer.get("url", ""),
        )
        return self._identity

    async def identity(self) -> Identity:
        """Who we are, as last told; asked for if nobody did yet."""
        return self._identity or await self.identify()

    async def read(self, call: Call, /, **arguments: object) -> Answer:
        """Call a method that changes nothing. Raises the errors of ``domain.errors``, never
        ``UnknownOutcomeError``.
        """
        return await _answer(call, arguments, is_write=False)

    async def write(self, call: Call, /, **arguments: object) -> Answer:
        """Call a method that changes something, once; ``UnknownOutcomeError`` if that may or may
        not have happened.
        """
        return await _answer(call, arguments, is_write=True)

    async def pages(self, call: Call, /, **arguments: object) -> AsyncIterator[Answer]:
        """Every page of a list. Raises ``UnavailableError`` if Slack repeats a page."""
        seen: set[str | None] = set()
        cursor: str | None = None
        while cursor not in seen:
            seen.add(cursor)
            answer = await self.read(call, **arguments, cursor=cursor, limit=PAGE_LIMIT)
            yield answer
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
        raise UnavailableError("Slack repeats the pages of a list")

    async def respond(self, response_url: str, body: Json) -> bool:
        """POST to an address that came with a command or a click; False if it is used up or too
        old.
        """
        what = "response_url"
        try:
            async with self.session.post(response_url, json=body) as reply:
                status = reply.status
                wait = retry_after(reply.headers)
        except LOST as error:
            raise from_network(error, method=what, is_write=True) from error
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimitedError("Slack limits answers now", retry_after=wait)
        if status >= 500:
            raise lost(f"Slack failed at {what}: HTTP {status}", is_write=True)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return False
        if status != HTTPStatus.OK:
            raise RefusedError(f"Slack refused an answer: HTTP {status}")
        return True

    async def granted(self) -> Granted:
        """What Slack says of our bot token, beside who it is. Raises as ``identify``."""
        response = await _response(self.web.auth_test, {}, is_write=False)
        headers = response.headers  # of aiohttp, whose names have no letter case
        scopes = (scope.strip() for scope in headers.get(SCOPES_HEADER, "").split(","))
        return Granted(
            team=response.get("team", ""),
            user=response.get("user", ""),
            scopes=frozenset(scope for scope in scopes if scope),
            told_at=_told_at(headers.get("Date", "")),
        )

    async def would_open_socket(self) -> None:
        """Whether Slack gives the app-level token a socket's address; none is opened, for it would
        take a share of what people do from the processor's. Raises as ``read``.
        """
        call = self.web.apps_connections_open
        await self.read(call, app_token=self.access.app_token)

    async def close(self) -> None:
        """Close the session."""
        await self.session.close()


async def _answer(call: Call, arguments: dict[str, object], *, is_write: bool) -> Answer:
    response = await _response(call, arguments, is_write=is_write)
    assert isinstance(response.data, dict)  # _response refuses anything else
    return response.data


async def _response(
    call: Call, arguments: dict[str, object], *, is_write: bool
) -> AsyncSlackResponse:
    method = getattr(call, "__name__", "call").replace("_", ".")
    with outgoing(f"slack {method}"):
        return await _answered(call, arguments, method=method, is_write=is_write)


async def _answered(
    call: Call, arguments: dict[str, object], *, method: str, is_write: bool
) -> AsyncSlackResponse:
    try:
        response = await call(**arguments)
    except SlackApiError as error:
        raise from_api_error(error, method=method, is_write=is_write) from error
    except LOST as error:
        raise from_network(error, method=method, is_write=is_write) from error
    except AttributeError as error:  # how the SDK fails on a 200 that is no JSON object
        raise lost(f"no JSON from Slack to {method}", is_write=is_write) from error
    if not isinstance(response.data, dict):
        raise lost(f"no JSON from Slack to {method}", is_write=is_write)
    return response


def _told_at(date: str) -> datetime | None:
    """The moment of a ``Date`` header; None where it tells none."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
