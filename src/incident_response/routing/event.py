"""The spec of a queue event, and the registry that decodes a delivery and hands it over.

An event nobody knows, or a text nobody can parse, is an error and ends among the dead letters; it
is never dropped. Not here: what an event does (events).
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from incident_response.domain.errors import PermanentError
from incident_response.domain.model import Json
from incident_response.ports.event_queue import Delivery
from incident_response.routing.table import unique_table
from incident_response.routing.workflows import Workflows
from incident_response.telemetry import annotate, note_incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A decoded event."""

    type: str
    body: Json


Handle = Callable[[Event, Workflows], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHandler:
    """One event type and what is done about it."""

    type: str
    handle: Handle


class UndecodableEventError(PermanentError):
    """The message is no event we know."""


class _Wire(BaseModel):
    """The text of a message (``ports.event_queue.encode``)."""

    model_config = ConfigDict(extra="ignore")
    type: str
    body: Json = {}


class EventRegistry:
    """Decodes deliveries and finds their handlers."""

    def __init__(self, handlers: Sequence[EventHandler]) -> None:
        self._handlers = unique_table("event", ((h.type, h) for h in handlers))

    @property
    def types(self) -> tuple[str, ...]:
        """The event types it knows."""
        return tuple(self._handlers)

    async def handle(self, delivery: Delivery, workflows: Workflows) -> None:
        """Raises ``UndecodableEventError``, or what the handler raises."""
        wire = _decode(delivery.raw)
        handler = self._handlers.get(wire.type)
        if handler is None:
            raise UndecodableEventError(f"no handler for the event type {wire.type[:60]!r}")
        annotate(event=wire.type)
        incident_id = wire.body.get("incident_id")
        if isinstance(incident_id, str):
            note_incident(incident_id)
        await handler.handle(Event(type=wire.type, body=wire.body), workflows)


def required_text(body: Json, key: str) -> str:
    """A text of the event's body. Raises ``UndecodableEventError`` if it is missing."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise UndecodableEventError(f"the event has no {key}")
    return value


def _decode(raw: str) -> _Wire:
    try:
        return _Wire.model_validate(json.loads(raw))
    except (ValueError, ValidationError, RecursionError) as error:
        raise UndecodableEventError("the message is not the JSON of an event") from error
