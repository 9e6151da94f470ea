"""The chat workspace, in the words of a war room.

Not here: Slack's API; how a message is drawn (blocks).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from incident_response.domain.incident import MessageRef, Room
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.domain.people import ChatUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is posted: ``text`` is the plain fall-back for notifications and screen readers,
    ``blocks`` what is drawn.
    """

    text: str
    blocks: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of an invitation."""

    joined: tuple[UserId, ...]
    """In the room now, newly or already."""
    refused: dict[UserId, str]
    """Who could not be invited, with the chat's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotableMessage:
    """A message that people pinned or marked with 📌."""

    ref: MessageRef
    user_id: UserId
    """Empty for one by no user."""
    at: datetime
    text: str
    """As the chat stores it; untrusted."""
    is_pinned: bool


class Chat(Protocol):
    """Acts as our bot. Every method raises the errors of ``domain.errors``; nothing is retried
    inside for writes.

    ``UnknownOutcomeError`` means the caller must look (``find_room``, ``find_message``) before it
    does it again.
    """

    async def create_room(self, name: str) -> Room:
        """A new private channel.

        Raises ``NameTakenError`` if the name is in use, also by an archived channel.
        """
        ...

    async def find_room(self, name: str) -> Room | None:
        """A private channel of exactly this name that our own bot created and that is not
        archived, else None.
        """
        ...

    async def invite(self, channel_id: ChannelId, users: tuple[UserId, ...]) -> Invited:
        """Invite all in one call; one who cannot be invited does not keep the others out."""
        ...

    async def members(self, channel_id: ChannelId) -> frozenset[UserId]: ...

    async def post(
        self, channel_id: ChannelId, message: Message, *, key: str, thread_ts: str = ""
    ) -> MessageRef:
        """Post; ``key`` is stored with the message so that ``find_message`` finds it."""
        ...

    async def find_message(
        self, channel_id: ChannelId, *, key: str, since: datetime
    ) -> MessageRef | None:
        """Our own message with this key, posted since then (less a minute for clocks)."""
        ...

    async def update(self, ref: MessageRef, message: Message) -> None: ...

    async def post_private(self, channel_id: ChannelId, user_id: UserId, message: Message) -> None:
        """A message in the channel that only this person sees (it does not survive a reload)."""
        ...

    async def direct(self, user_id: UserId, message: Message) -> MessageRef:
        """A direct message."""
        ...

    async def respond(
        self, response_url: str, message: Message, *, replace_original: bool = False
    ) -> bool:
        """Answer privately where a command was typed or a button clicked;

        False if the address is used up.
        """
        ...

    async def pin(self, ref: MessageRef) -> None:
        """Pinned when this returns; also if it was already."""
        ...

    async def set_topic(self, channel_id: ChannelId, topic: str) -> None: ...

    async def bookmark(self, channel_id: ChannelId, *, title: str, url: str) -> None:
        """There when this returns, once."""
        ...

    async def permalink(self, ref: MessageRef) -> str: ...

    async def user(self, user_id: UserId) -> ChatUser | None: ...

    async def user_by_email(self, email: str) -> ChatUser | None:
        """Exact address, letter case aside; remembered for a while."""
        ...

    async def archive(self, channel_id: ChannelId) -> None:
        """Archived when this returns; also if it was already."""
        ...

    async def notable_messages(
        self, channel_id: ChannelId, *, limit: int
    ) -> tuple[NotableMessage, ...]:
        """Messages by people (not our own) that are pinned or have a 📌 reaction, oldest first."""
        ...

    async def group_members(self, handle: str) -> frozenset[UserId]:
        """The members of the user group with this handle (without ``@``).

        Raises ``NotFoundError`` if there is no such group.
        """
        ...

    async def find_channel(self, name: str) -> ChannelId | None:
        """A public channel by its name without ``#``."""
        ...

    async def open_view(self, trigger_id: str, view: Json) -> str:
        """Open a modal within the trigger's three seconds; its id. ``RefusedError`` with Slack's
        reason if too late.
        """
        ...

    async def update_view(self, view_id: str, view: Json) -> None: ...
