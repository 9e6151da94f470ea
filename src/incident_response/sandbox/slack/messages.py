"""Messages: posting, editing, deleting, reacting and reading, in channels and threads."""

from collections import deque
from dataclasses import replace

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Edited, Json, Message, Reaction
from incident_response.sandbox.slack.state import State

TEXT_LIMIT = 40_000  # longer text is cut, docs of chat.postMessage
REACTION_KINDS_LIMIT = 50  # different emoji on one message
EPHEMERALS_KEPT = 50  # per person and channel


class Messages:
    """Every message of the workspace.

    Rights are checked by who calls (an app may edit what it wrote, a person what they wrote);
    existence is checked here.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._ephemerals: dict[tuple[str, str], deque[Message]] = {}

    # --- reading ---------------------------------------------------------------------------

    def find(self, channel: str, ts: str) -> Message | None:
        return self._state.messages.get(channel, {}).get(ts)

    def get(self, channel: str, ts: str) -> Message:
        """The message, or `message_not_found`."""
        found = self.find(channel, ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def top_level(self, channel: str) -> list[Message]:
        """What the channel itself shows, oldest first: replies only where broadcast."""
        return [
            message
            for message in self._state.messages.get(channel, {}).values()
            if not message.is_reply or message.is_broadcast
        ]

    def thread(self, channel: str, thread_ts: str) -> list[Message]:
        """A parent and its replies, oldest first. A parent without replies is a thread of one."""
        parent = self.get(channel, thread_ts)
        replies = self._state.threads.get((channel, thread_ts), [])
        return [parent, *(self._state.messages[channel][ts] for ts in replies)]

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """What only `user` sees in the channel, oldest first. It does not outlive the process."""
        return list(self._ephemerals.get((channel, user), ()))

    def ephemeral(self, channel: str, user: str, ts: str) -> Message:
        """One of those, or `message_not_found`."""
        for message in self.ephemerals(channel, user):
            if message.ts == ts:
                return message
        raise SlackError("message_not_found")

    def permalink(self, channel: str, ts: str) -> str:
        """The address Slack's clients would open; a local page links by channel and ts instead."""
        message = self.get(channel, ts)
        domain = f"https://{self._state.team.domain}.slack.com"
        link = f"{domain}/archives/{channel}/p{ts.replace('.', '')}"
        return f"{link}?thread_ts={message.thread_ts}&cid={channel}" if message.is_reply else link

    # --- writing ---------------------------------------------------------------------------

    def post(self, message: Message) -> Message:
        """Give the message its `ts`, put it in its channel (or thread) and tell everyone.

        A `thread_ts` that names a reply means that reply's thread. Raises
        `cannot_reply_to_message` when there is nothing there to reply to.
        """
        parent = self._parent_of(message)
        message.ts = self._state.next_ts()
        message.text = message.text[:TEXT_LIMIT]
        with self._state.store.together():
            if parent is not None:
                message.thread_ts = parent.ts
                self._count_reply(parent, message)
            self._state.keep_message(message)
        self._state.changed("message_posted", message.channel, message.ts, user=message.user)
        return message

    def say_subtype(
        self, channel: str, subtype: str, *, user: str, text: str, inviter: str | None = None
    ) -> Message:
        """What Slack itself writes into a channel, such as that somebody joined."""
        message = Message(channel=channel, ts="", user=user, text=text, subtype=subtype)
        message.inviter = inviter
        return self.post(message)

    def post_ephemeral(self, message: Message) -> Message:
        """Show the message to `message.ephemeral_to` alone."""
        message.ts = self._state.next_ts()
        key = (message.channel, message.ephemeral_to or "")
        self._ephemerals.setdefault(key, deque(maxlen=EPHEMERALS_KEPT)).append(message)
        self._told_ephemeral(message)
        return message

    def update(self, message: Message, fields: Json, *, editor: str, mark: bool = True) -> None:
        """Change `fields` (names of `Message`) of a posted or an ephemeral message.

        `mark=False` leaves the *edited* mark out, as when a reply count moves.
        """
        before = _snapshot(message)
        for name, value in fields.items():
            setattr(message, name, value)
        if message.ephemeral_to is not None:
            self._told_ephemeral(message)
            return
        if mark:
            message.edited = Edited(editor, self._state.next_ts())
        self._state.keep_message(message)
        self._told_changed(message, "edited", previous=before)

    def delete(self, message: Message) -> None:
        """Remove a message; a parent with replies leaves a tombstone behind."""
        if message.ephemeral_to is not None:
            self._ephemerals[message.channel, message.ephemeral_to].remove(message)
            self._told_ephemeral(message)
            return
        before = _snapshot(message)
        with self._state.store.together():
            if message.reply_count:
                self._bury(message)
            else:
                self._state.drop_message(message)
                self._uncount_reply(message)
        self._state.changed(
            "message_deleted",
            message.channel,
            message.ts,
            user=message.user,
            data={"previous": before},
        )

    def react(self, message: Message, name: str, *, user: str) -> None:
        """Add a reaction; `already_reacted`, or `too_many_emoji` past 50 kinds."""
        reaction = next((r for r in message.reactions if r.name == name), None)
        if reaction is None:
            if len(message.reactions) >= REACTION_KINDS_LIMIT:
                raise SlackError("too_many_emoji")
            reaction = Reaction(name, [])
            message.reactions.append(reaction)
        if user in reaction.users:
            raise SlackError("already_reacted")
        reaction.users.append(user)
        self._state.keep_message(message)
        self._told_changed(message, "reaction_added", user=user, reaction=name)

    def unreact(self, message: Message, name: str, *, user: str) -> None:
        """Take a reaction back, or `no_reaction`."""
        reaction = next((r for r in message.reactions if r.name == name), None)
        if reaction is None or user not in reaction.users:
            raise SlackError("no_reaction")
        reaction.users.remove(user)
        if not reaction.users:
            message.reactions.remove(reaction)
        self._state.keep_message(message)
        self._told_changed(message, "reaction_removed", user=user, reaction=name)

    # --- threads ---------------------------------------------------------------------------

    def _parent_of(self, message: Message) -> Message | None:
        if message.thread_ts is None:
            return None
        target = self.find(message.channel, message.thread_ts)
        if target is not None and target.is_reply and target.thread_ts is not None:
            target = self.find(message.channel, target.thread_ts)
        if target is None or target.ephemeral_to is not None:
            raise SlackError("cannot_reply_to_message")
        return target

    def _count_reply(self, parent: Message, reply: Message) -> None:
        parent.thread_ts = parent.ts
        parent.reply_count += 1
        parent.latest_reply = reply.ts
        if reply.user not in parent.reply_users:
            parent.reply_users.append(reply.user)
        self._state.keep_message(parent)
        self._told_changed(parent, "replied")

    def _uncount_reply(self, reply: Message) -> None:
        if not reply.is_reply or reply.thread_ts is None:
            return
        parent = self.find(reply.channel, reply.thread_ts)
        if parent is None:
            return
        rest = self.thread(reply.channel, parent.ts)[1:]
        parent.reply_count = len(rest)
        parent.reply_users = list(dict.fromkeys(message.user for message in rest))
        parent.latest_reply = rest[-1].ts if rest else None
        if not rest:
            parent.thread_ts = None
        self._state.keep_message(parent)
        self._told_changed(parent, "replied")

    def _bury(self, message: Message) -> None:
        message.subtype = "tombstone"
        message.text = "This message was deleted."
        message.blocks, message.attachments, message.reactions = [], [], []
        message.metadata = None
        self._state.keep_message(message)

    # --- telling ---------------------------------------------------------------------------

    def _told_changed(
        self, message: Message, cause: str, *, user: str | None = None, **data: object
    ) -> None:
        self._state.changed(
            "message_changed",
            message.channel,
            message.ts,
            user=user or message.user,
            cause=cause,
            data=dict(data),
        )

    def _told_ephemeral(self, message: Message) -> None:
        self._state.changed("ephemeral", message.channel, message.ts, user=message.ephemeral_to)


def _snapshot(message: Message) -> Message:
    """The message as it was; its lists are replaced on change, except reactions, copied here."""
    return replace(message, reactions=[replace(r, users=list(r.users)) for r in message.reactions])
