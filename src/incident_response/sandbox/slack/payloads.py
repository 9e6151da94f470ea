"""What an interaction tells the app: slash commands, clicks, submissions, shortcuts."""

from dataclasses import dataclass

from incident_response.sandbox.slack.model import Channel, Json, Message, Shortcut, User, View
from incident_response.sandbox.slack.wire import message_json, view_json
from incident_response.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Interaction:
    """Who does something, and the trigger that lets the app answer with a view."""

    workspace: Workspace
    user: User
    trigger_id: str

    def slash(self, *, channel: Channel, command: str, text: str, response_url: str) -> Json:
        team = self.workspace.team
        return {
            "token": "sandbox",
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel.id,
            "channel_name": _slash_channel_name(channel),
            "user_id": self.user.id,
            "user_name": self.user.name,
            "command": command,
            "text": text,
            "api_app_id": self.workspace.app.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self.trigger_id,
        }

    def message_action(
        self, *, channel: Channel, message: Message, callback_id: str, response_url: str
    ) -> Json:
        return self._head("message_action") | {
            "action_ts": self.workspace.state.next_ts(),
            "callback_id": callback_id,
            "response_url": response_url,
            "message_ts": message.ts,
            "channel": _channel_part(channel),
            "message": message_json(self.workspace, message),
        }

    def shortcut(self, shortcut: Shortcut) -> Json:
        return self._head("shortcut") | {
            "action_ts": self.workspace.state.next_ts(),
            "callback_id": shortcut.callback_id,
        }

    def actions_in_message(
        self, *, channel: Channel, message: Message, action: Json, state: Json, response_url: str
    ) -> Json:
        return (
            self._head("block_actions")
            | self.in_message(channel, message)
            | {
                "state": {"values": state},
                "response_url": response_url,
                "actions": [self._acted(action)],
            }
        )

    def actions_in_view(self, *, view: View, action: Json) -> Json:
        return (
            self._head("block_actions") | self.in_view(view) | {"actions": [self._acted(action)]}
        )

    def in_message(self, channel: Channel, message: Message) -> Json:
        """Where something happens, when that is in a message."""
        is_ephemeral = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        # Slack sends no message body for an ephemeral one: it does not keep it.
        body = {} if is_ephemeral else {"message": message_json(self.workspace, message)}
        return {"container": container, "channel": _channel_part(channel), **body}

    def in_view(self, view: View) -> Json:
        """Where something happens, when that is in a view."""
        return {
            "container": {"type": "view", "view_id": view.id},
            "view": view_json(self.workspace, view),
        }

    def view_submission(self, view: View) -> Json:
        return self._head("view_submission") | {
            "view": view_json(self.workspace, view),
            "response_urls": [],
        }

    def view_closed(self, view: View, *, is_cleared: bool) -> Json:
        body = self._head("view_closed")
        del body["trigger_id"]
        return body | {"view": view_json(self.workspace, view), "is_cleared": is_cleared}

    def suggestion(self, *, action_id: str, block_id: str, value: str, where: Json) -> Json:
        body = self._head("block_suggestion")
        del body["trigger_id"]
        return body | where | {"action_id": action_id, "block_id": block_id, "value": value}

    def _acted(self, action: Json) -> Json:
        return {**action, "action_ts": self.workspace.state.next_ts()}

    def _head(self, kind: str) -> Json:
        team = self.workspace.team
        user = {
            "id": self.user.id,
            "username": self.user.name,
            "name": self.user.name,
            "team_id": team.id,
        }
        return {
            "type": kind,
            "token": "sandbox",
            "user": user,
            "team": {"id": team.id, "domain": team.domain},
            "api_app_id": self.workspace.app.app_id,
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self.trigger_id,
        }


def _slash_channel_name(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _channel_part(channel: Channel) -> Json:
    if channel.is_im:
        return {"id": channel.id, "name": "directmessage"}
    return {"id": channel.id, "name": "privategroup" if channel.is_private else channel.name}
