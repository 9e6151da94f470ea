"""From what Slack delivered to an envelope: its key, whom it is from, how to refuse it visibly.

Pure. Not here: receiving and answering (``receiver``), what a payload means (commands, actions).
"""

import hashlib
from datetime import datetime
from typing import Any

from incident_response.adapters.slack.client import Identity
from incident_response.domain.model import Json
from incident_response.ports.inbox import Envelope, EnvelopeKind

Payload = dict[str, Any]
"""A payload as Slack sends it; its shape is Slack's."""

NOT_RECORDED = "That could not be recorded, so nothing was done. Please try again."
NOT_CONFIRMED = (
    "It could not be confirmed in time that that was recorded. "
    "Please look whether it took effect before you try again."
)


def envelope_of(kind: EnvelopeKind, payload: Payload, *, received_at: datetime) -> Envelope:
    """The envelope of a payload; Slack's old verification token is left out."""
    kept: Json = {name: value for name, value in payload.items() if name != "token"}
    return Envelope(key=key_of(kind, payload), kind=kind, payload=kept, received_at=received_at)


def key_of(kind: EnvelopeKind, payload: Payload) -> str:
    """The same for every delivery of the same thing.

    An event has its id. What a person does has a trigger of its own, except closing a modal; then
    it is what was done where, when and by whom.
    """
    if kind is EnvelopeKind.EVENT and payload.get("event_id"):
        return f"{kind}-{payload['event_id']}"
    parts = [payload["trigger_id"]] if payload.get("trigger_id") else _particulars(payload)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{kind}-{digest[:32]}"


def _particulars(payload: Payload) -> list[str]:
    container = payload.get("container") or {}
    view = payload.get("view") or {}
    user = payload.get("user") or {}
    actions = [f"{a.get('action_id')} {a.get('action_ts')}" for a in payload.get("actions") or ()]
    event = payload.get("event") or {}
    return [
        str(payload.get("type")),
        str(container.get("message_ts") or container.get("view_id")),
        str(view.get("id")),
        str(user.get("id")),
        str(payload.get("action_ts")),
        f"{event.get('type')} {event.get('user')} {event.get('event_ts')}",
        *actions,
    ]


def is_foreign(payload: Payload, ours: Identity) -> bool:
    """Whether it comes from another workspace, such as a stranger in a shared channel."""
    user = payload.get("user")
    event = payload.get("event") or {}
    teams = (
        payload.get("team_id"),
        (payload.get("team") or {}).get("id"),
        user.get("team_id") if isinstance(user, dict) else None,
        event.get("user_team"),
        event.get("team"),
    )
    return any(isinstance(team, str) and team not in ("", ours.team_id) for team in teams)


def is_our_own(payload: Payload, ours: Identity) -> bool:
    """Whether it only tells what our own bot did: its messages, their edits, its joining."""
    event = payload.get("event") or {}
    changed = event.get("message") or {}
    bots = (event.get("bot_id"), changed.get("bot_id"))
    users = (event.get("user"), changed.get("user"))
    return bool(ours.bot_id and ours.bot_id in bots) or ours.bot_user_id in users


def visible_refusal(payload: Payload, text: str) -> Json | None:
    """What goes back with the acknowledgement so that the person sees ``text``; None if this kind
    of thing has no such place.
    """
    if payload.get("type") == "view_submission":
        block = _first_input(payload)
        return {"response_action": "errors", "errors": {block: text}} if block else None
    if "command" in payload:
        return {"response_type": "ephemeral", "text": text}
    return None


def _first_input(payload: Payload) -> str:
    """Slack shows an error only under a block that takes input."""
    blocks = (payload.get("view") or {}).get("blocks") or ()
    return next((b["block_id"] for b in blocks if b.get("type") == "input"), "")
