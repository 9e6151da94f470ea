"""Pinning messages."""

from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.methods.targets import target_message
from incident_response.sandbox.slack.model import Json, Pin
from incident_response.sandbox.slack.wire import message_json


def _add(call: Call) -> Json:
    message = target_message(call)
    channel = call.workspace.channels.get(message.channel)
    call.workspace.channels.require_member(channel, call.actor)
    call.workspace.pins.add(message, actor=call.actor)
    return {}


def _remove(call: Call) -> Json:
    call.workspace.pins.remove(target_message(call), actor=call.actor)
    return {}


def _list(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    return {"items": [_item(call, pin) for pin in call.workspace.pins.of(channel.id)]}


def _item(call: Call, pin: Pin) -> Json:
    message = call.workspace.messages.get(pin.channel, pin.ts)
    permalink = call.workspace.messages.permalink(pin.channel, pin.ts)
    return {
        "type": "message",
        "created": pin.created,
        "created_by": pin.user,
        "channel": pin.channel,
        "message": message_json(call.workspace, message) | {"permalink": permalink},
    }


FOUND = "bad_timestamp channel_not_found message_not_found no_item_specified"
METHODS = (
    method(
        "pins.add",
        _add,
        tier="t2",
        args="channel! timestamp",
        errors=f"{FOUND} already_pinned not_in_channel not_pinnable too_many_pins",
        scopes="pins:write",
    ),
    method(
        "pins.remove",
        _remove,
        tier="t2",
        args="channel! timestamp",
        errors=f"{FOUND} no_pin",
        scopes="pins:write",
    ),
    method(
        "pins.list",
        _list,
        tier="t2",
        args="channel!",
        errors="channel_not_found",
        scopes="pins:read",
        takes_json=False,
    ),
)
