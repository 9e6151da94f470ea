"""Posting, changing and deleting what the app says."""

from incident_response.sandbox.slack.drafts import content_of, require_content
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Channel, Json, Message
from incident_response.sandbox.slack.wire import message_json

UPDATE_TEXT_LIMIT = 4000
AUTHORSHIP = ("username", "icon_emoji", "icon_url")


def _post_message(call: Call) -> Json:
    channel = postable_channel(call)
    message = call.workspace.messages.post(draft_from(call, channel))
    return _posted(call, message)


def _post_ephemeral(call: Call) -> Json:
    channel = postable_channel(call)
    draft = draft_from(call, channel, keep_metadata=False)
    draft.ephemeral_to = str(call.get("user", ""))
    if draft.ephemeral_to not in channel.members:
        raise SlackError("user_not_in_channel")
    return {"message_ts": call.workspace.messages.post_ephemeral(draft).ts}


def _update(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = _own(call, channel, "cant_update_message")
    fields = content_of(call.args)
    if not fields.keys() - {"metadata"}:
        raise SlackError("no_text")
    if len(fields.get("text", "")) > UPDATE_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if call.get("reply_broadcast"):
        fields["is_broadcast"] = True
    call.workspace.messages.update(message, fields, editor=call.actor)
    return _posted(call, message) | {"text": message.text}


def _delete(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    message = _own(call, channel, "cant_delete_message")
    call.workspace.messages.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def _get_permalink(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    link = call.workspace.messages.permalink(channel.id, call.args["message_ts"])
    return {"channel": channel.id, "permalink": link}


def postable_channel(call: Call) -> Channel:
    """The channel an app may write to: by id, by name, or a person's id for their direct one.

    Writing to a public channel the bot is not in needs `chat:write.public`.
    """
    channel = _named_channel(call, call.args["channel"])
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.actor not in channel.members:
        if channel.is_private:
            raise SlackError("channel_not_found")
        if "chat:write.public" not in call.workspace.app.bot_scopes:
            raise SlackError("not_in_channel")
    return channel


def _named_channel(call: Call, name: str) -> Channel:
    channels = call.workspace.channels
    if call.workspace.directory.find(name) is not None:
        return channels.open_direct([name], actor=call.actor)[0]
    by_name = None if name.startswith(("C", "D", "G")) else channels.by_name(name)
    return channels.seen_by(call.actor, by_name.id if by_name else name)


def draft_from(call: Call, channel: Channel, *, keep_metadata: bool = True) -> Message:
    """The message the arguments describe, without its `ts`."""
    fields = content_of(call.args, keep_metadata=keep_metadata)
    require_content(fields)
    if any(call.get(name) for name in AUTHORSHIP):
        call.require("chat:write.customize")
    app = call.workspace.app
    return Message(
        channel=channel.id,
        ts="",
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.app_id,
        thread_ts=call.get("thread_ts") or None,
        is_broadcast=call.get("reply_broadcast", False),
        mrkdwn=call.get("mrkdwn", True),
        **{name: call.get(name) for name in AUTHORSHIP},
        **fields,
    )


def _own(call: Call, channel: Channel, refusal: str) -> Message:
    message = call.workspace.messages.get(channel.id, call.args["ts"])
    if message.bot_id != call.workspace.app.bot_id or message.subtype is not None:
        raise SlackError(refusal)
    return message


def _posted(call: Call, message: Message) -> Json:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(call.workspace, message),
    }


CONTENT = (
    "invalid_blocks invalid_blocks_format invalid_metadata_format invalid_metadata_schema"
    " markdown_text_conflict metadata_too_large no_text too_many_attachments"
)
METHODS = (
    method(
        "chat.postMessage",
        _post_message,
        tier="t5",
        args="channel! as_user:bool attachments:json blocks:json current_draft_last_updated_ts"
        " icon_emoji icon_url link_names:bool markdown_text metadata:json mrkdwn:bool parse"
        " reply_broadcast:bool text thread_ts unfurl_links:bool unfurl_media:bool username",
        errors=f"{CONTENT} cannot_reply_to_message channel_not_found is_archived not_in_channel",
        scopes="chat:write",
    ),
    method(
        "chat.postEphemeral",
        _post_ephemeral,
        tier="t4",
        args="channel! user! as_user:bool attachments:json blocks:json icon_emoji icon_url"
        " link_names:bool markdown_text metadata:json parse text thread_ts username",
        errors="channel_not_found invalid_blocks invalid_blocks_format is_archived"
        " markdown_text_conflict no_text not_in_channel too_many_attachments user_not_in_channel",
        scopes="chat:write",
    ),
    method(
        "chat.update",
        _update,
        tier="t3",
        args="channel! ts! as_user:bool attachments:json blocks:json file_ids:json"
        " link_names:bool markdown_text metadata:json parse reply_broadcast:bool text"
        " unfurled_attachments:json",
        errors=f"{CONTENT} cant_update_message channel_not_found is_inactive message_not_found"
        " msg_too_long",
        scopes="chat:write",
    ),
    method(
        "chat.delete",
        _delete,
        tier="t3",
        args="channel! ts! as_user:bool",
        errors="cant_delete_message channel_not_found message_not_found",
        scopes="chat:write",
    ),
    method(
        "chat.getPermalink",
        _get_permalink,
        tier="t5",
        args="channel! message_ts!",
        errors="channel_not_found message_not_found",
        takes_json=False,
    ),
)
