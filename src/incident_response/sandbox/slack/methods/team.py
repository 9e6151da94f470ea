"""Who the token is, what the workspace is, and where the socket is."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Json


def _api_test(call: Call) -> Json:
    answer: Json = {"args": call.raw} if call.raw else {}
    return answer | {"ok": False, "error": call.args["error"]} if call.get("error") else answer


def _auth_test(call: Call) -> Json:
    app, team = call.workspace.app, call.workspace.team
    return {
        "url": call.doors.team_url(),
        "team": team.name,
        "user": app.bot_handle,
        "team_id": team.id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def _connections_open(call: Call) -> Json:
    return {"url": call.doors.socket_url()}


def _team_info(call: Call) -> Json:
    team = call.workspace.team
    wanted = (call.get("team", team.id), call.get("domain", team.domain))
    if wanted != (team.id, team.domain):
        raise SlackError("team_not_found")
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "url": call.doors.team_url(),
            "domain": team.domain,
            "email_domain": team.email_domain,
            "icon": {"image_default": True},
            "avatar_base_url": "",
            "is_verified": False,
        }
    }


def _bots_info(call: Call) -> Json:
    app = call.workspace.app
    user = call.workspace.directory.by_bot(call.get("bot", app.bot_id))
    if user is None:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": user.bot_id,
            "deleted": user.deleted,
            "name": user.real_name,
            "updated": user.updated,
            "app_id": user.app_id or "",
            "user_id": user.id,
            "icons": {},
        }
    }


METHODS = (
    method("api.test", _api_test, tier="t4", args="error", caller="nobody"),
    method("auth.test", _auth_test, tier="t5", errors="invalid_auth", caller="anyone"),
    method(
        "apps.connections.open",
        _connections_open,
        tier="t3",
        errors="invalid_auth internal_error",
        caller="app",
    ),
    method(
        "team.info",
        _team_info,
        tier="t3",
        args="domain team",
        errors="team_not_found",
        scopes="team:read",
    ),
    method(
        "bots.info",
        _bots_info,
        tier="t3",
        args="bot team_id",
        errors="bot_not_found",
        scopes="users:read",
        takes_json=False,
    ),
)
