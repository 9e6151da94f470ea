"""User groups and who is in them."""

from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Json
from incident_response.sandbox.slack.wire import usergroup_json


def _list(call: Call) -> Json:
    groups = call.workspace.directory.usergroups()
    with_users = call.get("include_users", False)
    return {
        "usergroups": [
            usergroup_json(call.workspace, group, with_users=with_users)
            for group in groups
            if call.get("include_disabled") or not group.disabled
        ]
    }


def _users_list(call: Call) -> Json:
    return {"users": list(call.workspace.directory.usergroup(call.args["usergroup"]).users)}


METHODS = (
    method(
        "usergroups.list",
        _list,
        tier="t2",
        args="include_count:bool include_disabled:bool include_users:bool team_id",
        scopes="usergroups:read",
        takes_json=False,
    ),
    method(
        "usergroups.users.list",
        _users_list,
        tier="t2",
        args="include_disabled:bool usergroup! team_id",
        errors="no_such_subteam",
        scopes="usergroups:read",
        takes_json=False,
    ),
)
