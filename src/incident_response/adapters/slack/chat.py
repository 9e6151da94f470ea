"""``ports.chat.Chat`` on Slack's Web API.

Not here: what a message looks like (blocks), what is done when and again (workflows), and how one
call is made and its failures are told apart (``client``, ``errors``).
"""

from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from incident_response.adapters.http import Remembered
from incident_response.adapters.slack import notable, people
from incident_response.adapters.slack.client import Answer, Identity, SlackClient
from incident_response.domain.errors import RefusedError, RetryableError
from incident_response.domain.incident import MessageRef, Room
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.domain.people import ChatUser
from incident_response.ports.chat import Invited, Message, NotableMessage
from incident_response.ports.clock import Clock

METADATA_TYPE = "incident_response"
"""Slack's event type of the metadata that carries a message's key."""
FRESH_FOR = timedelta(hours=1)
USABLE_FOR = timedelta(days=1)
MOST_REMEMBERED = 10_000
WARM_SECONDS = 45 * 60.0
"""Less than an answer is remembered for."""
WARM_RETRY_SECONDS = 30.0
CLOCK_ALLOWANCE = timedelta(minutes=1)
"""How far Slack's clock may be behind ours when a message is looked for."""

# Text from alerts may mention nobody and load nothing: no names or channels are made of plain
# words, and no address is fetched for a preview.
_PLAIN: Json = {
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}

T = TypeVar("T")

log = structlog.get_logger(__name__)


