"""The same model as Amazon Bedrock serves it: signed requests, AWS errors, binary event streams.

What belongs here: this wire. What does not: checking signatures; a request counts as signed when
it names the access key it was signed with.
"""

import base64
import json
import re
import struct
from zlib import crc32

from aiohttp import web

from incident_response.sandbox.vendors.anthropic.messages import (
    BadRequestError,
    Json,
    Model,
    Reply,
    Request,
    read_request,
)
from incident_response.sandbox.vendors.anthropic.streaming import streamed, whole
from incident_response.sandbox.vendors.desk import Desk, same
from incident_response.sandbox.vendors.world import World

PREFIX = "/bedrock"
VERSION = "bedrock-2023-05-31"
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/")
_STRING = 7  # the type of a header's value in an event stream
_STATUSES = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "UnrecognizedClientException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ThrottlingException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}


class Bedrock:
    """Both ways to invoke one model."""

    def __init__(self, world: World, model: Model) -> None:
        self._clock = world.clock
        self._model = model

    async def invoke(self, request: web.Request) -> web.StreamResponse:
        """Answer with the whole message."""
        asked = await _asked(request)
        if isinstance(asked, web.Response):
            return asked
        return await whole(self._reply(request, asked), self._model.script.pace, self._clock)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer with an event stream."""
        asked = await _asked(request)
        if isinstance(asked, web.Response):
            return asked
        return await streamed(
            request,
            self._reply(request, asked),
            self._model.script.pace,
            clock=self._clock,
            content_type="application/vnd.amazon.eventstream",
            frame=event_frame,
        )

    def _reply(self, request: web.Request, asked: Request) -> Reply:
        # Bedrock takes the model from the path and answers with its bare name.
        name = request.match_info["model"].rpartition("anthropic.")[2]
        return self._model.reply(asked, name)


def routes(world: World, model: Model, access_key: str) -> list[web.RouteDef]:
    """Return Bedrock's routes under `/bedrock`, for callers who sign with this access key."""

    def refusal(request: web.Request) -> web.Response | None:
        signed = _CREDENTIAL.match(request.headers.get("Authorization", ""))
        if signed and same(signed[1], access_key):
            return None
        kind = "UnrecognizedClientException"
        return error(kind, "The security token included in the request is invalid.")

    bedrock = Bedrock(world, model)
    desk = Desk(world, "anthropic", refusal=refusal, error_body=_fault)
    path = f"{PREFIX}/model/{{model}}"
    desk.post(f"{path}/invoke", "bedrock_invoke", bedrock.invoke)
    desk.post(f"{path}/invoke-with-response-stream", "bedrock_stream", bedrock.stream)
    return desk.routes


def error(kind: str, message: str) -> web.Response:
    """Return an error as AWS writes it: the kind in a header, the words in the body."""
    status = _STATUSES.get(kind, 500)
    headers = {"x-amzn-ErrorType": kind}
    return web.json_response({"message": message}, status=status, headers=headers)


def event_frame(event: Json) -> bytes:
    """Return one event in AWS's binary framing, its JSON in base64 inside of JSON."""
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    payload = json.dumps({"bytes": inner}).encode()
    headers = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
        for name, value in (
            (b":event-type", b"chunk"),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    # Lengths and checksum of the prelude, headers, payload, checksum of all of it.
    prelude = struct.pack("!II", len(headers) + len(payload) + 16, len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return message + struct.pack("!I", crc32(message))


async def _asked(request: web.Request) -> Request | web.Response:
    """Return the request, or the error for one that Bedrock does not take."""
    name = request.match_info["model"]
    if name.startswith("anthropic."):
        words = f"Invocation of model ID {name} with on-demand throughput isn't supported."
        told = "Retry your request with the ID or ARN of an inference profile of this model."
        return error("ValidationException", f"{words} {told}")
    try:
        asked = read_request(await request.read())
    except BadRequestError as refused:
        return error("ValidationException", str(refused))
    if asked.anthropic_version != VERSION:
        return error("ValidationException", "anthropic_version: Field required")
    return asked


def _fault(code: str) -> web.Response:
    if code == "ratelimited":
        return error("ThrottlingException", "Too many requests, please wait before trying again.")
    return error(code, code)
