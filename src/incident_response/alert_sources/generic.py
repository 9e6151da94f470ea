"""Any JSON sender, understood by a mapping of a few lines of YAML.

The shipped mapping fits the field names most senders use; the form of a mapping is described in
``routing.alert_mapping``.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from pydantic import JsonValue

from incident_response.domain.alert import Alert, OnCallRoute
from incident_response.domain.model import Json
from incident_response.domain.severity import Severity
from incident_response.routing import alert_fields
from incident_response.routing.alert_fields import MAX_RAW_STATE, Trim
from incident_response.routing.alert_mapping import AlertMapping, JsonPath, Paths
from incident_response.routing.alert_source import AlertSource, ParseContext

SHIPPED_MAPPING = {
    "group_key": ["group_key", "alert_group_id", "dedup_key", "incident_id", "id"],
    "state": ["state", "status"],
    "title": ["title", "name", "summary", "message"],
    "summary": ["description", "summary", "message"],
    "severity": ["severity", "priority", "labels.severity"],
    "service": ["service", "labels.service"],
    "team": ["team", "labels.team"],
    "changed_at": ["changed_at", "updated_at", "timestamp", "time"],
    "labels": ["labels", "tags"],
    "links": {"Source": ["url", "link"], "Runbook": "runbook_url", "Dashboard": "dashboard_url"},
    "states": {
        "firing": ["firing", "alerting", "triggered", "open", "active", "critical", "down"],
        "resolved": ["resolved", "ok", "closed", "recovered", "up"],
        "acknowledged": ["acknowledged", "acked"],
        "silenced": ["silenced", "muted", "suppressed"],
    },
}
"""As a file of ``routing.alert_mapping`` reads, without the time it takes to read YAML."""


@cache
def _shipped() -> AlertMapping:
    return AlertMapping.model_validate(SHIPPED_MAPPING)


class _Reading:
    """A payload seen through a mapping."""

    def __init__(self, payload: Json, trim: Trim) -> None:
        self._payload = payload
        self._trim = trim

    def values(self, paths: Paths) -> Iterator[JsonValue]:
        """What is there and not null, in the order of the alternatives."""
        found = (_follow(self._payload, path) for path in paths)
        return (value for value in found if value is not None)

    def text(self, paths: Paths) -> str:
        """The first scalar as text, else empty."""
        texts = (alert_fields.scalar(value) for value in self.values(paths))
        return next((text for text in texts if text), "")

    def required(self, paths: Paths) -> str:
        """Like ``text``; refuses the alert, naming the first place looked at, if there is none."""
        text = self.text(paths)
        if not text.strip():
            raise alert_fields.invalid(alert_fields.pointer(paths[0]))
        return text

    def line(self, paths: Paths) -> str:
        return self._trim.line(self.text(paths))

    def labels(self, paths: Paths) -> dict[str, str]:
        found = next((value for value in self.values(paths) if isinstance(value, dict)), {})
        return self._trim.labels(found)

    def moment(self, paths: Paths) -> datetime | None:
        times = (alert_fields.moment(value) for value in self.values(paths))
        return next((at for at in times if at is not None), None)

    def count(self, paths: Paths) -> int:
        numbers = (value for value in self.values(paths) if type(value) is int and value > 0)
        return next(numbers, 1)


def parse(payload: Json, context: ParseContext) -> Alert:
    """The alert that the context's mapping (else the shipped one) finds in ``payload``."""
    mapping = context.mapping or _shipped()
    trim = Trim()
    seen = _Reading(payload, trim)
    labels = seen.labels(mapping.labels)
    state = seen.required(mapping.state)
    key = alert_fields.identifier(
        seen.required(mapping.group_key), at=alert_fields.pointer(mapping.group_key[0])
    )
    at = seen.moment(mapping.changed_at)
    return Alert(
        source=context.source,
        group_key=key,
        state=mapping.state_of(state),
        raw_state=state[:MAX_RAW_STATE],
        changed_at=alert_fields.not_after(at or context.received_at, context.received_at),
        occurrence=at.isoformat() if at else alert_fields.digest(context.raw),
        title=trim.title(seen.required(mapping.title), fallback="Alert"),
        summary=trim.summary(seen.text(mapping.summary)),
        severity=_severity(seen, mapping) or alert_fields.severity_of(labels),
        service=seen.line(mapping.service),
        team=seen.line(mapping.team),
        labels=labels,
        links=trim.links((title, seen.text(paths)) for title, paths in mapping.links.items()),
        alert_count=seen.count(mapping.alert_count),
        route=_route(seen, mapping),
        truncated=trim.truncated,
    )


def _severity(seen: _Reading, mapping: AlertMapping) -> Severity | None:
    return Severity.parse(seen.text(mapping.severity))


def _route(seen: _Reading, mapping: AlertMapping) -> OnCallRoute:
    return OnCallRoute(
        integration_id=seen.line(mapping.integration_id),
        route_id=seen.line(mapping.route_id),
        team_id=seen.line(mapping.team_id),
    )


def _follow(value: JsonValue, path: JsonPath) -> JsonValue:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 6:
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value


source = AlertSource("generic", parse)
