"""What an app says back where something was done: in an acknowledgement, or to a response_url."""

from incident_response.sandbox.slack.drafts import content_of, require_content
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Json, Message, ResponseUrl
from incident_response.sandbox.slack.workspace import Workspace


class Answers:
    """Speaks for the app in the channel a `ResponseUrl` belongs to.

    Ephemeral unless `response_type` is `in_channel`; `replace_original` and `delete_original`
    reach the message that was clicked, and nothing else.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def say(self, where: ResponseUrl, body: Json) -> Message | None:
        """Do what the body asks; the message written or changed, None when one was deleted."""
        if body.get("delete_original"):
            self._workspace.messages.delete(self._original(where))
            return None
        fields = content_of(body)
        require_content(fields)
        if body.get("replace_original"):
            return self._replace(where, fields)
        message = self._draft(where, body, fields)
        if body.get("response_type") == "in_channel":
            return self._workspace.messages.post(message)
        message.ephemeral_to = where.user
        return self._workspace.messages.post_ephemeral(message)

    def _replace(self, where: ResponseUrl, fields: Json) -> Message:
        original = self._original(where)
        fields = {"blocks": [], "attachments": [], **fields}
        editor = self._workspace.app.bot_user_id
        self._workspace.messages.update(original, fields, editor=editor)
        return original

    def _original(self, where: ResponseUrl) -> Message:
        if where.message_ts is None:
            raise SlackError("message_not_found")
        messages = self._workspace.messages
        if where.is_ephemeral:
            return messages.ephemeral(where.channel, where.user, where.message_ts)
        return messages.get(where.channel, where.message_ts)

    def _draft(self, where: ResponseUrl, body: Json, fields: Json) -> Message:
        app = self._workspace.app
        return Message(
            channel=where.channel,
            ts="",
            user=app.bot_user_id,
            bot_id=app.bot_id,
            app_id=app.app_id,
            thread_ts=body.get("thread_ts") or where.thread_ts,
            **fields,
        )
