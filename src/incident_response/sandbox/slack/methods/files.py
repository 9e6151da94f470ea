"""Uploading a file in three steps, and reading what is known of it."""

from incident_response.sandbox.slack.drafts import checked_blocks
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.methods.spec import Call, method
from incident_response.sandbox.slack.model import Blocks, Channel, File, Json, Message
from incident_response.sandbox.slack.wire import file_json

SNIPPET_BYTES = 1_000_000
ALT_TEXT_LIMIT = 1000
CHANNELS_AT_ONCE = 100


def _get_upload_url(call: Call) -> Json:
    length = call.args["length"]
    if length <= 0:
        raise SlackError("missing_argument")
    if call.get("snippet_type") and length > SNIPPET_BYTES:
        raise SlackError("snippet_too_large")
    if len(call.get("alt_txt", "")) > ALT_TEXT_LIMIT:
        raise SlackError("alt_txt_too_large")
    file = call.workspace.files.announce(
        call.args["filename"],
        length,
        user=call.actor,
        snippet_type=call.get("snippet_type", ""),
        alt_text=call.get("alt_txt", ""),
    )
    return {"upload_url": call.doors.upload_url(file.id), "file_id": file.id}


def _complete_upload(call: Call) -> Json:
    entries = _entries(call.args["files"])
    uploaded = [
        call.workspace.files.uploaded(str(entry["id"]), user=call.actor) for entry in entries
    ]
    channels = _channels(call)
    blocks = checked_blocks(call.args["blocks"]) if call.get("blocks") else []
    for entry, file in zip(entries, uploaded, strict=True):
        call.workspace.files.complete(
            file, title=entry.get("title"), channels=[channel.id for channel in channels]
        )
    for channel in channels:
        _share(call, channel, uploaded, blocks)
    return {"files": [file_json(call.workspace, file) for file in uploaded]}


def _info(call: Call) -> Json:
    file = call.workspace.files.get(call.args["file"])
    shared_in = [call.workspace.channels.get(channel) for channel in file.channels]
    if file.user != call.actor and not any(c.visible_to(call.actor) for c in shared_in):
        raise SlackError("file_not_found")
    return {
        "file": file_json(call.workspace, file),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def _entries(files: object) -> list[Json]:
    if not isinstance(files, list) or not files:
        raise SlackError("file_not_found")
    if not all(isinstance(entry, dict) and entry.get("id") for entry in files):
        raise SlackError("file_not_found")
    return files


def _channels(call: Call) -> list[Channel]:
    """The channels to share in: `channel_id`, or `channels` parted by commas; may be none."""
    named = [*call.get("channel_id", "").split(","), *call.get("channels", "").split(",")]
    ids = list(dict.fromkeys(name.strip() for name in named if name.strip()))
    if len(ids) > CHANNELS_AT_ONCE:
        raise SlackError("channels_limit_exceeded")
    channels = [call.workspace.channels.seen_by(call.actor, channel) for channel in ids]
    if any(call.actor not in channel.members for channel in channels):
        raise SlackError("not_in_channel")
    if any(channel.is_archived for channel in channels):
        raise SlackError("posting_to_channel_denied")
    return channels


def _share(call: Call, channel: Channel, files: list[File], blocks: Blocks) -> None:
    app = call.workspace.app
    call.workspace.messages.post(
        Message(
            channel=channel.id,
            ts="",
            user=app.bot_user_id,
            bot_id=app.bot_id,
            app_id=app.app_id,
            text=call.get("initial_comment", ""),
            blocks=blocks,
            files=[file.id for file in files],
            thread_ts=_thread(call, channel),
        )
    )


def _thread(call: Call, channel: Channel) -> str | None:
    """A thread that is not there is no reason to lose an upload: the file goes to the channel."""
    ts: str | None = call.get("thread_ts")
    return ts if ts and call.workspace.messages.find(channel.id, ts) else None


METHODS = (
    method(
        "files.getUploadURLExternal",
        _get_upload_url,
        tier="t4",
        args="length!:int filename! snippet_type alt_txt",
        errors="alt_txt_too_large missing_argument snippet_too_large",
        scopes="files:write",
        takes_json=False,
    ),
    method(
        "files.completeUploadExternal",
        _complete_upload,
        tier="t4",
        args="files!:json channel_id thread_ts channels initial_comment blocks:json username"
        " icon_url icon_emoji",
        errors="access_denied channel_not_found channels_limit_exceeded file_not_found"
        " invalid_blocks not_in_channel posting_to_channel_denied",
        scopes="files:write",
    ),
    method(
        "files.info",
        _info,
        tier="t4",
        args="file! count:int cursor limit:int page:int",
        errors="file_not_found",
        scopes="files:read",
        takes_json=False,
    ),
)
