"""Answers one person privately, where they were if that is possible.

Not here: what they are told (blocks).
"""

import structlog

from incident_response.domain.errors import RefusedError
from incident_response.domain.model import ChannelId, UserId
from incident_response.ports.chat import Chat, Message
from incident_response.routing.requests import Request

log = structlog.get_logger(__name__)


async def answer(chat: Chat, request: Request, reply: Message) -> None:
    """Tell who asked, at the address that came with the request while it lasts, else as ``tell``
    does.
    """
    if request.response_url and await chat.respond(request.response_url, reply):
        return
    await tell(chat, reply, channel=request.channel_id, user=request.user_id)


async def tell(chat: Chat, reply: Message, *, channel: ChannelId, user: UserId) -> None:
    """Tell ``user`` in ``channel``; in a direct message where we may not write there, or it is
    empty.

    Raises what the chat raises for a direct message that cannot be sent either.
    """
    if channel:
        try:
            await chat.post_private(channel, user, reply)
        except RefusedError as error:
            log.info("telling in a direct message", channel_id=channel, reason=str(error))
        else:
            return
    await chat.direct(user, reply)
