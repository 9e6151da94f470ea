"""Conversations: making, finding, naming, describing, archiving."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods import scopes
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Channel, Json
from incident_response.sandbox.slack.paging import page_of
from incident_response.sandbox.slack.wire import channel_json

KINDS = ("public_channel", "private_channel", "im", "mpim")


def listed(call: Call, channels: list[Channel], *, default_limit: int, most: int) -> Json:
    """A page of those channels that `types` and `exclude_archived` let through, by id."""
    kinds = _wanted_kinds(call)
    limit = call.get("limit", 0) or default_limit
    if not 1 <= limit <= most:
        raise SlackError("invalid_limit")
    chosen = [
        channel
        for channel in channels
        if channel.kind in kinds and not (call.get("exclude_archived") and channel.is_archived)
    ]
    page, cursor = page_of(
        sorted(chosen, key=lambda channel: channel.id),
        lambda channel: channel.id,
        limit=limit,
        cursor=call.get("cursor"),
    )
    return {
        "channels": [
            channel_json(call.workspace, channel, call.actor, with_count=True) for channel in page
        ],
        "response_metadata": {"next_cursor": cursor},
    }


def _wanted_kinds(call: Call) -> set[str]:
    kinds = {kind.strip() for kind in call.get("types", "public_channel").split(",")}
    if not kinds <= set(KINDS):
        raise SlackError("invalid_types")
    for kind in sorted(kinds):
        call.require(*scopes.READ[kind])
    return kinds


def _create(call: Call) -> Json:
    is_private = call.get("is_private", False)
    call.require(*scopes.WRITE["private_channel" if is_private else "public_channel"])
    channel = call.workspace.channels.create(
        call.args["name"], actor=call.actor, is_private=is_private
    )
    return _answer(call, channel)


def _list(call: Call) -> Json:
    visible = call.workspace.channels.visible(call.actor)
    return listed(call, visible, default_limit=100, most=1000)


def _info(call: Call) -> Json:
    channel = call.channel(scopes.READ)
    with_count = call.get("include_num_members", False)
    body = channel_json(call.workspace, channel, call.actor, with_count=with_count)
    return {
        "channel": body | {"last_read": channel.last_read.get(call.actor, "0000000000.000000")}
    }


def _rename(call: Call) -> Json:
    channel = call.channel(scopes.WRITE)
    if channel.is_im or channel.is_mpim:
        raise SlackError("method_not_supported_for_channel_type")
    call.workspace.channels.rename(channel, call.args["name"], actor=call.actor)
    return _answer(call, channel)


def _set_topic(call: Call) -> Json:
    channel = call.channel(scopes.TOPIC)
    call.workspace.channels.set_topic(channel, call.args["topic"], actor=call.actor)
    return _answer(call, channel)


def _set_purpose(call: Call) -> Json:
    channel = call.channel(scopes.TOPIC)
    call.workspace.channels.set_purpose(channel, call.args["purpose"], actor=call.actor)
    return _answer(call, channel) | {"purpose": call.args["purpose"]}


def _archive(call: Call) -> Json:
    call.workspace.channels.archive(call.channel(scopes.WRITE), actor=call.actor)
    return {}


def _unarchive(call: Call) -> Json:
    call.workspace.channels.unarchive(call.channel(scopes.WRITE), actor=call.actor)
    return {}


def _open(call: Call) -> Json:
    if call.get("channel"):
        channel, was_open = call.channel(scopes.OPEN), True
    elif call.get("users"):
        channel, was_open = _opened_with(call, call.args["users"])
    else:
        raise SlackError("users_list_not_supplied")
    if call.get("return_im"):
        body = channel_json(call.workspace, channel, call.actor)
    else:
        body = {"id": channel.id}
    return {"no_op": was_open, "already_open": was_open, "channel": body}


def _opened_with(call: Call, users: list[str]) -> tuple[Channel, bool]:
    call.require(*scopes.OPEN["im" if len(users) == 1 else "mpim"])
    return call.workspace.channels.open_direct(users, actor=call.actor)


def _answer(call: Call, channel: Channel) -> Json:
    return {"channel": channel_json(call.workspace, channel, call.actor)}


NAMES = (
    "invalid_name_maxlength invalid_name_punctuation invalid_name_required invalid_name_specials"
    " name_taken"
)
FOUND = "channel_not_found missing_scope"
CHANGED = f"{FOUND} is_archived method_not_supported_for_channel_type not_in_channel"
METHODS = (
    method(
        "conversations.create",
        _create,
        tier="t2",
        args="name! is_private:bool team_id",
        errors=f"{NAMES} missing_scope",
        scopes=scopes.WRITE,
    ),
    method(
        "conversations.list",
        _list,
        tier="t2",
        args="cursor exclude_archived:bool limit:int team_id types",
        errors="invalid_cursor invalid_limit invalid_types missing_scope",
        scopes=scopes.READ,
        takes_json=False,
    ),
    method(
        "conversations.info",
        _info,
        tier="t3",
        args="channel! include_locale:bool include_num_members:bool",
        errors=FOUND,
        scopes=scopes.READ,
        takes_json=False,
    ),
    method(
        "conversations.rename",
        _rename,
        tier="t2",
        args="channel! name!",
        errors=f"{NAMES} {CHANGED} not_authorized",
        scopes=scopes.WRITE,
    ),
    method(
        "conversations.setTopic",
        _set_topic,
        tier="t2",
        args="channel! topic!",
        errors=f"{CHANGED} too_long",
        scopes=scopes.TOPIC,
    ),
    method(
        "conversations.setPurpose",
        _set_purpose,
        tier="t2",
        args="channel! purpose!",
        errors=f"{CHANGED} too_long",
        scopes=scopes.TOPIC,
    ),
    method(
        "conversations.archive",
        _archive,
        tier="t2",
        args="channel!",
        errors=f"{FOUND} already_archived cant_archive_general"
        " method_not_supported_for_channel_type not_in_channel",
        scopes=scopes.WRITE,
    ),
    method(
        "conversations.unarchive",
        _unarchive,
        tier="t2",
        args="channel!",
        errors=f"{FOUND} method_not_supported_for_channel_type not_archived",
        scopes=scopes.WRITE,
    ),
    method(
        "conversations.open",
        _open,
        tier="t3",
        args="channel prevent_creation:bool return_im:bool users:list",
        errors=f"{FOUND} too_many_users user_disabled user_not_found users_list_not_supplied",
        scopes=scopes.OPEN,
    ),
)
