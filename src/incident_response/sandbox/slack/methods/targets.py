"""The message that `channel` and `timestamp` name, as pins and reactions say it."""

import re

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call
from incident_response.sandbox.slack.model import Message

TIMESTAMP = re.compile(r"\d{1,12}\.\d{6}")


def target_message(call: Call) -> Message:
    """The message; raises `no_item_specified`, `bad_timestamp`, `channel_not_found` and so on."""
    timestamp = call.get("timestamp")
    channel = call.workspace.channels.seen_by(call.actor, call.get("channel", ""))
    if not timestamp:
        raise SlackError("no_item_specified")
    if not TIMESTAMP.fullmatch(timestamp):
        raise SlackError("bad_timestamp")
    return call.workspace.messages.get(channel.id, timestamp)
