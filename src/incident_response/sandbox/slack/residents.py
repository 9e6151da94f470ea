"""What people in the workspace do among themselves: writing, reading, and their channels."""

import uuid
from collections.abc import Sequence

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Channel, Message
from incident_response.sandbox.slack.typed import as_stored
from incident_response.sandbox.slack.workspace import Workspace


class Residents:
    """Everything takes `user`, who does it. What Slack would refuse raises `SlackError`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # --- speaking --------------------------------------------------------------------------

    async def say(
        self, *, user: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Message:
        """Write into a channel one is a member of; mentions and links are made from the text."""
        place = self._writable(user, channel)
        if not text.strip():
            raise SlackError("no_text")
        message = Message(
            channel=place.id,
            ts="",
            user=user,
            text=as_stored(self._workspace, user, text),
            thread_ts=thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )
        posted = self._workspace.messages.post(message)
        self._workspace.channels.mark(place, user, posted.ts)
        return posted

    async def edit(self, *, user: str, channel: str, ts: str, text: str) -> Message:
        """Change one's own message."""
        message = self._own(user, channel, ts, "cant_update_message")
        fields = {"text": as_stored(self._workspace, user, text)}
        self._workspace.messages.update(message, fields, editor=user)
        return message

    async def delete(self, *, user: str, channel: str, ts: str) -> None:
        """Delete one's own message."""
        self._workspace.messages.delete(self._own(user, channel, ts, "cant_delete_message"))

    async def react(self, *, user: str, channel: str, ts: str, name: str, on: bool = True) -> None:
        """Put an emoji under a message, or (`on=False`) take it back."""
        message = self._workspace.messages.get(self._writable(user, channel).id, ts)
        change = self._workspace.messages.react if on else self._workspace.messages.unreact
        change(message, name, user=user)

    async def pin(self, *, user: str, channel: str, ts: str, on: bool = True) -> None:
        """Pin a message, or (`on=False`) unpin it."""
        message = self._workspace.messages.get(self._writable(user, channel).id, ts)
        change = self._workspace.pins.add if on else self._workspace.pins.remove
        change(message, actor=user)

    async def read(self, *, user: str, channel: str, ts: str) -> None:
        """Say how far one has read."""
        self._workspace.channels.mark(self._seen(user, channel), user, ts)

    async def dismiss(self, *, user: str, channel: str, ts: str) -> None:
        """Take away a message only oneself sees."""
        message = self._workspace.messages.ephemeral(channel, user, ts)
        self._workspace.messages.delete(message)

    # --- channels --------------------------------------------------------------------------

    async def create_channel(self, *, user: str, name: str, is_private: bool = False) -> Channel:
        return self._workspace.channels.create(name, actor=user, is_private=is_private)

    async def join(self, *, user: str, channel: str) -> None:
        self._workspace.channels.join(self._seen(user, channel), actor=user)

    async def leave(self, *, user: str, channel: str) -> None:
        self._workspace.channels.leave(self._seen(user, channel), actor=user)

    async def archive(self, *, user: str, channel: str) -> None:
        self._workspace.channels.archive(self._seen(user, channel), actor=user)

    async def invite(self, *, user: str, channel: str, users: Sequence[str]) -> None:
        """Bring people in; one who is there already, or unknown, stops it for all."""
        place = self._seen(user, channel)
        refused = self._workspace.channels.refusals(place, users, actor=user)
        if refused:
            raise SlackError(next(iter(refused.values())))
        self._workspace.channels.invite(place, users, actor=user)

    async def topic(self, *, user: str, channel: str, text: str) -> None:
        self._workspace.channels.set_topic(self._seen(user, channel), text, actor=user)

    async def open_direct(self, *, user: str, other: str) -> Channel:
        return self._workspace.channels.open_direct([other], actor=user)[0]

    # --- behind ----------------------------------------------------------------------------

    def _seen(self, user: str, channel: str) -> Channel:
        self._workspace.directory.user(user)
        return self._workspace.channels.seen_by(user, channel)

    def _writable(self, user: str, channel: str) -> Channel:
        place = self._seen(user, channel)
        if place.is_archived:
            raise SlackError("is_archived")
        self._workspace.channels.require_member(place, user)
        return place

    def _own(self, user: str, channel: str, ts: str, refusal: str) -> Message:
        message = self._workspace.messages.get(self._writable(user, channel).id, ts)
        if message.user != user or message.subtype is not None:
            raise SlackError(refusal)
        return message
