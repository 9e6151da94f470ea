"""The webhook's short way into DynamoDB: a conditional ``PutItem``, signed and sent as it is.

The SDK spends about a millisecond of CPU on a call, most of an alert's; here it is a sixth. Only
the signature is the SDK's. Not here: what is put, and what a refusal means (items).
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from incident_response.domain.errors import UnavailableError, UnknownOutcomeError
from incident_response.telemetry import outgoing

TARGET = "DynamoDB_20120810.PutItem"
"""AWS's name of the operation."""
MEDIA_TYPE = "application/x-amz-json-1.0"


class Credentials(Protocol):
    """What a request is signed with, at one moment."""

    access_key: str
    secret_key: str
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What a signed request needs."""

    http: aiohttp.ClientSession
    url: str
    """Where DynamoDB is."""
    region: str
    credentials: Callable[[], Awaitable[Credentials]]
    """Those valid now; the SDK renews them in time."""
    timeout: aiohttp.ClientTimeout


class SignedDynamo:
    """What ``items.Items`` needs of a client to put items."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._url = f"{signing.url.rstrip('/')}/"
        self._headers = {
            "Content-Type": MEDIA_TYPE,
            "Host": urlsplit(signing.url).netloc,
            "X-Amz-Target": TARGET,
        }

    async def put_item(self, **request: Any) -> None:
        """As the SDK's: raises its ``ClientError`` for a refusal, with what was told.

        Not tried again: with a condition that the item is new, whoever asks may do so, and finds
        their own item in the way. Raises ``UnavailableError`` if nothing was sent,
        ``UnknownOutcomeError`` if no answer came.
        """
        body = json.dumps(request, separators=(",", ":")).encode()
        with outgoing("aws dynamodb PutItem"):
            await self._send(body, await self._signed(body))

    async def _signed(self, body: bytes) -> dict[str, str]:
        """The headers, with the signature."""
        request = AWSRequest("POST", self._url, headers=self._headers, data=body)
        credentials = await self._signing.credentials()
        SigV4Auth(credentials, "dynamodb", self._signing.region).add_auth(request)
        return dict(request.headers.items())

    async def _send(self, body: bytes, headers: dict[str, str]) -> None:
        try:
            async with self._signing.http.post(
                self._url, data=body, headers=headers, timeout=self._signing.timeout
            ) as answer:
                told = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise UnavailableError(f"DynamoDB cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnknownOutcomeError(f"DynamoDB did not answer: {error}") from error
        if answer.status != 200:
            raise _refusal(answer.status, told)


def _refusal(status: int, body: bytes) -> ClientError:
    """As the SDK would raise it."""
    try:
        told: dict[str, Any] = json.loads(body)
    except ValueError:
        told = {}
    code = str(told.get("__type", "")).rpartition("#")[2]
    error = {"Code": code, "Message": str(told.get("message", told.get("Message", "")))}
    response = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | {"Item": told.get("Item", {})}, "PutItem")
