"""How a monitor tells a webhook about an alert group: one payload shape a function.

What belongs here: an `AlertGroup` in, the JSON a sender would post out. What does not: signing and
sending (`alerts.py`).
"""

import hashlib
from collections.abc import Callable
from typing import Any, Literal

from incident_response.sandbox.alert_groups import AlertGroup
from incident_response.sandbox.company import Company, Service, stable_id
from incident_response.sandbox.vendors.world import iso

Shape = Literal["oncall_signed", "oncall", "alertmanager", "generic"]
Json = dict[str, Any]

# What OnCall calls the change that led to a state.
_ONCALL_EVENTS = {
    "firing": "escalation",
    "acknowledged": "acknowledge",
    "silenced": "silence",
    "resolved": "resolve",
}
_ALERTMANAGER_SEVERITY = {"P1": "critical", "P2": "error", "P3": "warning", "P4": "info"}
_NEVER = "0001-01-01T00:00:00Z"  # Alertmanager's way of saying that an alert has not ended


def signed_oncall(company: Company, service: Service, group: AlertGroup) -> Json:
    """The payload of a signing proxy in front of OnCall: flat, with the team's name."""
    team = company.team(service.team)
    return {
        "alert_group_id": group.id,
        "alert_group": {"id": group.id, "title": group.title, "state": group.state},
        "integration_id": service.integration_id,
        "route_id": service.route_id,
        "team_id": team.oncall_id,
        "team_name": team.name,
        "labels": _labels(service, group),
        "alerts": [
            {
                "id": stable_id("A", f"{group.id}/{group.alerts_count}"),
                "title": group.title,
                "message": group.message,
                "source_url": _dashboard(company, service),
                "received_at": iso(group.changed_at, digits=3),
            }
        ],
    }


def oncall(company: Company, service: Service, group: AlertGroup) -> Json:
    """What OnCall's outgoing webhook posts when it forwards the whole event."""
    team = company.team(service.team)
    payload = alertmanager(company, service, group)
    return {
        "event": {
            "type": "alert group created" if _is_first(group) else _ONCALL_EVENTS[group.state],
            "time": iso(group.changed_at, digits=3),
        },
        "user": None,
        "alert_group": {
            "id": group.id,
            "integration_id": service.integration_id,
            "route_id": service.route_id,
            "alerts_count": group.alerts_count,
            "state": group.state,
            "created_at": iso(group.started_at, digits=3),
            "resolved_at": _iso_or_none(group.resolved_at),
            "acknowledged_at": _iso_or_none(group.acknowledged_at),
            "title": group.title,
            "permalinks": {
                "slack": None,
                "telegram": None,
                "web": _alert_group_url(company, group),
            },
            "labels": _labels(service, group),
        },
        "alert_group_id": group.id,
        "alert_payload": payload,
        "integration": {
            "id": service.integration_id,
            "type": "alertmanager",
            "name": f"{service.name} alerts",
            "team": team.name,
            "labels": {"service": service.name},
        },
        "notified_users": [],
        "users_to_be_notified": [_notified(company, handle) for handle in service.primary],
        "responses": {},
        "webhook": {
            "id": stable_id("W", "incident-response"),
            "name": "incident response",
            "labels": {},
        },
    }


def alertmanager(company: Company, service: Service, group: AlertGroup) -> Json:
    """Alertmanager's webhook payload, version 4, for a group of one alert."""
    labels = _labels(service, group) | {
        "alertname": group.title,
        "severity": _ALERTMANAGER_SEVERITY.get(group.severity, "critical"),
    }
    annotations = {
        "summary": group.title,
        "description": group.message,
        "dashboard_url": _dashboard(company, service),
        "runbook_url": f"https://runbooks.{company.domain}/{service.name}",
    }
    status = "resolved" if group.state == "resolved" else "firing"
    fingerprint = hashlib.blake2b(group.id.encode(), digest_size=8).hexdigest()
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{group.title}", service="{service.name}"}}:{group.id}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "incident-response",
        "groupLabels": {"alertname": group.title, "service": service.name},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": f"https://alertmanager.{company.domain}",
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": iso(group.started_at, digits=3),
                "endsAt": _NEVER
                if group.resolved_at is None
                else iso(group.resolved_at, digits=3),
                "generatorURL": f"https://prometheus.{company.domain}/graph",
                "fingerprint": fingerprint,
            }
        ],
    }


def generic(company: Company, service: Service, group: AlertGroup) -> Json:
    """A home-made monitor's flat JSON."""
    return {
        "id": group.id,
        "title": group.title,
        "description": group.message,
        "status": group.state,
        "severity": group.severity,
        "service": service.name,
        "team": company.team(service.team).name,
        "url": _dashboard(company, service),
        "started_at": iso(group.started_at, digits=3),
        "changed_at": iso(group.changed_at, digits=3),
    }


PAYLOADS: dict[Shape, Callable[[Company, Service, AlertGroup], Json]] = {
    "oncall_signed": signed_oncall,
    "oncall": oncall,
    "alertmanager": alertmanager,
    "generic": generic,
}


def _is_first(group: AlertGroup) -> bool:
    return group.state == "firing" and group.changed_at == group.started_at


def _labels(service: Service, group: AlertGroup) -> dict[str, str]:
    return {
        "service": service.name,
        "severity": group.severity,
        "team": service.team,
        "environment": "production",
    }


def _notified(company: Company, handle: str) -> dict[str, str]:
    person = company.person(handle)
    return {"id": person.oncall_id, "username": person.handle, "email": person.email}


def _dashboard(company: Company, service: Service) -> str:
    return f"https://grafana.{company.domain}/d/{service.name}/overview"


def _alert_group_url(company: Company, group: AlertGroup) -> str:
    return f"https://oncall.{company.domain}/a/alert-groups/{group.id}"


def _iso_or_none(epoch: float | None) -> str | None:
    return None if epoch is None else iso(epoch, digits=3)
