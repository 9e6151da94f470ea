"""Grafana OnCall's outgoing webhook, in both of its shapes.

* What OnCall and Grafana IRM really send (*forward all*): ``event``, ``alert_group``,
  ``alert_payload``, ``integration``; the change is ``event.type`` at ``event.time``.
* The specification's shape, as a signing proxy or a drill sends it: ``alert_group`` with its
  ``state``, and ``alerts``.

Not here: Grafana Alerting, whose body is Alertmanager's.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from incident_response.domain.alert import Alert, AlertState, OnCallRoute
from incident_response.domain.model import Json
from incident_response.routing import alert_fields
from incident_response.routing.alert_fields import MAX_RAW_STATE, Trim, Wire
from incident_response.routing.alert_source import AlertSource, ParseContext

MAX_ALERTS = 100
"""Alerts in one request of the specification's shape."""

_GROUP_STATES = {
    "new": AlertState.FIRING,
    "firing": AlertState.FIRING,
    "alerting": AlertState.FIRING,
    "resolved": AlertState.RESOLVED,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "silenced": AlertState.SILENCED,
}
# The names of OnCall's webhook triggers, as they stand in event.type.
_EVENT_STATES = {
    "alert group created": AlertState.FIRING,
    "resolve": AlertState.RESOLVED,
    "acknowledge": AlertState.ACKNOWLEDGED,
    "silence": AlertState.SILENCED,
    "unresolve": AlertState.FIRING,
    "unacknowledge": AlertState.FIRING,
    "unsilence": AlertState.FIRING,
}
# These tell that something was done about the group; what it stands at is in the group.
_STATELESS_EVENTS = frozenset({"escalation", "personal notification", "status change"})


class _Group(Wire):
    id: str
    title: str
    state: str


class _AlertItem(Wire):
    id: str = Field(min_length=1)
    title: str = ""
    message: str | None = None
    image_url: str | None = None
    source_url: str | None = None
    received_at: str | None = None


class _Specified(Wire):
    alert_group_id: str
    alert_group: _Group
    integration_id: str = Field(min_length=1)
    route_id: str | None = None
    team_id: str | None = None
    team_name: str | None = None
    labels: dict[str, Any] | None = None
    alerts: list[_AlertItem] = Field(min_length=1, max_length=MAX_ALERTS)


class _Event(Wire):
    type: str = Field(min_length=1)
    time: str | None = None


class _NativeGroup(Wire):
    title: str | None = None
    state: str | None = None
    integration_id: str | None = None
    route_id: str | None = None
    alerts_count: int | None = None
    permalinks: dict[str, Any] | None = None
    labels: dict[str, Any] | None = None


class _Integration(Wire):
    id: str | None = None
    name: str | None = None
    team: Any = None


class _Native(Wire):
    event: _Event
    alert_group_id: str
    alert_group: _NativeGroup
    alert_payload: Any = None
    integration: _Integration | None = None


def parse(payload: Json, context: ParseContext) -> Alert:
    """The alert of either shape; ``event`` is what only the native one has."""
    if "event" in payload:
        return _from_native(alert_fields.validated(_Native, payload), context)
    return _from_specified(alert_fields.validated(_Specified, payload), context)


def _from_specified(body: _Specified, context: ParseContext) -> Alert:
    """The specification's shape names no time of change, only when each alert came in.

    That dates a firing group (its newest alert). Any other state is dated by its arrival, since
    the alerts in it are the ones that fired.
    """
    trim = Trim()
    state = _GROUP_STATES.get(body.alert_group.state.strip().lower(), AlertState.UNKNOWN)
    labels = trim.labels(body.labels or {})
    arrivals = [at for item in body.alerts if (at := alert_fields.moment(item.received_at))]
    firing_since = max(arrivals, default=None) if state is AlertState.FIRING else None
    return Alert(
        source=context.source,
        group_key=alert_fields.identifier(body.alert_group_id, at="/alert_group_id"),
        state=state,
        raw_state=body.alert_group.state[:MAX_RAW_STATE],
        title=trim.title(body.alert_group.title, fallback=body.alerts[0].title or "Alert"),
        summary=trim.summary(*(item.message or "" for item in body.alerts)),
        severity=alert_fields.severity_of(labels),
        service=trim.line(alert_fields.first_of(labels, alert_fields.SERVICE_LABELS)),
        team=trim.line(body.team_name or ""),
        labels=labels,
        links=trim.links(_links_of(body.alerts)),
        alert_count=len(body.alerts),
        route=OnCallRoute(
            integration_id=trim.line(body.integration_id),
            route_id=trim.line(body.route_id or ""),
            team_id=trim.line(body.team_id or ""),
            alert_group_id=body.alert_group_id,
        ),
        truncated=trim.truncated,
        **_dated(firing_since, context),
    )


