"""A chat workspace in memory that behaves like Slack's where a war room can notice.

Not here: Slack's API, its payloads and limits (the sandbox has those).
``tests/ports/test_chat.py`` holds this and the real adapter to the same sentences.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from incident_response.domain.errors import (
    IncidentResponseError,
    NameTakenError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import MessageRef, Room
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.domain.people import ChatUser
from incident_response.ports.chat import Invited, Message, NotableMessage
from incident_response.ports.clock import Clock

P = ParamSpec("P")
R = TypeVar("R")

BOT = UserId("U0BOT")
STRANGER = UserId("U0STRANGER")
"""Somebody who is not our bot: the creator of channels that are not ours."""
TOPIC_LIMIT = 250
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class Posted:
    """A message as it stands now."""

    ref: MessageRef
    message: Message
    key: str = ""
    thread_ts: str = ""
    private_to: UserId | None = None
    """The only person who sees it."""
    edits: int = 0
    user_id: UserId = BOT
    at: datetime = EPOCH
    reactions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class FakeChannel:
    """A channel and everything in it."""

    channel_id: ChannelId
    name: str
    creator: UserId
    is_private: bool
    is_archived: bool = False
    members: list[UserId] = field(default_factory=list)
    topic: str = ""
    bookmarks: list[tuple[str, str]] = field(default_factory=list)
    """Title and address."""
    posted: list[Posted] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    """Timestamps, in the order of pinning."""


@dataclass(slots=True)
class _Fault:
    error: IncidentResponseError | None
    """None: hang."""
    is_applied: bool
    left: int


def _method(
    do: Callable[Concatenate["FakeChat", P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["FakeChat", P], Coroutine[Any, Any, R]]:
    """Record the call, and let the fault that is set for it strike before or after its effect."""
    name = do.__name__

    async def call(self: "FakeChat", /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.calls.append(name)
        await asyncio.sleep(0)  # every real call lets others run
        fault = self._fault(name)
        if fault is not None and not fault.is_applied:
            await self._strike(fault)
        result = await do(self, *args, **kwargs)
        if fault is not None:
            await self._strike(fault)
        return result

    return call


class FakeChat:
    """``ports.chat.Chat`` in memory."""

    def __init__(self, clock: Clock, *, users: Iterable[ChatUser] = ()) -> None:
        self._clock = clock
        self._users = {user.user_id: user for user in users}
        self._faults: dict[str, list[_Fault]] = {}
        self._last_ts = 0
        self._used_triggers: set[str] = set()
        self._expired: set[str] = set()
        self.channels: dict[ChannelId, FakeChannel] = {}
        self.groups: dict[str, frozenset[UserId]] = {}
        self.views: dict[str, Json] = {}
        """Open modals by id."""
        self.responses: list[tuple[str, Message]] = []
        """What was answered to which response address."""
        self.calls: list[str] = []
        """Every method called, in order, also those that failed."""

    # --- what a test sets up and looks at ------------------------------------------------------

    def add_user(self, user: ChatUser) -> UserId:
        """Somebody in the workspace."""
        self._users[user.user_id] = user
        return user.user_id

    def add_channel(
        self,
        name: str,
        *,
        is_private: bool = False,
        creator: UserId = STRANGER,
        is_archived: bool = False,
        has_bot: bool = True,
    ) -> ChannelId:
        """A channel somebody else made."""
        members = [creator, BOT] if has_bot and creator != BOT else [creator]
        channel = self._new_channel(name, creator=creator, is_private=is_private)
        channel.members, channel.is_archived = members, is_archived
        return channel.channel_id

    def channel(self, name: str) -> FakeChannel:
        """The channel of this name."""
        return next(c for c in self.channels.values() if c.name == name)

    def rooms(self) -> list[FakeChannel]:
        """The private channels our bot made, oldest first."""
        return [c for c in self.channels.values() if c.is_private and c.creator == BOT]

    def hear(self, name: str, user_id: UserId, text: str, *, reaction: str = "") -> MessageRef:
        """A person says something in a channel; with ``reaction``, somebody marks it."""
        posted = self._say(self.channel(name), Message(text=text), user_id=user_id)
        posted.reactions |= {reaction} if reaction else set()
        return posted.ref

    def add_group(self, handle: str, members: Iterable[UserId]) -> None:
        """A user group."""
        self.groups[handle] = frozenset(members)

    def message(self, ref: MessageRef) -> Message:
        """What a message says now."""
        return self._posted(ref).message

    def fail(
        self,
        method: str,
        error: IncidentResponseError,
        *,
        times: int = 1,
    ) -> None:
        """The next calls of ``method`` raise ``error`` and have no effect."""
        self._faults.setdefault(method, []).append(_Fault(error, is_applied=False, left=times))

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """The next calls of ``method`` have their effect and raise ``UnknownOutcomeError``."""
        error = UnknownOutcomeError(f"no answer to {method}")
        self._faults.setdefault(method, []).append(_Fault(error, is_applied=True, left=times))

    def hang(self, method: str, *, is_applied: bool = False, times: int = 1) -> None:
        """The next calls of ``method`` do not come back until they are cancelled."""
        self._faults.setdefault(method, []).append(_Fault(None, is_applied=is_applied, left=times))

    def use_up(self, response_url: str) -> None:
        """This address takes no more answers."""
        self._expired.add(response_url)

    def use_up_trigger(self, trigger_id: str) -> None:
        """This trigger is too old to open anything."""
        self._expired.add(trigger_id)

    # --- rooms -----------------------------------------------------------------------------

    @_method
    async def create_room(self, name: str) -> Room:
        if any(channel.name == name for channel in self.channels.values()):
            raise NameTakenError("a channel of this name exists already", reason="name_taken")
        channel = self._new_channel(name, creator=BOT, is_private=True)
        channel.members.append(BOT)
        return Room(channel_id=channel.channel_id, name=name)

    @_method
    async def find_room(self, name: str) -> Room | None:
        ours = (c for c in self.rooms() if not c.is_archived and BOT in c.members)
        found = next((channel for channel in ours if channel.name == name), None)
        return Room(channel_id=found.channel_id, name=name) if found else None

    @_method
    async def invite(self, channel_id: ChannelId, users: tuple[UserId, ...]) -> Invited:
        channel = self._open(channel_id)
        refused = {user: why for user in users if (why := self._refusal(user))}
        joined = tuple(user for user in users if user not in refused)
        channel.members += [user for user in joined if user not in channel.members]
        return Invited(joined=joined, refused=refused)

    @_method
    async def members(self, channel_id: ChannelId) -> frozenset[UserId]:
        return frozenset(self._visible(channel_id).members)

    @_method
    async def set_topic(self, channel_id: ChannelId, topic: str) -> None:
        if len(topic) > TOPIC_LIMIT:
            raise _refused("too_long")
        self._open(channel_id).topic = topic

    @_method
    async def bookmark(self, channel_id: ChannelId, *, title: str, url: str) -> None:
        bookmarks = self._open(channel_id).bookmarks
        if url not in (address for _, address in bookmarks):
            bookmarks.append((title, url))

    @_method
    async def archive(self, channel_id: ChannelId) -> None:
        self._visible(channel_id).is_archived = True

    # --- messages --------------------------------------------------------------------------

    @_method
    async def post(
        self, channel_id: ChannelId, message: Message, *, key: str, thread_ts: str = ""
    ) -> MessageRef:
        return self._say(self._open(channel_id), message, key=key, thread_ts=thread_ts).ref

    @_method
    async def find_message(
        self, channel_id: ChannelId, *, key: str, since: datetime
    ) -> MessageRef | None:
        oldest = _ts(since - timedelta(minutes=1))
        for posted in reversed(self._visible(channel_id).posted):
            is_top_level = not posted.thread_ts and posted.private_to is None
            if is_top_level and posted.key == key and float(posted.ref.ts) >= oldest:
                return posted.ref
        return None

    @_method
    async def update(self, ref: MessageRef, message: Message) -> None:
        self._open(ref.channel_id)
        posted = self._posted(ref)
        posted.message, posted.edits = message, posted.edits + 1

    @_method
    async def post_private(self, channel_id: ChannelId, user_id: UserId, message: Message) -> None:
        channel = self._open(channel_id)
        if user_id not in channel.members:
            raise _refused("user_not_in_channel")
        self._say(channel, message, private_to=user_id)

    @_method
    async def direct(self, user_id: UserId, message: Message) -> MessageRef:
        user = self._users.get(user_id)
        if user is None or user.is_deactivated:
            raise _refused("user_disabled" if user else "user_not_found")
        channel_id = ChannelId(f"D{user_id}")
        if channel_id not in self.channels:
            direct = FakeChannel(channel_id, "", BOT, is_private=False, members=[BOT, user_id])
            self.channels[channel_id] = direct
        return self._say(self.channels[channel_id], message).ref

    @_method
    async def respond(
        self, response_url: str, message: Message, *, replace_original: bool = False
    ) -> bool:
        if response_url in self._expired:
            return False
        self.responses.append((response_url, message))
        return True

    @_method
    async def pin(self, ref: MessageRef) -> None:
        channel = self._open(ref.channel_id)
        self._posted(ref)
        if ref.ts not in channel.pins:
            channel.pins.append(ref.ts)

    @_method
    async def permalink(self, ref: MessageRef) -> str:
        self._posted(ref)
        return f"https://chat.example/archives/{ref.channel_id}/p{ref.ts.replace('.', '')}"

    @_method
    async def notable_messages(
        self, channel_id: ChannelId, *, limit: int
    ) -> tuple[NotableMessage, ...]:
        channel = self._visible(channel_id)
        found = [
            NotableMessage(
                ref=posted.ref,
                user_id=posted.user_id,
                at=posted.at,
                text=posted.message.text,
                is_pinned=posted.ref.ts in channel.pins,
            )
            for posted in channel.posted
            if posted.user_id != BOT and posted.private_to is None
            if posted.ref.ts in channel.pins or "pushpin" in posted.reactions
        ]
        return tuple(found[-limit:])

    @_method
    async def group_members(self, handle: str) -> frozenset[UserId]:
        if handle not in self.groups:
            raise NotFoundError(f"there is no user group @{handle}")
        return self.groups[handle]

    # --- people and channels -----------------------------------------------------------------

    @_method
    async def user(self, user_id: UserId) -> ChatUser | None:
        return self._users.get(user_id)

    @_method
    async def user_by_email(self, email: str) -> ChatUser | None:
        wanted = email.strip().lower()
        living = (user for user in self._users.values() if not user.is_deactivated)
        return next((user for user in living if user.email.lower() == wanted), None)

    @_method
    async def find_channel(self, name: str) -> ChannelId | None:
        public = (c for c in self.channels.values() if not c.is_private and not c.is_archived)
        return next((channel.channel_id for channel in public if channel.name == name), None)

    # --- modals ------------------------------------------------------------------------------

    @_method
    async def open_view(self, trigger_id: str, view: Json) -> str:
        if trigger_id in self._expired:
            raise _refused("expired_trigger_id")
        if trigger_id in self._used_triggers:
            raise _refused("exchanged_trigger_id")
        self._used_triggers.add(trigger_id)
        view_id = f"V{len(self.views) + 1:04}"
        self.views[view_id] = view
        return view_id

    @_method
    async def update_view(self, view_id: str, view: Json) -> None:
        if view_id not in self.views:
            raise _refused("not_found")
        self.views[view_id] = view

    # --- inside ------------------------------------------------------------------------------

    def _new_channel(self, name: str, *, creator: UserId, is_private: bool) -> FakeChannel:
        channel_id = ChannelId(f"C{len(self.channels) + 1:04}")
        channel = FakeChannel(channel_id, name, creator, is_private)
        self.channels[channel_id] = channel
        return channel

    def _visible(self, channel_id: ChannelId) -> FakeChannel:
        channel = self.channels.get(channel_id)
        if channel is None or (channel.is_private and BOT not in channel.members):
            raise _refused("channel_not_found")
        return channel

    def _open(self, channel_id: ChannelId) -> FakeChannel:
        channel = self._visible(channel_id)
        if channel.is_archived:
            raise _refused("is_archived")
        if BOT not in channel.members:
            raise _refused("not_in_channel")
        return channel

    def _posted(self, ref: MessageRef) -> Posted:
        for posted in self._visible(ref.channel_id).posted:
            if posted.ref == ref and posted.private_to is None:
                return posted
        raise _refused("message_not_found")

    def _say(
        self,
        channel: FakeChannel,
        message: Message,
        *,
        key: str = "",
        thread_ts: str = "",
        private_to: UserId | None = None,
        user_id: UserId = BOT,
    ) -> Posted:
        micros = round(_ts(self._clock.now()) * 1_000_000)
        self._last_ts = max(micros, self._last_ts + 1)
        ts = f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"
        ref = MessageRef(channel_id=channel.channel_id, ts=ts)
        posted = Posted(
            ref,
            message,
            key=key,
            thread_ts=thread_ts,
            private_to=private_to,
            user_id=user_id,
            at=datetime.fromtimestamp(self._last_ts / 1_000_000, UTC),
        )
        channel.posted.append(posted)
        return posted

    def _refusal(self, user_id: UserId) -> str:
        user = self._users.get(user_id)
        if user_id == BOT:
            return "cant_invite_self"
        if user is None:
            return "user_not_found"
        return "not_joined" if user.is_deactivated else ""

    def _fault(self, method: str) -> _Fault | None:
        faults = self._faults.get(method, [])
        if not faults:
            return None
        faults[0].left -= 1
        return faults[0] if faults[0].left > 0 else faults.pop(0)

    async def _strike(self, fault: _Fault) -> None:
        if fault.error is not None:
            raise fault.error
        await asyncio.get_running_loop().create_future()


def _ts(at: datetime) -> float:
    return at.astimezone(UTC).timestamp()


def _refused(reason: str) -> RefusedError:
    return RefusedError(f"refused: {reason}", reason=reason)
