"""Looking people up, and the conversations somebody is in."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods import scopes
from incident_response.sandbox.slack.methods.conversations import listed
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.slack.paging import page_of
from incident_response.sandbox.slack.wire import user_json

EVERYONE = 1000  # without a limit Slack tries to give all


def _info(call: Call) -> Json:
    user = call.workspace.directory.user(call.args["user"])
    return {"user": _shown(call, user_json(call.workspace, user))}


def _list(call: Call) -> Json:
    users, cursor = page_of(
        call.workspace.directory.users(),
        lambda user: user.id,
        limit=max(0, call.get("limit", 0)) or EVERYONE,
        cursor=call.get("cursor"),
    )
    return {
        "members": [_shown(call, user_json(call.workspace, user)) for user in users],
        "cache_ts": call.workspace.state.seconds(),
        "response_metadata": {"next_cursor": cursor},
    }


def _lookup_by_email(call: Call) -> Json:
    user = call.workspace.directory.by_email(call.args["email"])
    if user is None:
        raise SlackError("users_not_found")
    return {"user": user_json(call.workspace, user)}


def _conversations(call: Call) -> Json:
    member = call.get("user", call.actor)
    channels = [c for c in call.workspace.channels.visible(call.actor) if member in c.members]
    return listed(call, channels, default_limit=100, most=999)


def _shown(call: Call, user: Json) -> Json:
    """E-mail addresses are only for tokens with the scope for them."""
    if "users:read.email" not in call.workspace.app.bot_scopes:
        user["profile"].pop("email", None)
    if call.get("include_locale"):
        user["locale"] = "en-GB"
    return user


METHODS = (
    method(
        "users.info",
        _info,
        tier="t4",
        args="user! include_locale:bool",
        errors="user_not_found",
        scopes="users:read",
        takes_json=False,
    ),
    method(
        "users.list",
        _list,
        tier="t2",
        args="cursor include_locale:bool limit:int team_id",
        errors="invalid_cursor",
        scopes="users:read",
        takes_json=False,
    ),
    method(
        "users.lookupByEmail",
        _lookup_by_email,
        tier="t3",
        args="email!",
        errors="users_not_found",
        scopes="users:read.email",
        takes_json=False,
    ),
    method(
        "users.conversations",
        _conversations,
        tier="t3",
        args="cursor exclude_archived:bool exclude_muted:bool limit:int team_id types user",
        errors="invalid_cursor invalid_limit invalid_types missing_scope",
        scopes=scopes.READ,
        takes_json=False,
    ),
)
