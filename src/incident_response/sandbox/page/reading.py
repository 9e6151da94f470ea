"""The workspace as one person sees it: what the page reads, and what ids are called for them.

Reading only; what a person does goes through ``sandbox.slack.people``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from incident_response.sandbox.page.viewer import Viewer
from incident_response.sandbox.slack.model import Channel, Message, SlackApp, User, View
from incident_response.sandbox.slack.workspace import Workspace


class Reading:
    """One person's reading of the workspace at one moment (``now``, epoch seconds)."""

    def __init__(self, workspace: Workspace, me: User, *, zone: tzinfo, now: float) -> None:
        self.workspace = workspace
        self.me = me
        self.viewer = Viewer(me.id, self, zone, now)

    @property
    def app(self) -> SlackApp:
        """The one app that is installed."""
        return self.workspace.app

    def user(self, user_id: str) -> User | None:
        """Find a user, bots and deactivated people too."""
        return self.workspace.directory.find(user_id)

    def person(self, user_id: str) -> str | None:
        """Name a user."""
        user = self.user(user_id)
        return user.label if user else None

    def channel(self, channel_id: str) -> str | None:
        """Name a channel, unless this person may not know of it."""
        channel = self.workspace.state.channels.get(channel_id)
        if channel is None or not channel.visible_to(self.me.id):
            return None
        return channel.name or self.title(channel)

    def group(self, group_id: str) -> str | None:
        """Name a user group by its handle."""
        group = self.workspace.state.usergroups.get(group_id)
        return group.handle if group else None

    def everyone(self) -> Sequence[tuple[str, str]]:
        """Give everyone who can be picked: active people, by name, bots last."""
        active = [user for user in self.workspace.directory.users() if not user.deleted]
        active.sort(key=lambda user: (user.is_bot, user.real_name.casefold()))
        return [(user.id, user.real_name) for user in active]

    def channels(self) -> Sequence[tuple[str, str]]:
        """Give every open channel this person can pick."""
        visible = self.workspace.channels.visible(self.me.id)
        return [(c.id, c.name) for c in visible if c.name and not c.is_archived]

    def people(self) -> list[User]:
        """Everyone one can be on this page: active people, no bots."""
        users = self.workspace.directory.users()
        active = [user for user in users if not user.deleted and not user.is_bot]
        return sorted(active, key=lambda user: user.real_name.casefold())

    def title(self, channel: Channel) -> str:
        """Name a conversation the way a list shows it; a direct one by who else is in it."""
        if not (channel.is_im or channel.is_mpim):
            return channel.name
        others = [member for member in channel.members if member != self.me.id] or [self.me.id]
        return ", ".join(user.real_name for member in others if (user := self.user(member)))

    def other(self, channel: Channel) -> User | None:
        """Find whom a direct conversation is with."""
        others = [member for member in channel.members if member != self.me.id] or [self.me.id]
        return self.user(others[0])

    def latest(self, channel: Channel) -> str | None:
        """Give the newest ``ts`` somebody else wrote in a channel, joins and the like left out."""
        for message in reversed(self.workspace.messages.top_level(channel.id)):
            if message.user != self.me.id and message.subtype is None:
                return message.ts
        return None

    def is_unread(self, channel: Channel) -> bool:
        """Tell whether somebody wrote since this person last looked."""
        latest = self.latest(channel)
        return latest is not None and latest > channel.last_read.get(self.me.id, "")

    def messages(self, channel: Channel) -> list[Message]:
        """Everything in a channel for this person, what only they see included, oldest first."""
        shown = self.workspace.messages.top_level(channel.id)
        private = self.workspace.messages.ephemerals(channel.id, self.me.id)
        private = [message for message in private if not message.is_reply]
        return sorted([*shown, *private], key=lambda message: message.ts)

    def thread(self, channel: Channel, thread_ts: str) -> list[Message]:
        """A parent and its replies, what only this person sees included.

        Raises:
            SlackError: ``message_not_found``.
        """
        shown = self.workspace.messages.thread(channel.id, thread_ts)
        private = self.workspace.messages.ephemerals(channel.id, self.me.id)
        private = [message for message in private if message.thread_ts == thread_ts]
        return [shown[0], *sorted([*shown[1:], *private], key=lambda message: message.ts)]

    def modal(self) -> View | None:
        """The modal in front of this person."""
        stack = self.workspace.views.stack(self.me.id)
        return stack[-1] if stack else None
