"""Posts a message that an earlier, interrupted try may have posted already.

Not here: messages of a plan's steps, whose runner knows whether there was an earlier try
(durable).
"""

from datetime import datetime

from incident_response.domain.model import ChannelId
from incident_response.ports.chat import Chat, Message


async def post_once(
    chat: Chat, channel: ChannelId, message: Message, *, key: str, since: datetime
) -> None:
    """Post ``message`` unless one with this key stands there since then."""
    if await chat.find_message(channel, key=key, since=since) is None:
        await chat.post(channel, message, key=key)
