"""Prometheus Alertmanager's webhook (version 4), which Grafana Alerting sends too.

Alertmanager repeats a group that goes on firing every ``repeat_interval``: the same alerts are the
same change, however often they come. Not here: OnCall, which wraps these alerts in its own groups.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from incident_response.domain.alert import Alert, AlertState
from incident_response.domain.model import Json
from incident_response.routing import alert_fields
from incident_response.routing.alert_fields import MAX_RAW_STATE, Trim, Wire
from incident_response.routing.alert_source import AlertSource, ParseContext

_STATES = {"firing": AlertState.FIRING, "resolved": AlertState.RESOLVED}
_SUMMARIES = ("summary", "description", "message")
# Annotations and fields that hold an address worth showing, with the link's title.
_ANNOTATED = {"runbook_url": "Runbook", "dashboard_url": "Dashboard"}
_LINKED = {"dashboardURL": "Dashboard", "panelURL": "Panel", "generatorURL": "Source"}


class _AlertItem(Wire):
    status: str = "firing"
    labels: dict[str, Any] = Field(default_factory=dict)
    annotations: dict[str, Any] = Field(default_factory=dict)
    startsAt: str | None = None  # noqa: N815 - the sender's name
    endsAt: str | None = None  # noqa: N815 - the sender's name
    fingerprint: str | None = None
    generatorURL: str | None = None  # noqa: N815 - the sender's name
    dashboardURL: str | None = None  # noqa: N815 - the sender's name
    panelURL: str | None = None  # noqa: N815 - the sender's name

    @property
    def is_resolved(self) -> bool:
        return self.status.strip().lower() == "resolved"

    @property
    def changed_at(self) -> datetime | None:
        """When it took the state it is in: an ``endsAt`` of a firing alert is only a forecast."""
        return alert_fields.moment(self.endsAt if self.is_resolved else self.startsAt)

    @property
    def identity(self) -> str:
        """Which alert, since when; and until when, once it is over."""
        own = self.fingerprint or "".join(f"{k}={v}\0" for k, v in sorted(self.labels.items()))
        end = self.endsAt if self.is_resolved else ""
        return f"{own}\0{self.startsAt}\0{end}"


class _Group(Wire):
    groupKey: str  # noqa: N815 - the sender's name
    status: str
    alerts: list[_AlertItem] = Field(min_length=1)
    truncatedAlerts: int = Field(default=0, ge=0)  # noqa: N815 - the sender's name
    externalURL: str | None = None  # noqa: N815 - the sender's name
    commonLabels: dict[str, Any] = Field(default_factory=dict)  # noqa: N815 - the sender's name
    groupLabels: dict[str, Any] = Field(default_factory=dict)  # noqa: N815 - the sender's name
    commonAnnotations: dict[str, Any] = Field(default_factory=dict)  # noqa: N815 - as above


def parse(payload: Json, context: ParseContext) -> Alert:
    """The alert of a group.

    There is no upper bound on its alerts: Alertmanager has none either, and a refused group is a
    lost one.
    """
    body = alert_fields.validated(_Group, payload)
    trim = Trim(truncated=body.truncatedAlerts > 0)
    labels = trim.labels({**body.groupLabels, **body.commonLabels})
    at = max((at for item in body.alerts if (at := item.changed_at)), default=context.received_at)
    return Alert(
        source=context.source,
        group_key=alert_fields.group_key(body.groupKey, at="/groupKey"),
        state=_STATES.get(body.status.strip().lower(), AlertState.UNKNOWN),
        raw_state=body.status[:MAX_RAW_STATE],
        changed_at=alert_fields.not_after(at, context.received_at),
        occurrence=_occurrence(body.alerts),
        title=trim.title(_title(body), fallback="Alert"),
        summary=trim.summary(
            *_texts(body.commonAnnotations) or _texts(body.alerts[0].annotations)
        ),
        severity=alert_fields.severity_of(labels),
        service=trim.line(alert_fields.first_of(labels, alert_fields.SERVICE_LABELS)),
        team=trim.line(alert_fields.first_of(labels, alert_fields.TEAM_LABELS)),
        labels=labels,
        links=trim.links(_links(body)),
        alert_count=_count(body),
        truncated=trim.truncated,
    )


def _occurrence(alerts: Iterable[_AlertItem]) -> str:
    """A digest of which alerts fire since when and which ended when.

    Independent of their order and of everything that differs between two sendings of one state; a
    group that comes to fire with a set of alerts it has fired with before is that same change.
    """
    identities = sorted(item.identity for item in alerts)
    return alert_fields.digest("\n".join(identities).encode())


def _title(body: _Group) -> str:
    """The alert's name, and what it says about itself if all alerts of the group say the same."""
    name = alert_fields.scalar(
        body.commonLabels.get("alertname") or body.alerts[0].labels.get("alertname")
    )
    told = (_texts(body.commonAnnotations) or [""])[0]
    return ": ".join(part for part in (name, told) if part)


def _texts(annotations: dict[str, Any]) -> list[str]:
    found = (annotations.get(key) for key in _SUMMARIES)
    return [text for text in found if isinstance(text, str) and text.strip()]


def _links(body: _Group) -> Iterable[tuple[str, object]]:
    first = body.alerts[0]
    annotations = {**first.annotations, **body.commonAnnotations}
    yield from ((title, annotations.get(key)) for key, title in _ANNOTATED.items())
    yield from ((title, getattr(first, key)) for key, title in _LINKED.items())
    yield ("Alertmanager", body.externalURL)


def _count(body: _Group) -> int:
    """Alerts that fire now, those that were left out counted in; of a resolved group, all."""
    firing = sum(not item.is_resolved for item in body.alerts)
    return (firing or len(body.alerts)) + body.truncatedAlerts


source = AlertSource("alertmanager", parse)
