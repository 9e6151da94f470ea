"""What all operations share: the records in memory, the store behind them, time and new names."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from incident_response.sandbox.slack.changes import Change, ChangeFeed, ChangeKind
from incident_response.sandbox.slack.model import (
    Bookmark,
    Channel,
    File,
    Json,
    Message,
    Note,
    Pin,
    ResponseUrl,
    ScheduledMessage,
    Seed,
    SeedChannel,
    SlackApp,
    Team,
    User,
    UserGroup,
    View,
)
from incident_response.sandbox.store import Store

ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass(slots=True)
class State:
    """The whole workspace in memory. Messages are kept per channel, oldest first."""

    store: Store
    now: Callable[[], float]
    team: Team
    app: SlackApp
    feed: ChangeFeed = field(default_factory=ChangeFeed)
    users: dict[str, User] = field(default_factory=dict)
    usergroups: dict[str, UserGroup] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[str, dict[str, Message]] = field(default_factory=dict)
    threads: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    scheduled: dict[str, ScheduledMessage] = field(default_factory=dict)
    pins: dict[str, list[Pin]] = field(default_factory=dict)
    bookmarks: dict[str, list[Bookmark]] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    last_ts_us: int = 0

    def next_ts(self) -> str:
        """A message name, later than every one before it, also across restarts."""
        self.last_ts_us = max(int(self.now() * 1_000_000), self.last_ts_us + 1)
        return f"{self.last_ts_us // 1_000_000}.{self.last_ts_us % 1_000_000:06d}"

    def seconds(self) -> int:
        return int(self.now())

    def new_id(self, prefix: str) -> str:
        """A fresh id in Slack's manner, such as `C0` and nine capitals or digits."""
        return f"{prefix}0" + "".join(secrets.choice(ID_ALPHABET) for _ in range(9))

    def changed(
        self,
        kind: ChangeKind,
        channel: str | None = None,
        ts: str | None = None,
        *,
        user: str | None = None,
        view_id: str | None = None,
        cause: str = "",
        data: Json | None = None,
    ) -> None:
        """Tell everyone who listens."""
        self.feed.publish(
            Change(kind, channel, ts, user=user, view_id=view_id, cause=cause, data=data or {})
        )

    def keep_message(self, message: Message) -> None:
        """Write a message through, and index it."""
        self.store.put(f"{message.channel}/{message.ts}", message)
        self.index_message(message)

    def index_message(self, message: Message) -> None:
        self.messages.setdefault(message.channel, {})[message.ts] = message
        if message.is_reply and message.thread_ts is not None:
            replies = self.threads.setdefault((message.channel, message.thread_ts), [])
            if message.ts not in replies:
                replies.append(message.ts)

    def drop_message(self, message: Message) -> None:
        """Forget a message everywhere."""
        self.store.delete(Message, f"{message.channel}/{message.ts}")
        del self.messages[message.channel][message.ts]
        if message.is_reply and message.thread_ts is not None:
            self.threads[message.channel, message.thread_ts].remove(message.ts)

    def keep_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self.store.put(channel.id, channel)

    def keep_user(self, user: User) -> None:
        self.users[user.id] = user
        self.store.put(user.id, user)


def load_state(*, seed: Seed, app: SlackApp, store: Store, now: Callable[[], float]) -> State:
    """What the store remembers, completed with what of the seed it has never seen."""
    state = State(store=store, now=now, team=seed.team, app=app)
    state.users = dict(store.load(User))
    state.usergroups = dict(store.load(UserGroup))
    state.channels = dict(store.load(Channel))
    state.scheduled = dict(store.load(ScheduledMessage))
    state.views = dict(store.load(View))
    state.files = dict(store.load(File))
    state.response_urls = dict(store.load(ResponseUrl))
    for _, message in store.load(Message):
        state.index_message(message)
        state.last_ts_us = max(state.last_ts_us, int(message.ts.replace(".", "")))
    for _, pin in store.load(Pin):
        state.pins.setdefault(pin.channel, []).append(pin)
    for _, bookmark in store.load(Bookmark):
        state.bookmarks.setdefault(bookmark.channel, []).append(bookmark)
    with store.together():
        _plant(state, seed)
    return state


def _plant(state: State, seed: Seed) -> None:
    for user in (*seed.users, _bot_user(state.app)):
        if user.id not in state.users:
            state.keep_user(user)
    for group in seed.usergroups:
        if group.id not in state.usergroups:
            state.usergroups[group.id] = group
            state.store.put(group.id, group)
    for planned in seed.channels:
        if planned.id not in state.channels:
            state.keep_channel(_planted_channel(planned, state.seconds()))


def _planted_channel(planned: SeedChannel, created: int) -> Channel:
    return Channel(
        id=planned.id,
        name=planned.name,
        created=created,
        creator=planned.creator,
        is_general=planned.is_general,
        members=list(planned.members),
        topic=Note(planned.topic, planned.creator, created if planned.topic else 0),
        purpose=Note(planned.purpose, planned.creator, created if planned.purpose else 0),
    )


def _bot_user(app: SlackApp) -> User:
    return User(
        id=app.bot_user_id,
        name=app.bot_handle,
        real_name=app.name,
        is_bot=True,
        bot_id=app.bot_id,
        app_id=app.app_id,
        color="3f0f40",
    )
