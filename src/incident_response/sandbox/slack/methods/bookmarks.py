"""The links at a channel's head. Their errors know no `not_in_channel`: a stranger is denied."""

from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Bookmark, Json
from incident_response.sandbox.slack.wire import bookmark_json


def _add(call: Call) -> Json:
    if call.args["type"] != "link":
        raise SlackError("invalid_bookmark_type")
    bookmark = call.workspace.bookmarks.add(
        _channel(call),
        title=call.args["title"],
        link=call.get("link", ""),
        emoji=call.get("emoji", ""),
        actor=call.actor,
    )
    return _answer(call, bookmark)


def _list(call: Call) -> Json:
    bookmarks = call.workspace.bookmarks.of(_channel(call))
    return {"bookmarks": [bookmark_json(call.workspace, bookmark) for bookmark in bookmarks]}


def _edit(call: Call) -> Json:
    bookmark = _bookmark(call)
    call.workspace.bookmarks.edit(
        bookmark,
        actor=call.actor,
        title=call.get("title"),
        link=call.get("link"),
        emoji=call.get("emoji"),
    )
    return _answer(call, bookmark)


def _remove(call: Call) -> Json:
    call.workspace.bookmarks.remove(_bookmark(call))
    return {}


def _channel(call: Call) -> str:
    channel = call.workspace.channels.seen_by(call.actor, call.get("channel_id", ""))
    if call.actor not in channel.members:
        raise SlackError("access_denied")
    return channel.id


def _bookmark(call: Call) -> Bookmark:
    return call.workspace.bookmarks.get(_channel(call), call.get("bookmark_id", ""))


def _answer(call: Call, bookmark: Bookmark) -> Json:
    return {"bookmark": bookmark_json(call.workspace, bookmark)}


FOUND = "access_denied channel_not_found"
METHODS = (
    method(
        "bookmarks.add",
        _add,
        tier="t2",
        args="channel_id title! type! link emoji entity_id access_level parent_id",
        errors=f"{FOUND} invalid_bookmark_type invalid_emoji invalid_link too_many_bookmarks",
        scopes="bookmarks:write",
    ),
    method(
        "bookmarks.list",
        _list,
        tier="t3",
        args="channel_id",
        errors=FOUND,
        scopes="bookmarks:read",
    ),
    method(
        "bookmarks.edit",
        _edit,
        tier="t2",
        args="channel_id bookmark_id title link emoji",
        errors=f"{FOUND} invalid_emoji invalid_link not_found",
        scopes="bookmarks:write",
    ),
    method(
        "bookmarks.remove",
        _remove,
        tier="t2",
        args="channel_id bookmark_id quip_section_id",
        errors=f"{FOUND} not_found",
        scopes="bookmarks:write",
    ),
)
