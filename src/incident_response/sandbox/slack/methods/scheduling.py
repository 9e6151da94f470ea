"""Messages to be posted later."""

from incident_response.sandbox.slack.methods.chat import CONTENT, draft_from, postable_channel
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.slack.wire import message_json


def _schedule(call: Call) -> Json:
    channel = postable_channel(call)
    draft = draft_from(call, channel)
    item = call.workspace.scheduled.add(draft, call.args["post_at"])
    shown = message_json(call.workspace, draft) | {"type": "delayed_message"}
    del shown["ts"]
    return {
        "channel": channel.id,
        "scheduled_message_id": item.id,
        "post_at": item.post_at,
        "message": shown,
    }


def _delete_scheduled(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    call.workspace.scheduled.remove(channel.id, call.args["scheduled_message_id"])
    return {}


METHODS = (
    method(
        "chat.scheduleMessage",
        _schedule,
        tier="t3",
        args="channel! post_at!:int as_user:bool attachments:json blocks:json link_names:bool"
        " markdown_text metadata:json parse reply_broadcast:bool text thread_ts"
        " unfurl_links:bool unfurl_media:bool",
        errors=f"{CONTENT} channel_not_found is_archived not_in_channel restricted_too_many"
        " time_in_past time_too_far",
        scopes="chat:write",
    ),
    method(
        "chat.deleteScheduledMessage",
        _delete_scheduled,
        tier="t3",
        args="channel! scheduled_message_id! as_user:bool",
        errors="channel_not_found invalid_scheduled_message_id",
        scopes="chat:write",
    ),
)
