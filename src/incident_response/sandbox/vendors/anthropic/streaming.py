"""Sending an answer at the pace of the script, whole or event by event.

What belongs here: waiting, and writing a stream that its reader may leave. What does not: what an
event looks like on a wire, which each wire brings along.
"""

from collections.abc import Callable

import structlog
from aiohttp import web

from incident_response.sandbox.clock import Clock
from incident_response.sandbox.vendors.anthropic.messages import Json, Reply, tokens
from incident_response.sandbox.vendors.anthropic.script import Pace

log = structlog.get_logger(__name__)


async def whole(reply: Reply, pace: Pace, clock: Clock) -> web.Response:
    """Answer with the whole message once the last of its tokens has come."""
    await _wait(clock, pace.first_token_seconds + pace.seconds(tokens(reply.text)))
    return web.json_response(reply.message(), headers={"request-id": f"req_{reply.id[4:]}"})


async def streamed(
    request: web.Request,
    reply: Reply,
    pace: Pace,
    *,
    clock: Clock,
    content_type: str,
    frame: Callable[[Json], bytes],
) -> web.StreamResponse:
    """Answer with the message's events, each framed by `frame`, as its tokens come."""
    response = web.StreamResponse(headers={"request-id": f"req_{reply.id[4:]}"})
    response.content_type = content_type
    await _wait(clock, pace.first_token_seconds)
    try:
        await response.prepare(request)
        for event in reply.events():
            if event["type"] == "content_block_delta":
                await _wait(clock, pace.seconds(tokens(event["delta"]["text"])))
            await response.write(frame(event))
        await response.write_eof()
    except ConnectionResetError:
        log.info("stream_left_by_its_reader", message=reply.id)
    return response


async def _wait(clock: Clock, seconds: float) -> None:
    if seconds > 0:
        await clock.sleep(seconds)
