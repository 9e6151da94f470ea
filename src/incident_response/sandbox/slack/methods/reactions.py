"""Emoji under messages."""

import re

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.methods.targets import target_message
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.slack.wire import message_json

NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def checked_reaction(name: str) -> str:
    """The emoji's name without colons, or `invalid_name`."""
    name = name.removeprefix(":").removesuffix(":")
    if not NAME.fullmatch(name):
        raise SlackError("invalid_name")
    return name


def _add(call: Call) -> Json:
    message = target_message(call)
    if call.workspace.channels.get(message.channel).is_archived:
        raise SlackError("is_archived")
    name = checked_reaction(call.args["name"])
    call.workspace.messages.react(message, name, user=call.actor)
    return {}


def _remove(call: Call) -> Json:
    message = target_message(call)
    name = checked_reaction(call.args["name"])
    call.workspace.messages.unreact(message, name, user=call.actor)
    return {}


def _get(call: Call) -> Json:
    message = target_message(call)
    permalink = call.workspace.messages.permalink(message.channel, message.ts)
    return {
        "type": "message",
        "channel": message.channel,
        "message": message_json(call.workspace, message) | {"permalink": permalink},
    }


FOUND = "bad_timestamp channel_not_found message_not_found no_item_specified"
METHODS = (
    method(
        "reactions.add",
        _add,
        tier="t3",
        args="channel! name! timestamp!",
        errors=f"{FOUND} already_reacted invalid_name is_archived too_many_emoji",
        scopes="reactions:write",
    ),
    method(
        "reactions.remove",
        _remove,
        tier="t2",
        args="name! file file_comment channel timestamp",
        errors=f"{FOUND} invalid_name no_reaction",
        scopes="reactions:write",
    ),
    method(
        "reactions.get",
        _get,
        tier="t3",
        args="channel file file_comment full:bool timestamp",
        errors=FOUND,
        scopes="reactions:read",
        takes_json=False,
    ),
)
