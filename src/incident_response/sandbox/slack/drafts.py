"""From what an app sends as a message to what the workspace keeps: checks, limits, names."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from incident_response.sandbox.slack.block_check import (
    block_problems,
    is_too_large,
    view_problems,
    with_ids,
)
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Blocks, Json

MARKDOWN_LIMIT = 12_000
ATTACHMENT_LIMIT = 100
METADATA_BYTES = 16_000


def content_of(args: Mapping[str, Any], *, keep_metadata: bool = True) -> Json:
    """The `Message` fields an app's arguments set; only those that were given are in the answer.

    Raises `markdown_text_conflict`, `invalid_blocks_format`, `invalid_blocks` (with Slack's
    messages), `too_many_attachments`, and the three metadata errors.
    """
    fields: Json = {}
    if args.get("markdown_text") is not None:
        fields |= _markdown(args)
    if args.get("text") is not None:
        fields["text"] = str(args["text"])
    if args.get("blocks") is not None:
        fields["blocks"] = checked_blocks(args["blocks"])
    if args.get("attachments") is not None:
        fields["attachments"] = _checked_attachments(args["attachments"])
    if keep_metadata and args.get("metadata") is not None:
        fields["metadata"] = _checked_metadata(args["metadata"])
    return fields


def require_content(fields: Json) -> None:
    """Raise `no_text` for a message that would show nothing."""
    if not (fields.get("text") or fields.get("blocks") or fields.get("attachments")):
        raise SlackError("no_text")


def checked_blocks(blocks: Any) -> Blocks:
    """The blocks, each with its ids."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = block_problems(blocks)
    if problems:
        raise SlackError("invalid_blocks", errors=problems, response_metadata=_said(problems))
    return with_ids(blocks, new_block_id)


def new_block_id() -> str:
    """An id such as Slack gives to what an app left without one."""
    return secrets.token_urlsafe(4)


def _said(problems: list[str]) -> Json:
    return {"messages": problems}


def _markdown(args: Mapping[str, Any]) -> Json:
    text = str(args["markdown_text"])
    if args.get("text") or args.get("blocks"):
        raise SlackError("markdown_text_conflict")
    if len(text) > MARKDOWN_LIMIT:
        raise SlackError("invalid_arguments", response_metadata=_said(["[ERROR] markdown_text"]))
    block = {"type": "markdown", "block_id": new_block_id(), "text": text}
    return {"text": text, "blocks": [block] if text else []}


def _checked_attachments(attachments: Any) -> list[Json]:
    """Attachments are kept as sent, numbered; their blocks get ids."""
    if not isinstance(attachments, list):
        return []
    if len(attachments) > ATTACHMENT_LIMIT:
        raise SlackError("too_many_attachments")
    return [
        {"id": number, "fallback": "[no preview available]", **_with_blocks(attachment)}
        for number, attachment in enumerate(attachments, start=1)
        if isinstance(attachment, dict)
    ]


def _with_blocks(attachment: Json) -> Json:
    if "blocks" not in attachment:
        return attachment
    return attachment | {"blocks": checked_blocks(attachment["blocks"])}


def _checked_metadata(metadata: Any) -> Json | None:
    """`{event_type, event_payload}` of plain values; an empty object takes metadata away."""
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not metadata:
        return None
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return {"event_type": kind, "event_payload": payload}


def checked_view(view: Any, kind: str) -> Json:
    """The view, each block with its ids; `view_too_large`, or `invalid_arguments` that say why."""
    if is_too_large(view):
        raise SlackError("view_too_large")
    problems = view_problems(view)
    if not problems and view["type"] != kind:
        problems = [f"[ERROR] must be a {kind} view [json-pointer:/view/type]"]
    if problems:
        raise SlackError("invalid_arguments", response_metadata=_said(problems))
    return {**view, "blocks": with_ids(view["blocks"], new_block_id)}
