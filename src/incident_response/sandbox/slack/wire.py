"""Records as Slack's JSON. Shapes follow the objects of docs.slack.dev/reference/objects."""

from dataclasses import asdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from incident_response.sandbox.slack.model import (
    Bookmark,
    Channel,
    File,
    Json,
    Message,
    User,
    UserGroup,
    View,
)
from incident_response.sandbox.slack.workspace import Workspace


def user_json(workspace: Workspace, user: User) -> Json:
    """A user object; a deactivated user keeps only the bare fields."""
    base: Json = {
        "id": user.id,
        "team_id": workspace.team.id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": _profile_json(workspace, user),
        "is_bot": user.is_bot,
        "updated": user.updated,
        "is_app_user": False,
    }
    if user.deleted:
        return base
    return base | {
        "color": user.color,
        "real_name": user.real_name,
        **_zone_json(workspace, user),
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_email_confirmed": user.email is not None,
        "who_can_share_contact_card": "EVERYONE",
    }


def _profile_json(workspace: Workspace, user: User) -> Json:
    profile: Json = {
        "title": user.title,
        "phone": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.display_name,
        "display_name_normalized": user.display_name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": f"g{user.id.lower()}",
        "first_name": user.real_name.partition(" ")[0],
        "last_name": user.real_name.partition(" ")[2],
        "team": workspace.team.id,
    }
    if user.is_bot:
        return profile | {"bot_id": user.bot_id, "api_app_id": user.app_id}
    return profile if user.email is None else profile | {"email": user.email}


def _zone_json(workspace: Workspace, user: User) -> Json:
    moment = datetime.fromtimestamp(workspace.state.now(), UTC).astimezone(ZoneInfo(user.tz))
    offset = moment.utcoffset()
    return {
        "tz": user.tz,
        "tz_label": moment.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
    }


def usergroup_json(workspace: Workspace, group: UserGroup, *, with_users: bool) -> Json:
    """A user group object, with its members' ids where asked for."""
    body: Json = {
        "id": group.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": group.description,
        "handle": group.handle,
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": group.created if group.disabled else 0,
        "auto_type": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.users),
    }
    return body | {"users": list(group.users)} if with_users else body


def channel_json(
    workspace: Workspace, channel: Channel, viewer: str, *, with_count: bool = False
) -> Json:
    """A conversation object, as `viewer` sees it."""
    body: Json = {
        "id": channel.id,
        "created": channel.created,
        "creator": channel.creator,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": workspace.team.id,
    }
    if channel.is_im:
        others = [member for member in channel.members if member != viewer]
        return body | {"user": others[0] if others else viewer, "priority": 0}
    body |= {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public_channel",
        "is_group": channel.kind == "private_channel",
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "is_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "unlinked": 0,
        "is_member": viewer in channel.members,
        "topic": asdict(channel.topic),
        "purpose": asdict(channel.purpose),
        "previous_names": list(channel.previous_names),
    }
    return body | {"num_members": len(channel.members)} if with_count else body


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = True) -> Json:
    """A message object, without its channel: the answer around it says where."""
    body: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": workspace.team.id,
    }
    body |= _author_json(workspace, message) | _content_json(workspace, message)
    if message.subtype:
        body["subtype"] = message.subtype
    if message.inviter:
        body["inviter"] = message.inviter
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body | _thread_json(workspace, message)


def _author_json(workspace: Workspace, message: Message) -> Json:
    body: Json = {}
    if message.client_msg_id:
        body["client_msg_id"] = message.client_msg_id
    if message.bot_id:
        app = workspace.app
        body |= {"bot_id": message.bot_id, "app_id": message.app_id}
        body["bot_profile"] = {
            "id": message.bot_id,
            "app_id": message.app_id,
            "user_id": message.user,
            "name": app.name,
            "icons": {},
            "deleted": False,
            "updated": 0,
            "team_id": workspace.team.id,
        }
    if message.username:
        body |= {"username": message.username, "subtype": "bot_message"}
    if message.icon_emoji or message.icon_url:
        icons = {"emoji": message.icon_emoji, "image_48": message.icon_url}
        body["icons"] = {key: value for key, value in icons.items() if value}
    return body


def _content_json(workspace: Workspace, message: Message) -> Json:
    body: Json = {}
    if message.blocks:
        body["blocks"] = message.blocks
    if message.attachments:
        body["attachments"] = message.attachments
    if message.files:
        files = (workspace.files.get(file) for file in message.files)
        body["files"] = [file_json(workspace, file) for file in files]
    if message.edited:
        body["edited"] = asdict(message.edited)
    if message.reactions:
        body["reactions"] = [asdict(r) | {"count": len(r.users)} for r in message.reactions]
    if workspace.pins.is_pinned(message.channel, message.ts):
        body["pinned_to"] = [message.channel]
    return body


def _thread_json(workspace: Workspace, message: Message) -> Json:
    if message.thread_ts is None:
        return {}
    if message.is_reply:
        parent = workspace.messages.find(message.channel, message.thread_ts)
        author = {"parent_user_id": parent.user} if parent else {}
        return {"thread_ts": message.thread_ts, **author}
    return {
        "thread_ts": message.thread_ts,
        "reply_count": message.reply_count,
        "reply_users_count": len(message.reply_users),
        "reply_users": list(message.reply_users),
        "latest_reply": message.latest_reply,
        "is_locked": False,
        "subscribed": False,
    }


def bookmark_json(workspace: Workspace, bookmark: Bookmark) -> Json:
    """A bookmark object."""
    return {
        "id": bookmark.id,
        "channel_id": bookmark.channel,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji,
        "icon_url": None,
        "type": bookmark.type,
        "entity_id": None,
        "date_created": bookmark.date_created,
        "date_updated": bookmark.date_updated,
        "rank": bookmark.rank,
        "last_updated_by_user_id": bookmark.last_updated_by_user,
        "last_updated_by_team_id": workspace.team.id,
        "shortcut_id": None,
        "app_id": None,
    }


def file_json(workspace: Workspace, file: File) -> Json:
    """A file object; private channels it is shared in are listed as `groups`."""
    channels = [workspace.channels.get(channel) for channel in file.channels]
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.snippet_type or file.name.rpartition(".")[2],
        "user": file.user,
        "size": file.size,
        "mode": "snippet" if file.snippet_type else "hosted",
        "is_external": False,
        "is_public": any(not channel.is_private for channel in channels),
        "alt_txt": file.alt_text,
        "channels": [channel.id for channel in channels if not channel.is_private],
        "groups": [channel.id for channel in channels if channel.is_private],
        "ims": [],
    }


def view_json(workspace: Workspace, view: View) -> Json:
    """A view object: what the app sent, with what Slack knows of it laid around."""
    defaults: Json = {
        "callback_id": "",
        "private_metadata": "",
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return {
        **defaults,
        **view.body,
        "id": view.id,
        "team_id": workspace.team.id,
        "external_id": view.external_id,
        "state": {"values": view.state},
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": view.app_id,
        "bot_id": view.bot_id,
        "app_installed_team_id": workspace.team.id,
    }
