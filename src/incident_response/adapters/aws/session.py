"""The AWS clients, opened once for a process, each call bounded in time.

Not here: what is asked of AWS, or what its refusals mean (errors). The SDK tries a call up to
three times: every call made through it is safe to repeat, by its id, its name or its condition.
"""

import functools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aioboto3
from aiobotocore.config import AioConfig

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
    sqs: AwsClient
    sqs_polling: AwsClient
    """For receiving: its answers may take as long as a long poll."""
    scheduler: AwsClient
    secrets: AwsClient


@asynccontextmanager
async def aws_clients(region: str, endpoint_url: str = "") -> AsyncIterator[AwsClients]:
    """Clients for ``region``; ``endpoint_url`` is another AWS than Amazon's, such as ministack.

    Credentials are found as the SDK does: environment, files, the pod's or the machine's role. An
    AWS on this machine gets made-up ones: it takes any, and the real ones are not for it.
    """
    session = _session(region, is_local=is_on_this_machine(endpoint_url))
    async with AsyncExitStack() as stack:

        async def opened(service: str, read_seconds: int = READ_SECONDS) -> AwsClient:
            client = session.client(
                service, endpoint_url=endpoint_url or None, config=_config(read_seconds)
            )
            return await stack.enter_async_context(client)

        yield AwsClients(
            dynamodb=await opened("dynamodb"),
            sqs=await opened("sqs"),
            sqs_polling=await opened("sqs", POLL_READ_SECONDS),
            scheduler=await opened("scheduler"),
            secrets=await opened("secretsmanager"),
        )


def is_on_this_machine(endpoint_url: str) -> bool:
    """Whether the address cannot be reached from elsewhere, nor be elsewhere."""
    return urlsplit(endpoint_url).hostname in LOOPBACK


@functools.cache
def _session(region: str, *, is_local: bool) -> aioboto3.Session:
    """It remembers the SDK's descriptions of the services, which take half a second to read."""
    made_up = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return aioboto3.Session(region_name=region, **(made_up if is_local else {}))


def _config(read_seconds: int) -> AioConfig:
    return AioConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
    )
