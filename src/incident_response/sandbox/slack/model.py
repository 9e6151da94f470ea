"""What a workspace is made of: plain records, no behaviour beyond what a record can say of itself.

Operations on them live beside (`channels`, `messages`, `views` ...), their wire shapes in `wire`.
Times are Slack's: `created` and the like are whole epoch seconds, a `ts` is the string
`seconds.microseconds` which names a message within its channel.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Blocks = list[Json]


@dataclass(frozen=True, slots=True)
class Team:
    """The workspace itself, as `team.info` shows it."""

    id: str
    name: str
    domain: str
    email_domain: str = ""


@dataclass(slots=True)
class User:
    """A person or a bot. `name` is the handle, `team` what the page may show beside the title."""

    id: str
    name: str
    real_name: str
    email: str | None = None
    display_name: str = ""
    title: str = ""
    team: str = ""
    color: str = "4bbe2e"
    tz: str = "Europe/Amsterdam"
    is_bot: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    updated: int = 0

    @property
    def label(self) -> str:
        """The name others see."""
        return self.display_name or self.real_name or self.name


@dataclass(slots=True)
class UserGroup:
    """A named group of people that can be mentioned, such as `@payments`."""

    id: str
    handle: str
    name: str
    users: list[str]
    description: str = ""
    created: int = 0
    disabled: bool = False


@dataclass(slots=True)
class Note:
    """A topic or a purpose: who set it, and when (epoch seconds, 0 = never)."""

    value: str = ""
    creator: str = ""
    last_set: int = 0


@dataclass(slots=True)
class Channel:
    """A channel or a direct conversation. `members` keeps the order of joining."""

    id: str
    name: str
    created: int
    creator: str
    is_private: bool = False
    is_general: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    members: list[str] = field(default_factory=list)
    topic: Note = field(default_factory=Note)
    purpose: Note = field(default_factory=Note)
    previous_names: list[str] = field(default_factory=list)
    last_read: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`public_channel`, `private_channel`, `im` or `mpim`, as the `types` arguments say it."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "private_channel" if self.is_private else "public_channel"

    def visible_to(self, user: str) -> bool:
        """Whether `user` may know that the channel exists."""
        return self.kind == "public_channel" or user in self.members


@dataclass(slots=True)
class Reaction:
    """One emoji under a message, and who put it there."""

    name: str
    users: list[str]


@dataclass(slots=True)
class Edited:
    """Who changed a message last, and when."""

    user: str
    ts: str


@dataclass(slots=True)
class File:
    """An uploaded file. `content` stays out of every wire shape."""

    id: str
    name: str
    title: str
    mimetype: str
    size: int
    user: str
    created: int
    snippet_type: str = ""
    alt_text: str = ""
    channels: list[str] = field(default_factory=list)
    uploaded: bool = False
    completed: bool = False


@dataclass(slots=True)
class Message:
    """A message in a channel, or, with `ephemeral_to`, one that a single person sees.

    `bot_id` says an app wrote it; `subtype` is set for what Slack itself says (`channel_join`).
    `thread_ts` is set on replies and, once there is a reply, on the parent (its own `ts`).
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: Blocks = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    subtype: str | None = None
    thread_ts: str | None = None
    is_broadcast: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icon_emoji: str | None = None
    icon_url: str | None = None
    mrkdwn: bool = True
    edited: Edited | None = None
    reactions: list[Reaction] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    reply_users: list[str] = field(default_factory=list)
    reply_count: int = 0
    latest_reply: str | None = None
    ephemeral_to: str | None = None
    client_msg_id: str | None = None
    inviter: str | None = None

    @property
    def every_block(self) -> Blocks:
        """Its blocks, those inside attachments too."""
        attached = (block for each in self.attachments for block in each.get("blocks") or [])
        return [*self.blocks, *attached]

    @property
    def is_reply(self) -> bool:
        """Whether it lives in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True)
class ScheduledMessage:
    """A message that will be posted at `post_at` (epoch seconds)."""

    id: str
    channel: str
    post_at: int
    user: str
    draft: Message


@dataclass(slots=True)
class Pin:
    """A message kept at hand in a channel."""

    channel: str
    ts: str
    user: str
    created: int


@dataclass(slots=True)
class Bookmark:
    """A link in the bar at a channel's head. `rank` orders them."""

    id: str
    channel: str
    title: str
    link: str
    emoji: str = ""
    type: str = "link"
    rank: str = ""
    date_created: int = 0
    date_updated: int = 0
    last_updated_by_user: str = ""


@dataclass(slots=True)
class View:
    """A modal in front of one person, or their App Home.

    `body` is the view as the app sent it (title, blocks, submit ...). `hash` changes with every
    change of the body. `state` is what was last submitted: block id -> action id -> value object.
    """

    id: str
    user: str
    type: str
    body: Json
    hash: str
    app_id: str
    bot_id: str
    root_view_id: str
    previous_view_id: str | None = None
    external_id: str = ""
    state: Json = field(default_factory=dict)

    @property
    def callback_id(self) -> str:
        return str(self.body.get("callback_id") or "")

    @property
    def blocks(self) -> Blocks:
        return list(self.body.get("blocks") or [])


@dataclass(slots=True)
class ResponseUrl:
    """A short-lived right to answer where an interaction happened (`used` of 5 uses, 30 minutes).

    `message_ts` is the source message, when there was one; `ephemeral_ts` when that was ephemeral.
    """

    id: str
    channel: str
    user: str
    created: float
    used: int = 0
    message_ts: str | None = None
    is_ephemeral: bool = False
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command an app listens to; `name` with its slash.

    With `should_escape`, as in a manifest, `@name` and `#name` arrive as `<@U..|name>` and
    `<#C..|name>`; without it as they were typed.
    """

    name: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = True


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut an app offers in a message's menu (`type="message"`) or anywhere (`"global"`)."""

    callback_id: str
    name: str
    description: str = ""
    type: str = "message"


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The installed app: its manifest, its identities and its two tokens.

    `events` are bot event subscriptions as a manifest lists them (`message.channels`,
    `app_mention` ...); `bot_scopes` what the bot token may do.
    """

    name: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    app_id: str = "A0INCIDENT"
    bot_id: str = "B0INCIDENT"
    bot_user_id: str = "U0INCIDENT"
    bot_handle: str = "incident_bot"
    bot_scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    commands: tuple[SlashCommand, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()


@dataclass(frozen=True, slots=True)
class SeedChannel:
    """A public channel that is there from the start. `members` are user ids."""

    id: str
    name: str
    members: tuple[str, ...]
    creator: str
    topic: str = ""
    purpose: str = ""
    is_general: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """What a fresh workspace holds before anyone does anything."""

    team: Team
    users: tuple[User, ...]
    channels: tuple[SeedChannel, ...] = ()
    usergroups: tuple[UserGroup, ...] = ()
