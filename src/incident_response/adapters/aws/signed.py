"""The webhook's short way into DynamoDB: a conditional ``PutItem``, signed and sent as it is.

The SDK spends about a millisecond of CPU on a call, most of an alert's; here it is a sixth. Only
the signature is the SDK's. Not here: anything else that is asked of AWS (items).
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

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.forms import Condition, Item, condition_form, packed, unpacked
from incident_response.adapters.aws.patience import patiently
from incident_response.domain.errors import UnavailableError, UnknownOutcomeError
from incident_response.telemetry import outgoing

TARGET = "DynamoDB_20120810.PutItem"
"""AWS's name of the operation."""
MEDIA_TYPE = "application/x-amz-json-1.0"
REFUSED = "ConditionalCheckFailedException"


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


class SignedPuts:
    """Puts items into one table; as ``items.Items.put``."""

    def __init__(self, signing: Signing, table: str) -> None:
        self.table = table
        self._signing = signing
        self._url = f"{signing.url.rstrip('/')}/"
        self._headers = {
            "Content-Type": MEDIA_TYPE,
            "Host": urlsplit(signing.url).netloc,
            "X-Amz-Target": TARGET,
        }

    async def put(self, item: Item, condition: Condition | None = None) -> Item | None:
        """Store it; if ``condition`` does not hold, the item that is there instead.

        What was not done, or may not have been, is tried again as the SDK would: with a condition
        that the item is new, an earlier try of our own is what stands in the way then.
        """
        request = {
            "TableName": self.table,
            "Item": packed(item),
            **condition_form(condition),
        }
        body = json.dumps(request, separators=(",", ":")).encode()

        async def attempt() -> Item | None:
            with outgoing("aws dynamodb PutItem"), aws_errors(f"writing to {self.table}"):
                try:
                    await self._send(body)
                except ClientError as error:
                    if error_code(error) != REFUSED:
                        raise
                    return unpacked(error.response.get("Item", {}))
            return None

        return await patiently(attempt)

    async def _send(self, body: bytes) -> None:
        request = AWSRequest("POST", self._url, headers=self._headers, data=body)
        with aws_errors("signing"):
            credentials = await self._signing.credentials()
        SigV4Auth(credentials, "dynamodb", self._signing.region).add_auth(request)
        try:
            async with self._signing.http.post(
                self._url,
                data=body,
                headers=dict(request.headers.items()),
                timeout=self._signing.timeout,
            ) as answer:
                if answer.status == 200:
                    await answer.read()
                    return
                raise _refusal(answer.status, await answer.read())
        except aiohttp.ClientConnectorError as error:
            raise UnavailableError(f"writing to {self.table}: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnknownOutcomeError(f"writing to {self.table}: no answer: {error}") from error


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