def _from_native(body: _Native, context: ParseContext) -> Alert:
    trim = Trim()
    group, integration = body.alert_group, body.integration or _Integration()
    first = body.alert_payload if isinstance(body.alert_payload, dict) else {}
    labels = trim.labels({**_labels_in(first), **(group.labels or {})})
    team = integration.team if isinstance(integration.team, str) else ""
    return Alert(
        source=context.source,
        group_key=alert_fields.identifier(body.alert_group_id, at="/alert_group_id"),
        state=_native_state(body),
        raw_state=body.event.type[:MAX_RAW_STATE],
        title=trim.title(group.title or "", fallback=f"Alert group {body.alert_group_id}"),
        summary=trim.summary(*_summaries_in(first)),
        severity=alert_fields.severity_of(labels),
        service=trim.line(alert_fields.first_of(labels, alert_fields.SERVICE_LABELS)),
        team=trim.line(team or alert_fields.first_of(labels, alert_fields.TEAM_LABELS)),
        labels=labels,
        links=trim.links(_native_links(group, first)),
        alert_count=max(group.alerts_count or 1, 1),
        route=OnCallRoute(
            integration_id=trim.line(integration.id or group.integration_id or ""),
            route_id=trim.line(group.route_id or ""),
            alert_group_id=body.alert_group_id,
        ),
        truncated=trim.truncated,
        **_dated(alert_fields.moment(body.event.time), context),
    )


def _native_state(body: _Native) -> AlertState:
    told = body.event.type.strip().lower()
    if told not in _STATELESS_EVENTS:
        return _EVENT_STATES.get(told, AlertState.UNKNOWN)
    if body.alert_group.state is None:
        return AlertState.FIRING  # OnCall escalates and notifies only while it fires
    return _GROUP_STATES.get(body.alert_group.state.strip().lower(), AlertState.UNKNOWN)


def _dated(at: datetime | None, context: ParseContext) -> dict[str, Any]:
    """``changed_at`` and ``occurrence``.

    OnCall sends no time with *unsilence*, *unresolve* and *unacknowledge*, and never a delivery
    id: then the body's digest tells the change from others, as a retry repeats it to the byte.
    """
    if at is None:
        return {
            "changed_at": context.received_at,
            "occurrence": alert_fields.digest(context.raw),
        }
    return {
        "changed_at": alert_fields.not_after(at, context.received_at),
        "occurrence": at.isoformat(),
    }


def _labels_in(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Labels of the group's first alert, where its sender was an Alertmanager or Grafana."""
    found = (payload.get(key) for key in ("labels", "commonLabels"))
    return {name: value for one in found if isinstance(one, dict) for name, value in one.items()}


def _summaries_in(payload: Mapping[str, Any]) -> Iterable[str]:
    annotations = payload.get("annotations")
    places = (annotations if isinstance(annotations, dict) else {}, payload)
    values = (place.get(key) for place in places for key in ("summary", "description", "message"))
    return (value for value in values if isinstance(value, str))


def _links_of(alerts: Iterable[_AlertItem]) -> Iterable[tuple[str, object]]:
    for item in alerts:
        yield (item.title or "Source", item.source_url)
        yield (f"{item.title or 'Source'} (image)", item.image_url)


def _native_links(group: _NativeGroup, first: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    yield ("Grafana OnCall", (group.permalinks or {}).get("web"))
    yield ("Source", first.get("generatorURL"))


source = AlertSource("grafana-oncall", parse, paths=("/webhook/grafana-oncall",))
