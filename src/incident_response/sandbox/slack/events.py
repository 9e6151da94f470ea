"""The Events API: which changes an app hears of, and how they are told."""

import secrets
from collections.abc import Callable, Iterator

from incident_response.sandbox.slack.changes import Change
from incident_response.sandbox.slack.model import Channel, Json, Message
from incident_response.sandbox.slack.wire import channel_json, message_json, view_json
from incident_response.sandbox.slack.workspace import Workspace

CHANNEL_TYPES = {
    "public_channel": "channel",
    "private_channel": "group",
    "im": "im",
    "mpim": "mpim",
}
MESSAGE_SUBSCRIPTIONS = {
    "public_channel": "message.channels",
    "private_channel": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


class Events:
    """Turns changes into event callbacks, for what the app is subscribed to and may see.

    An app hears of messages where its bot is a member; of channels where the channel is public or
    its bot is a member. It hears of its own doings too, as with Slack.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def told_of(self, change: Change) -> list[Json]:
        """The whole payloads (`event_callback`) this change causes, most often none."""
        tell = _TELLERS.get(change.kind)
        if tell is None or change.channel is None or not self._workspace.app.events:
            return []
        channel = self._workspace.channels.get(change.channel)
        if not channel.visible_to(self._workspace.app.bot_user_id):
            return []
        heard = tell(self._workspace, change, channel)
        wanted = self._workspace.app.events
        return [self.callback(event) for subscription, event in heard if subscription in wanted]

    def home_opened(self, user: str, channel: str) -> Json | None:
        """The payload for a person looking at the app's Home, when the app listens for it."""
        if "app_home_opened" not in self._workspace.app.events:
            return None
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel,
            "tab": "home",
            "event_ts": self._workspace.state.next_ts(),
        }
        home = self._workspace.views.home(user)
        if home is not None:
            event["view"] = view_json(self._workspace, home)
        return self.callback(event)

    def callback(self, event: Json) -> Json:
        """The envelope's payload around an event, with a fresh `event_id`."""
        app, team = self._workspace.app, self._workspace.team.id
        return {
            "token": "sandbox",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev0{secrets.token_hex(5).upper()}",
            "event_time": self._workspace.state.seconds(),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team,
                    "user_id": app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }


Heard = Iterator[tuple[str, Json]]  # the subscription an event belongs to, and the event


def _message_posted(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    message = workspace.messages.get(channel.id, change.ts or "")
    if workspace.app.bot_user_id not in channel.members:
        return
    body = message_json(workspace, message) | _where(channel, message.ts)
    yield MESSAGE_SUBSCRIPTIONS[channel.kind], body
    if f"<@{workspace.app.bot_user_id}>" in message.text and message.subtype is None:
        yield "app_mention", body | {"type": "app_mention"}


def _message_changed(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    if workspace.app.bot_user_id not in channel.members:
        return
    message = workspace.messages.get(channel.id, change.ts or "")
    if change.cause in {"reaction_added", "reaction_removed"}:
        yield change.cause, _reaction(workspace, change, message)
    elif change.cause == "edited":
        yield (
            MESSAGE_SUBSCRIPTIONS[channel.kind],
            {
                "type": "message",
                "subtype": "message_changed",
                "hidden": True,
                "message": message_json(workspace, message),
                "previous_message": message_json(workspace, change.data["previous"]),
                "ts": message.edited.ts if message.edited else message.ts,
                **_where(channel, message.edited.ts if message.edited else message.ts),
            },
        )


def _message_deleted(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    if workspace.app.bot_user_id not in channel.members:
        return
    now = workspace.state.next_ts()
    yield (
        MESSAGE_SUBSCRIPTIONS[channel.kind],
        {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": change.ts,
            "previous_message": message_json(workspace, change.data["previous"]),
            "ts": now,
            **_where(channel, now),
        },
    )


def _reaction(workspace: Workspace, change: Change, message: Message) -> Json:
    return {
        "type": change.cause,
        "user": change.user,
        "reaction": change.data["reaction"],
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.user,
        "event_ts": workspace.state.next_ts(),
    }


def _member_changed(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    kind = "member_joined_channel" if change.cause == "joined" else "member_left_channel"
    inviter = {"inviter": change.data["inviter"]} if change.data.get("inviter") else {}
    yield (
        kind,
        {
            "type": kind,
            "user": change.user,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": workspace.team.id,
            **inviter,
            "event_ts": workspace.state.next_ts(),
        },
    )


CHANNEL_EVENTS = {
    "archived": ("channel_archive", "group_archive"),
    "unarchived": ("channel_unarchive", "group_unarchive"),
    "channel_name": ("channel_rename", "group_rename"),
    "created": ("channel_created", ""),
}


def _channel_changed(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    public, private = CHANNEL_EVENTS.get(change.cause, ("", ""))
    kind = private if channel.is_private else public
    if not kind:
        return
    whole = change.cause in {"created", "channel_name"}
    body: Json = {"type": kind, "event_ts": workspace.state.next_ts()}
    body["channel"] = channel_json(workspace, channel, channel.creator) if whole else channel.id
    if change.user:
        body["user"] = change.user
    yield kind, body


def _pin_changed(workspace: Workspace, change: Change, channel: Channel) -> Heard:
    kind = "pin_added" if change.cause == "pinned" else "pin_removed"
    message = workspace.messages.get(channel.id, change.ts or "")
    item = {
        "type": "message",
        "channel": channel.id,
        "message": message_json(workspace, message),
        "created": workspace.state.seconds(),
        "created_by": change.user,
    }
    yield (
        kind,
        {
            "type": kind,
            "user": change.user,
            "channel_id": channel.id,
            "item": item,
            "pin_count": len(workspace.pins.of(channel.id)),
            "event_ts": workspace.state.next_ts(),
        },
    )


def _where(channel: Channel, ts: str) -> Json:
    return {
        "channel": channel.id,
        "channel_type": CHANNEL_TYPES[channel.kind],
        "event_ts": ts,
    }


_TELLERS: dict[str, Callable[[Workspace, Change, Channel], Heard]] = {
    "message_posted": _message_posted,
    "message_changed": _message_changed,
    "message_deleted": _message_deleted,
    "member_changed": _member_changed,
    "channel_changed": _channel_changed,
    "pin_changed": _pin_changed,
}
