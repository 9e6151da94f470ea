"""Channels and direct conversations: making them, who is in them, what stands at their head."""

from collections.abc import Iterable, Sequence

from incident_response.sandbox.slack.directory import Directory
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.messages import Messages
from incident_response.sandbox.slack.model import Channel, Note
from incident_response.sandbox.slack.names import checked_channel_name
from incident_response.sandbox.slack.state import State

TOPIC_LIMIT = 250
DIRECT_LIMIT = 8  # people in a group conversation beside the one who opens it


class Channels:
    """Operations take `actor`, the user id of who does it, and hold it to Slack's rules.

    A private channel the actor is not in does not exist for them: `channel_not_found`.
    """

    def __init__(self, state: State, directory: Directory, messages: Messages) -> None:
        self._state = state
        self._directory = directory
        self._messages = messages

    # --- finding ---------------------------------------------------------------------------

    def all(self) -> list[Channel]:
        return list(self._state.channels.values())

    def visible(self, user: str) -> list[Channel]:
        """Every channel `user` may see, by name."""
        seen = (c for c in self._state.channels.values() if c.visible_to(user))
        return sorted(seen, key=lambda channel: (channel.name, channel.id))

    def get(self, channel: str) -> Channel:
        found = self._state.channels.get(channel)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def seen_by(self, actor: str, channel: str) -> Channel:
        """The channel, provided the actor may know of it."""
        found = self.get(channel)
        if not found.visible_to(actor):
            raise SlackError("channel_not_found")
        return found

    def by_name(self, name: str) -> Channel | None:
        """The channel of that name, archived or not."""
        wanted = name.removeprefix("#")
        named = (c for c in self._state.channels.values() if not c.is_im and not c.is_mpim)
        return next((channel for channel in named if channel.name == wanted), None)

    # --- making and ending -----------------------------------------------------------------

    def create(self, name: str, *, actor: str, is_private: bool) -> Channel:
        name = self._free_name(name)
        channel = Channel(
            id=self._state.new_id("C"),
            name=name,
            created=self._state.seconds(),
            creator=actor,
            is_private=is_private,
        )
        with self._state.store.together():
            self._enter(channel, actor)
        self._changed(channel, "created")
        return channel

    def rename(self, channel: Channel, name: str, *, actor: str) -> None:
        self._require_open(channel)
        self.require_member(channel, actor)
        if channel.is_general or not self._may_rename(channel, actor):
            raise SlackError("not_authorized")
        old = channel.name
        channel.name = self._free_name(name)
        channel.previous_names.insert(0, old)
        self._note(channel, "channel_name", actor, f'renamed the channel from "{old}"')

    def archive(self, channel: Channel, *, actor: str) -> None:
        self._require_kind(channel)
        if channel.is_archived:
            raise SlackError("already_archived")
        self.require_member(channel, actor)
        if channel.is_general:
            raise SlackError("cant_archive_general")
        self._note(channel, "channel_archive", actor, "archived the channel")
        channel.is_archived = True
        self._state.keep_channel(channel)
        self._changed(channel, "archived", user=actor)

    def unarchive(self, channel: Channel, *, actor: str) -> None:
        self._require_kind(channel)
        if not channel.is_archived:
            raise SlackError("not_archived")
        channel.is_archived = False
        self._note(channel, "channel_unarchive", actor, "un-archived the channel")
        self._changed(channel, "unarchived", user=actor)

    def open_direct(self, users: Sequence[str], *, actor: str) -> tuple[Channel, bool]:
        """The conversation of `actor` with `users`, and whether it was there already."""
        members = list(dict.fromkeys((actor, *users)))
        for user in members:
            if self._directory.user(user).deleted:
                raise SlackError("user_disabled")
        if len(members) > DIRECT_LIMIT + 1:
            raise SlackError("too_many_users")
        for channel in self._state.channels.values():
            if (channel.is_im or channel.is_mpim) and set(channel.members) == set(members):
                return channel, True
        channel = self._new_direct(members, actor)
        self._changed(channel, "created")
        return channel, False

    def _new_direct(self, members: list[str], actor: str) -> Channel:
        is_im = len(members) <= 2
        names = "--".join(self._directory.user(user).name for user in members)
        channel = Channel(
            id=self._state.new_id("D" if is_im else "G"),
            name="" if is_im else f"mpdm-{names}-1",
            created=self._state.seconds(),
            creator=actor,
            is_private=True,
            is_im=is_im,
            is_mpim=not is_im,
            members=members,
        )
        self._state.keep_channel(channel)
        return channel

    # --- members ---------------------------------------------------------------------------

    def refusals(self, channel: Channel, users: Iterable[str], *, actor: str) -> dict[str, str]:
        """Who of `users` cannot be invited, and Slack's word for why."""
        refused = {user: self._refusal(channel, user, actor) for user in users}
        return {user: why for user, why in refused.items() if why}

    def invite(self, channel: Channel, users: Iterable[str], *, actor: str) -> None:
        """Let in those of `users` that can be; deactivated people are passed over in silence."""
        self._require_kind(channel)
        self._require_open(channel)
        self.require_member(channel, actor)
        with self._state.store.together():
            for user in users:
                if not self._directory.user(user).deleted and user not in channel.members:
                    self._enter(channel, user, inviter=actor)

    def join(self, channel: Channel, *, actor: str) -> bool:
        """Become a member of a public channel; False when already one."""
        if channel.kind != "public_channel":
            raise SlackError("method_not_supported_for_channel_type")
        self._require_open(channel)
        if actor in channel.members:
            return False
        with self._state.store.together():
            self._enter(channel, actor)
        return True

    def leave(self, channel: Channel, *, actor: str) -> bool:
        """Stop being a member; False when not one."""
        self._require_kind(channel)
        self._require_open(channel)
        if channel.is_general:
            raise SlackError("cant_leave_general")
        if actor not in channel.members:
            return False
        if channel.is_private and len(channel.members) == 1:
            raise SlackError("last_member")
        self._exit(channel, actor, f"<@{actor}> has left the channel")
        return True

    def kick(self, channel: Channel, user: str, *, actor: str) -> None:
        self._require_kind(channel)
        self._directory.user(user)
        if user == actor:
            raise SlackError("cant_kick_self")
        if channel.is_general:
            raise SlackError("cant_kick_from_general")
        if user not in channel.members or actor not in channel.members:
            raise SlackError("not_in_channel")
        self._exit(channel, user, f"<@{user}> was removed from the channel")

    def mark(self, channel: Channel, user: str, ts: str) -> None:
        """Remember how far `user` has read."""
        if channel.last_read.get(user, "") < ts:
            channel.last_read[user] = ts
            self._state.keep_channel(channel)
            self._changed(channel, "read", user=user)

    # --- head ------------------------------------------------------------------------------

    def set_topic(self, channel: Channel, text: str, *, actor: str) -> None:
        if self._set_note(channel, channel.topic, text, actor=actor):
            said = f"set the channel topic: {text}" if text else "cleared the channel topic"
            self._note(channel, "channel_topic", actor, said)

    def set_purpose(self, channel: Channel, text: str, *, actor: str) -> None:
        if self._set_note(channel, channel.purpose, text, actor=actor):
            said = f"set the channel purpose: {text}" if text else "cleared the channel purpose"
            self._note(channel, "channel_purpose", actor, said)

    def _set_note(self, channel: Channel, note: Note, text: str, *, actor: str) -> bool:
        self._require_kind(channel)
        self._require_open(channel)
        self.require_member(channel, actor)
        if len(text) > TOPIC_LIMIT:
            raise SlackError("too_long")
        if note.value == text:
            return False
        note.value, note.creator, note.last_set = text, actor, self._state.seconds()
        return True

    # --- rules -----------------------------------------------------------------------------

    def require_member(self, channel: Channel, actor: str) -> None:
        """Raise `not_in_channel` (or, where private, `channel_not_found`) for a stranger."""
        if actor not in channel.members:
            raise SlackError("not_in_channel" if not channel.is_private else "channel_not_found")

    def _require_open(self, channel: Channel) -> None:
        if channel.is_archived:
            raise SlackError("is_archived")

    def _require_kind(self, channel: Channel) -> None:
        if channel.is_im or channel.is_mpim:
            raise SlackError("method_not_supported_for_channel_type")

    def _refusal(self, channel: Channel, user: str, actor: str) -> str:
        found = self._directory.find(user)
        if found is None:
            return "user_not_found"
        if user == actor:
            return "cant_invite_self"
        if user in channel.members:
            return "already_in_channel"
        return ""

    def _may_rename(self, channel: Channel, actor: str) -> bool:
        return channel.creator == actor or self._directory.user(actor).is_admin

    def _free_name(self, name: str) -> str:
        name = checked_channel_name(name)
        if self.by_name(name) is not None:
            raise SlackError("name_taken")
        return name

    def _enter(self, channel: Channel, user: str, *, inviter: str | None = None) -> None:
        channel.members.append(user)
        self._state.keep_channel(channel)
        self._messages.say_subtype(
            channel.id,
            "channel_join",
            user=user,
            text=f"<@{user}> has joined the channel",
            inviter=inviter,
        )
        self._member_changed(channel, user, "joined", inviter=inviter)

    def _exit(self, channel: Channel, user: str, text: str) -> None:
        with self._state.store.together():
            channel.members.remove(user)
            self._state.keep_channel(channel)
            self._messages.say_subtype(channel.id, "channel_leave", user=user, text=text)
        self._member_changed(channel, user, "left")

    def _note(self, channel: Channel, subtype: str, actor: str, text: str) -> None:
        with self._state.store.together():
            self._state.keep_channel(channel)
            self._messages.say_subtype(channel.id, subtype, user=actor, text=text)
        self._changed(channel, subtype, user=actor)

    def _changed(self, channel: Channel, cause: str, *, user: str | None = None) -> None:
        self._state.changed("channel_changed", channel.id, user=user, cause=cause)

    def _member_changed(
        self, channel: Channel, user: str, cause: str, *, inviter: str | None = None
    ) -> None:
        data = {"inviter": inviter} if inviter else {}
        self._state.changed("member_changed", channel.id, user=user, cause=cause, data=data)
