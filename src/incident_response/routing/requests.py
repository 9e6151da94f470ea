"""What a person asked for, read from the chat's payload once.

Not here: deciding who handles it (reception).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from incident_response.blocks.action_ids import RUN_COMMAND, unreadable
from incident_response.blocks.command_form import read_command_form
from incident_response.domain.errors import PermanentError
from incident_response.domain.incident import Incident
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.ports.inbox import Envelope, EnvelopeKind
from incident_response.workflows.roles import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command typed, a button clicked, a modal submitted, a shortcut used or something that
    happened.
    """

    key: str
    """The same at every redelivery."""
    kind: EnvelopeKind
    """What it counts as: a button of the tray, and its form, count as the command they type."""
    name: str
    """The action id, callback id, event type, or the slash command with its slash."""
    user_id: UserId
    channel_id: ChannelId
    """Empty where the chat names none, as for a modal."""
    received_at: datetime
    payload: Json
    """The chat's whole payload: untrusted but for who and where."""
    text: str = ""
    """What was typed after the command."""
    trigger_id: str = ""
    response_url: str = ""
    incident: Incident | None = None
    """The incident whose room this is."""

    @property
    def action(self) -> Json:
        """The clicked element, for a click."""
        actions = self.payload.get("actions")
        return obj(actions[0]) if isinstance(actions, list) and actions else {}

    @property
    def value(self) -> str:
        """What the clicked button carries, or the chosen option of a list."""
        chosen = obj(self.action.get("selected_option")).get("value")
        return text_of(chosen) or text_of(self.action.get("value"))

    @property
    def asked(self) -> Asked:
        """Who asks, when, under which key."""
        return Asked(by=self.user_id, at=self.received_at, key=self.key)

    @property
    def view(self) -> Json:
        """The modal, for a submission or a click in one."""
        return obj(self.payload.get("view"))

    @property
    def event(self) -> Json:
        """What happened, for an event."""
        return obj(self.payload.get("event"))

    @property
    def message(self) -> Json:
        """The message a click or shortcut was on, as the person saw it."""
        return obj(self.payload.get("message"))


def read_request(envelope: Envelope) -> Request:
    """The request in an envelope.

    Raises ``PermanentError`` for a payload that names nobody or nothing.
    """
    payload = envelope.payload
    request = _READERS[envelope.kind](envelope, payload)
    if not request.name:
        raise PermanentError("the chat sent something without a name")
    return request


def as_typed(request: Request) -> Request:
    """The command that a click in the tray, or its filled-in form, stands for; any other request
    as it is.

    Raises ``RefusedError`` for a button or form that this version of the program never drew.
    """
    if request.name != RUN_COMMAND:
        return request
    line = text_of(request.action.get("value"))
    if request.kind is EnvelopeKind.VIEW:
        form = read_command_form(request.view)
        request, line = replace(request, channel_id=form.channel_id), form.line
    if not line.startswith("/"):
        raise unreadable("this button types no command")
    name, _, text = line.partition(" ")
    return replace(request, kind=EnvelopeKind.COMMAND, name=name, text=text.strip())


def obj(value: JsonValue) -> Json:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of(value: JsonValue) -> str:
    """``value`` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def _command(envelope: Envelope, payload: Json) -> Request:
    return Request(
        key=envelope.key,
        kind=envelope.kind,
        name=text_of(payload.get("command")),
        user_id=UserId(text_of(payload.get("user_id"))),
        channel_id=ChannelId(text_of(payload.get("channel_id"))),
        received_at=envelope.received_at,
        payload=payload,
        text=text_of(payload.get("text")).strip(),
        trigger_id=text_of(payload.get("trigger_id")),
        response_url=text_of(payload.get("response_url")),
    )


def _interaction(envelope: Envelope, payload: Json) -> Request:
    container, view = obj(payload.get("container")), obj(payload.get("view"))
    channel = obj(payload.get("channel")).get("id") or container.get("channel_id")
    name = payload.get("callback_id") or view.get("callback_id")
    if envelope.kind is EnvelopeKind.ACTION:
        actions = cast(list[JsonValue], payload.get("actions") or [{}])
        name = text_of(obj(actions[0]).get("action_id")).partition(":")[0]
    return Request(
        key=envelope.key,
        kind=envelope.kind,
        name=text_of(name),
        user_id=UserId(text_of(obj(payload.get("user")).get("id"))),
        channel_id=ChannelId(text_of(channel)),
        received_at=envelope.received_at,
        payload=payload,
        trigger_id=text_of(payload.get("trigger_id")),
        response_url=text_of(payload.get("response_url")),
    )


def _event(envelope: Envelope, payload: Json) -> Request:
    event = obj(payload.get("event"))
    channel = event.get("channel")
    channel_id = obj(channel).get("id") if isinstance(channel, dict) else channel
    return Request(
        key=envelope.key,
        kind=envelope.kind,
        name=text_of(event.get("type")),
        user_id=UserId(text_of(event.get("user"))),
        channel_id=ChannelId(text_of(channel_id)),
        received_at=envelope.received_at,
        payload=payload,
    )


_READERS = {
    EnvelopeKind.COMMAND: _command,
    EnvelopeKind.ACTION: _interaction,
    EnvelopeKind.VIEW: _interaction,
    EnvelopeKind.SHORTCUT: _interaction,
    EnvelopeKind.EVENT: _event,
}
