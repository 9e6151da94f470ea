"""Modals and App Homes."""

from incident_response.sandbox.slack.drafts import checked_view
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Json, View
from incident_response.sandbox.slack.wire import view_json


def _open(call: Call) -> Json:
    body = checked_view(call.args["view"], "modal")
    return _answer(call, call.workspace.views.open(body, user=_exchanged(call)))


def _push(call: Call) -> Json:
    body = checked_view(call.args["view"], "modal")
    return _answer(call, call.workspace.views.push(body, user=_exchanged(call)))


def _update(call: Call) -> Json:
    view = _named_view(call)
    body = checked_view(call.args["view"], view.type)
    return _answer(call, call.workspace.views.update(view, body, expected_hash=call.get("hash")))


def _publish(call: Call) -> Json:
    body = checked_view(call.args["view"], "home")
    user = call.args["user_id"]
    if call.workspace.directory.find(user) is None:
        raise SlackError("missing_profile_id")
    return _answer(
        call, call.workspace.views.publish(body, user=user, expected_hash=call.get("hash"))
    )


def _exchanged(call: Call) -> str:
    pointer = call.get("trigger_id") or call.get("interactivity_pointer") or ""
    return call.doors.triggers.exchange(pointer)


def _named_view(call: Call) -> View:
    if call.get("view_id"):
        return call.workspace.views.get(call.args["view_id"])
    view = call.workspace.views.by_external_id(call.get("external_id", ""))
    if view is None or not call.get("external_id"):
        raise SlackError("not_found")
    return view


def _answer(call: Call, view: View) -> Json:
    return {"view": view_json(call.workspace, view)}


TRIGGERED = (
    "duplicate_external_id exchanged_trigger_id expired_trigger_id invalid_trigger_id"
    " view_too_large"
)
METHODS = (
    method(
        "views.open",
        _open,
        tier="t4",
        args="trigger_id interactivity_pointer view!:json",
        errors=TRIGGERED,
    ),
    method(
        "views.push",
        _push,
        tier="t4",
        args="trigger_id interactivity_pointer view!:json",
        errors=f"{TRIGGERED} not_found push_limit_reached",
    ),
    method(
        "views.update",
        _update,
        tier="t4",
        args="view_id external_id view!:json hash",
        errors="duplicate_external_id hash_conflict not_found view_too_large",
    ),
    method(
        "views.publish",
        _publish,
        tier="t4",
        args="user_id! view!:json hash interactivity_pointer",
        errors="duplicate_external_id hash_conflict missing_profile_id view_too_large",
    ),
)
