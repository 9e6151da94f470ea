"""The AWS clients, opened once for a process, each call bounded in time.

Not here: what is asked of AWS, or what its refusals mean (errors). The SDK tries a call up to
three times: every call made through it is safe to repeat, by its id, its name or its condition.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aioboto3
import aiohttp
from aiobotocore.config import AioConfig
from botocore.exceptions import NoCredentialsError

from incident_response.adapters.aws.account import Account
from incident_response.adapters.aws.errors import aws_errors
from incident_response.adapters.aws.signed import Credentials, Signing
from incident_response.adapters.http import vendor_session
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.telemetry import outgoing

CONNECT_SECONDS = 2
READ_SECONDS = 5
LONGEST_POLL_SECONDS = 20
"""SQS waits no longer for a message."""
POLL_READ_SECONDS = LONGEST_POLL_SECONDS + READ_SECONDS
ATTEMPTS = 3
CONNECTIONS = 64
LOOPBACK = ("127.0.0.1", "::1", "localhost")

AwsClient = Any
"""The SDK makes its clients at run time and ships no types for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClients:
    """One client a service."""

    dynamodb: AwsClient
    signing: Signing
    """For what is sent to DynamoDB without its client."""
    sqs: AwsClient
    sqs_polling: AwsClient
    """For receiving: its answers may take as long as a long poll."""
    scheduler: AwsClient
    secrets: AwsClient


@dataclass(frozen=True, slots=True, kw_only=True)
class InfraClients(AwsClients):
    """Also what the rights to all of it are made with."""

    iam: AwsClient
    account: Account


@asynccontextmanager
async def aws_clients(region: str, endpoint_url: str = "") -> AsyncIterator[AwsClients]:
    """Clients for ``region``; ``endpoint_url`` is another AWS than Amazon's, such as ministack.

    Raises ``RefusedError`` for credentials that make no sense, as of a profile that is not there.
    Credentials are found as the SDK does: environment, files, the pod's or the machine's role. An
    AWS on this machine gets made-up ones: it takes any, and the real ones are not for it.
    """
    with aws_errors("opening the clients of AWS"):
        session = _session(region, is_local=is_on_this_machine(endpoint_url))
    async with AsyncExitStack() as stack:
        opened = _opener(session, endpoint_url, stack)
        dynamodb = await opened("dynamodb")
        yield AwsClients(
            dynamodb=dynamodb,
            signing=Signing(
                http=await stack.enter_async_context(vendor_session()),
                url=dynamodb.meta.endpoint_url,
                region=region,
                timeout=aiohttp.ClientTimeout(total=READ_SECONDS, sock_connect=CONNECT_SECONDS),
                credentials=lambda: _credentials(session),
            ),
            sqs=await opened("sqs"),
            sqs_polling=await opened("sqs", POLL_READ_SECONDS),
            scheduler=await opened("scheduler"),
            secrets=await opened("secretsmanager"),
        )


@asynccontextmanager
async def infra_clients(region: str, endpoint_url: str = "") -> AsyncIterator[InfraClients]:
    """As ``aws_clients``; raises what ``aws_errors`` makes of it if AWS does not tell who asks."""
    async with aws_clients(region, endpoint_url) as clients, AsyncExitStack() as stack:
        session = _session(region, is_local=is_on_this_machine(endpoint_url))
        opened = _opener(session, endpoint_url, stack)
        sts = await opened("sts")
        with aws_errors("asking AWS whose account this is"):
            caller = await sts.get_caller_identity()
        partition = caller["Arn"].split(":")[1]
        yield InfraClients(
            dynamodb=clients.dynamodb,
            signing=clients.signing,
            sqs=clients.sqs,
            sqs_polling=clients.sqs_polling,
            scheduler=clients.scheduler,
            secrets=clients.secrets,
            iam=await opened("iam"),
            account=Account(partition, caller["Account"], region),
        )


class TracedClient:
    """A client of the SDK with a span around each call within a trace: the usual instrumentation
    of the SDK sees nothing of its asynchronous clients.
    """

    def __init__(self, client: AwsClient, service: str) -> None:
        self._client = client
        self._service = service

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        operation = self._client.meta.method_to_api_mapping.get(name)
        if operation is None:
            return attribute

        async def call(**request: Any) -> Any:
            with outgoing(f"aws {self._service} {operation}"):
                return await attribute(**request)

        return call


async def credential_source(region: str, endpoint_url: str = "") -> str:
    """Where ``aws_clients`` would find credentials, in the SDK's words such as ``env`` or
    ``assume-role-with-web-identity``; empty: nowhere.

    A role's are fetched. Raises our errors, as ``aws_errors`` does.
    """
    try:
        with aws_errors("looking for AWS credentials"):
            session = _session(region, is_local=is_on_this_machine(endpoint_url))
            found = await session.get_credentials()
            if found is None:
                return ""
            await found.get_frozen_credentials()
    except OSError as error:  # such as the file of a pod's token
        raise InvalidConfigurationError(
            f"AWS credentials cannot be read: {error.filename}: {error.strerror}"
        ) from error
    return str(found.method)


def is_on_this_machine(endpoint_url: str) -> bool:
    """Whether the address cannot be reached from elsewhere, nor be elsewhere."""
    return urlsplit(endpoint_url).hostname in LOOPBACK


@functools.cache
def _session(region: str, *, is_local: bool) -> aioboto3.Session:
    """It remembers the SDK's descriptions of the services, which take half a second to read."""
    made_up = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return aioboto3.Session(region_name=region, **(made_up if is_local else {}))


def _opener(
    session: aioboto3.Session, endpoint_url: str, stack: AsyncExitStack
) -> Callable[..., Awaitable[AwsClient]]:
    """What opens a service's client, with its seconds of patience; ``stack`` closes it."""

    async def opened(service: str, read_seconds: int = READ_SECONDS) -> AwsClient:
        client = session.client(
            service, endpoint_url=endpoint_url or None, config=_config(read_seconds)
        )
        with aws_errors("opening the clients of AWS"):
            return TracedClient(await stack.enter_async_context(client), service)

    return opened


async def _credentials(session: aioboto3.Session) -> Credentials:
    found = await session.get_credentials()
    if found is None:
        raise NoCredentialsError
    frozen: Credentials = await found.get_frozen_credentials()
    return frozen


def _config(read_seconds: int) -> AioConfig:
    return AioConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
    )
