"""Who is in a conversation: listing, inviting, joining, leaving, removing."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods import scopes
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Channel, Json
from incident_response.sandbox.slack.paging import page_of
from incident_response.sandbox.slack.wire import channel_json

INVITES_AT_ONCE = 1000
MEMBERS_PAGE = 100
MEMBERS_PAGE_MOST = 1000


def _members(call: Call) -> Json:
    channel = call.channel(scopes.READ)
    limit = call.get("limit", 0) or MEMBERS_PAGE
    if not 1 <= limit <= MEMBERS_PAGE_MOST:
        raise SlackError("invalid_limit")
    members, cursor = page_of(channel.members, str, limit=limit, cursor=call.get("cursor"))
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


def _invite(call: Call) -> Json:
    channel = call.channel(scopes.INVITE)
    users = list(dict.fromkeys(call.args["users"]))
    if not users:
        raise SlackError("no_user")
    if len(users) > INVITES_AT_ONCE:
        said = f"[ERROR] no more than {INVITES_AT_ONCE} items allowed [json-pointer:/users]"
        raise SlackError("invalid_arguments", response_metadata={"messages": [said]})
    # What is wrong with the channel comes before what is wrong with anybody.
    call.workspace.channels.invite(channel, (), actor=call.actor)
    refused = call.workspace.channels.refusals(channel, users, actor=call.actor)
    welcome = [user for user in users if user not in refused]
    errors = [{"user": user, "ok": False, "error": why} for user, why in refused.items()]
    if refused and not (call.get("force") and welcome):
        raise SlackError(str(errors[0]["error"]), errors=errors)
    call.workspace.channels.invite(channel, welcome, actor=call.actor)
    return _answer(call, channel) | ({"errors": errors} if errors else {})


def _join(call: Call) -> Json:
    channel = call.workspace.channels.seen_by(call.actor, call.args["channel"])
    if call.workspace.channels.join(channel, actor=call.actor):
        return _answer(call, channel)
    return _answer(call, channel) | {
        "warning": "already_in_channel",
        "response_metadata": {"warnings": ["already_in_channel"]},
    }


def _leave(call: Call) -> Json:
    left = call.workspace.channels.leave(call.channel(scopes.WRITE), actor=call.actor)
    return {} if left else {"not_in_channel": True}


def _kick(call: Call) -> Json:
    channel = call.channel(scopes.KICK)
    call.workspace.channels.kick(channel, call.get("user", ""), actor=call.actor)
    return {"errors": {}}


def _answer(call: Call, channel: Channel) -> Json:
    return {"channel": channel_json(call.workspace, channel, call.actor)}


FOUND = "channel_not_found method_not_supported_for_channel_type missing_scope"
METHODS = (
    method(
        "conversations.members",
        _members,
        tier="t4",
        args="channel! cursor limit:int",
        errors="channel_not_found invalid_cursor invalid_limit missing_scope",
        scopes=scopes.READ,
        takes_json=False,
    ),
    method(
        "conversations.invite",
        _invite,
        tier="t3",
        args="channel! force:bool users!:list",
        errors=f"{FOUND} already_in_channel cant_invite_self is_archived no_user not_in_channel"
        " user_not_found",
        scopes=scopes.INVITE,
    ),
    method(
        "conversations.join",
        _join,
        tier="t3",
        args="channel!",
        errors=f"{FOUND} is_archived",
        scopes="channels:join",
    ),
    method(
        "conversations.leave",
        _leave,
        tier="t3",
        args="channel!",
        errors=f"{FOUND} cant_leave_general is_archived last_member",
        scopes=scopes.WRITE,
    ),
    method(
        "conversations.kick",
        _kick,
        tier="t3",
        args="channel! user",
        errors=f"{FOUND} cant_kick_from_general cant_kick_self not_in_channel user_not_found",
        scopes=scopes.KICK,
    ),
)
