"""Spans, and the W3C trace context that joins those of several processes.

A span holds only attributes that are named here or by its caller, each a short value without
secrets; never an error's text, an address or anything a person wrote. Without a provider nothing
is recorded, and a context that came with an alert is still passed on. Not here: exporting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from incident_response.telemetry.secrecy import blotted

Attribute = str | int | float | bool
Kind = SpanKind
INCIDENT_ID = "incident_response.incident.id"
LONGEST = 200
"""Characters of an attribute's text."""

_HEADER = "traceparent"
_NANOSECONDS = 1_000_000_000
_w3c = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("incident_response")


def traceparent() -> str:
    """The current span as a W3C ``traceparent``; empty if there is none.

    Its ``tracestate`` is not passed on: it is text of others, and none of ours.
    """
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get(_HEADER, "")


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    began_at: datetime | None = None,
    attributes: dict[str, Attribute] | None = None,
) -> Iterator[Span]:
    """A span around what follows, failed if that raises.

    ``parent`` is a ``traceparent`` that came from elsewhere; empty begins a trace, None goes on
    with the current span. ``name`` is one of few: no ids in it.
    """
    started = _tracer.start_span(
        name,
        context=None if parent is None else _w3c.extract({_HEADER: parent}, context=Context()),
        kind=kind,
        start_time=None if began_at is None else int(began_at.timestamp() * _NANOSECONDS),
        record_exception=False,
        set_status_on_exception=False,
    )
    _set(started, attributes or {})
    with trace.use_span(
        started, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield started
        except Exception as error:
            note_failure(error)
            raise


@contextmanager
def outgoing(name: str) -> Iterator[Span]:
    """A span around a call of somebody else's, within a trace; outside of any there is none: what
    the program asks by itself all day would hide what it does for an incident.
    """
    if not trace.get_current_span().get_span_context().is_valid:
        yield trace.INVALID_SPAN
        return
    with span(name, kind=SpanKind.CLIENT) as called:
        yield called


def annotate(**attributes: Attribute) -> None:
    """Add to the current span, each as ``incident_response.<name>``."""
    prefixed = {f"incident_response.{name}": value for name, value in attributes.items()}
    _set(trace.get_current_span(), prefixed)


def note_failure(error: BaseException) -> None:
    """Mark the current span as failed, by the error's kind; its text may hold anything."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    kind = getattr(error, "code", None)
    current = trace.get_current_span()
    _set(current, {"error.type": kind if isinstance(kind, str) else type(error).__name__})
    current.set_status(Status(StatusCode.ERROR))


def note_incident(incident_id: str) -> None:
    """What follows in this task is about an incident: its log lines, and the current span, name
    it.
    """
    structlog.contextvars.bind_contextvars(incident_id=incident_id)
    _set(trace.get_current_span(), {INCIDENT_ID: incident_id})


@contextmanager
def about(incident_id: str) -> Iterator[None]:
    """The log lines of what follows, and the current span, name the incident."""
    with structlog.contextvars.bound_contextvars(incident_id=incident_id):
        _set(trace.get_current_span(), {INCIDENT_ID: incident_id})
        yield


def _set(target: Span, attributes: dict[str, Attribute]) -> None:
    for name, value in attributes.items():
        text = blotted(value)[:LONGEST] if isinstance(value, str) else value
        target.set_attribute(name, text)