class SlackChat:
    """Acts in Slack as our bot.

    What is asked about people and public channels is remembered for an hour, and stands in for a
    day while Slack does not answer; that there is nobody is never remembered.
    """

    def __init__(self, slack: SlackClient, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._web = slack.web
        self._users = _memory(clock, ChatUser)
        self._emails = _memory(clock, ChatUser)
        self._channels = _memory(clock, ChannelId)

    async def identify(self) -> Identity:
        """Who we are; to be asked at start. ``RefusedError`` says how to mend the token."""
        return await self._slack.identify()

    # --- rooms -----------------------------------------------------------------------------

    async def create_room(self, name: str) -> Room:
        answer = await self._slack.write(
            self._web.conversations_create, name=name, is_private=True
        )
        channel = answer["channel"]
        return Room(channel_id=ChannelId(channel["id"]), name=channel["name"])

    async def find_room(self, name: str) -> Room | None:
        ours = (await self._slack.identity()).bot_user_id
        pages = self._slack.pages(
            self._web.users_conversations, types="private_channel", exclude_archived=True
        )
        async for page in pages:
            for channel in page["channels"]:
                if _is_our_room(channel, name, ours):
                    return Room(channel_id=ChannelId(channel["id"]), name=name)
        return None

    async def invite(self, channel_id: ChannelId, users: tuple[UserId, ...]) -> Invited:
        return await people.invite(self._slack, channel_id, users)

    async def members(self, channel_id: ChannelId) -> frozenset[UserId]:
        return await people.members(self._slack, channel_id)

    async def set_topic(self, channel_id: ChannelId, topic: str) -> None:
        await self._slack.write(self._web.conversations_setTopic, channel=channel_id, topic=topic)

    async def bookmark(self, channel_id: ChannelId, *, title: str, url: str) -> None:
        # Slack keeps the same address twice without a word, so what is there is read first.
        answer = await self._slack.read(self._web.bookmarks_list, channel_id=channel_id)
        if any(bookmark.get("link") == url for bookmark in answer.get("bookmarks") or ()):
            return
        await self._slack.write(
            self._web.bookmarks_add, channel_id=channel_id, title=title, type="link", link=url
        )

    async def archive(self, channel_id: ChannelId) -> None:
        try:
            await self._slack.write(self._web.conversations_archive, channel=channel_id)
        except RefusedError as error:
            if error.reason != "already_archived":
                raise

    # --- messages --------------------------------------------------------------------------

    async def post(
        self, channel_id: ChannelId, message: Message, *, key: str, thread_ts: str = ""
    ) -> MessageRef:
        answer = await self._slack.write(
            self._web.chat_postMessage,
            channel=channel_id,
            thread_ts=thread_ts or None,
            metadata={"event_type": METADATA_TYPE, "event_payload": {"key": key}},
            **_content(message),
            **_PLAIN,
        )
        return MessageRef(channel_id=ChannelId(answer["channel"]), ts=answer["ts"])

    async def find_message(
        self, channel_id: ChannelId, *, key: str, since: datetime
    ) -> MessageRef | None:
        our_bot = (await self._slack.identity()).bot_id
        pages = self._slack.pages(
            self._web.conversations_history,
            channel=channel_id,
            oldest=f"{(since - CLOCK_ALLOWANCE).timestamp():.6f}",
            inclusive=True,
            include_all_metadata=True,
        )
        async for page in pages:
            for found in page["messages"]:
                if found.get("bot_id") == our_bot and _key(found) == key:
                    return MessageRef(channel_id=channel_id, ts=found["ts"])
        return None

    async def update(self, ref: MessageRef, message: Message) -> None:
        await self._slack.write(
            self._web.chat_update,
            channel=ref.channel_id,
            ts=ref.ts,
            parse="none",
            link_names=False,
            **_content(message),
        )

    async def post_private(self, channel_id: ChannelId, user_id: UserId, message: Message) -> None:
        await self._slack.write(
            self._web.chat_postEphemeral,
            channel=channel_id,
            user=user_id,
            parse="none",
            link_names=False,
            **_content(message),
        )

    async def direct(self, user_id: UserId, message: Message) -> MessageRef:
        opened = await self._slack.write(self._web.conversations_open, users=user_id)
        answer = await self._slack.write(
            self._web.chat_postMessage,
            channel=opened["channel"]["id"],
            **_content(message),
            **_PLAIN,
        )
        return MessageRef(channel_id=ChannelId(answer["channel"]), ts=answer["ts"])

    async def respond(
        self, response_url: str, message: Message, *, replace_original: bool = False
    ) -> bool:
        body: Json = {"text": message.text, "replace_original": replace_original}
        if message.blocks:
            body["blocks"] = list(message.blocks)
        return await self._slack.respond(response_url, body)

    async def pin(self, ref: MessageRef) -> None:
        try:
            await self._slack.write(self._web.pins_add, channel=ref.channel_id, timestamp=ref.ts)
        except RefusedError as error:
            if error.reason != "already_pinned":
                raise

    async def permalink(self, ref: MessageRef) -> str:
        answer = await self._slack.read(
            self._web.chat_getPermalink, channel=ref.channel_id, message_ts=ref.ts
        )
        return str(answer["permalink"])

    async def notable_messages(
        self, channel_id: ChannelId, *, limit: int
    ) -> tuple[NotableMessage, ...]:
        return await notable.notable_messages(self._slack, channel_id, limit=limit)

    # --- people and channels -----------------------------------------------------------------

    async def user(self, user_id: UserId) -> ChatUser | None:
        found = await self._users.get(user_id, lambda: self._ask_user(user_id), keep=_exists)
        return found.value

    async def user_by_email(self, email: str) -> ChatUser | None:
        address = email.strip().lower()
        found = await self._emails.get(address, lambda: self._ask_email(address), keep=_exists)
        return found.value

    async def group_members(self, handle: str) -> frozenset[UserId]:
        return await notable.group_members(self._slack, handle)

    async def find_channel(self, name: str) -> ChannelId | None:
        found = await self._channels.get(name, lambda: self._ask_channel(name), keep=_exists)
        return found.value

    async def keep_people_warm(self) -> None:
        """Remember everybody, now and every 45 minutes, so that no room waits for a look-up.

        Runs until cancelled; what it cannot learn is looked up when it is needed.
        """
        while True:
            pause = WARM_SECONDS
            try:
                await self._remember_everybody()
            except (RefusedError, RetryableError) as error:
                log.warning("cannot list people", reason=str(error))
                pause = WARM_RETRY_SECONDS
            await self._clock.sleep(pause)

    async def _remember_everybody(self) -> None:
        team_id = (await self._slack.identity()).team_id
        async for page in self._slack.pages(self._web.users_list):
            for member in page["members"]:
                user = people.chat_user(member, team_id=team_id)
                self._users.remember(user.user_id, user)
                if user.email and not user.is_deactivated:
                    self._emails.remember(user.email.lower(), user)

    async def _ask_user(self, user_id: UserId) -> ChatUser | None:
        try:
            answer = await self._slack.read(self._web.users_info, user=user_id)
        except RefusedError as error:
            if error.reason in ("user_not_found", "user_not_visible"):
                return None
            raise
        return await self._chat_user(answer)

    async def _ask_email(self, address: str) -> ChatUser | None:
        try:
            answer = await self._slack.read(self._web.users_lookupByEmail, email=address)
        except RefusedError as error:
            if error.reason == "users_not_found":
                return None
            raise
        found = await self._chat_user(answer)
        return found if found.email.lower() == address else None

    async def _chat_user(self, answer: Answer) -> ChatUser:
        team_id = (await self._slack.identity()).team_id
        return people.chat_user(answer["user"], team_id=team_id)

    async def _ask_channel(self, name: str) -> ChannelId | None:
        pages = self._slack.pages(
            self._web.conversations_list, types="public_channel", exclude_archived=True
        )
        async for page in pages:
            for channel in page["channels"]:
                if channel.get("name") == name:
                    return ChannelId(channel["id"])
        return None

    # --- modals ------------------------------------------------------------------------------

    async def open_view(self, trigger_id: str, view: Json) -> str:
        answer = await self._slack.write(self._web.views_open, trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    async def update_view(self, view_id: str, view: Json) -> None:
        await self._slack.write(self._web.views_update, view_id=view_id, view=view)


def _content(message: Message) -> Json:
    content: Json = {"text": message.text}
    if message.blocks:
        content["blocks"] = list(message.blocks)
    return content


def _key(message: Answer) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None


def _is_our_room(channel: Answer, name: str, ours: UserId) -> bool:
    """By name alone a stranger's channel could take the room's place."""
    return (
        channel.get("name") == name
        and channel.get("creator") == ours
        and bool(channel.get("is_private"))
        and not channel.get("is_archived")
    )


def _memory(clock: Clock, _kind: type[T]) -> Remembered[str, T | None]:
    return Remembered(
        clock=clock, fresh_for=FRESH_FOR, usable_for=USABLE_FOR, capacity=MOST_REMEMBERED
    )


def _exists(found: object) -> bool:
    return found is not None
