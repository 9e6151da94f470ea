"""Alert bodies as their senders write them, for tests. Not here: signing and sending."""

from copy import deepcopy
from typing import Any

from incident_response.domain.model import Json


def changed(body: Json, **paths: Any) -> Json:
    """A deep copy with values set at paths such as ``alert_group__state="resolved"``."""
    copy = deepcopy(body)
    for path, value in paths.items():
        *parents, last = path.split("__")
        place: Any = copy
        for key in parents:
            place = place[int(key) if key.isdigit() else key]
        place[int(last) if last.isdigit() else last] = value
    return copy


SPECIFIED: Json = {
    "alert_group_id": "I6HNZGUFG4K11",
    "alert_group": {"id": "I6HNZGUFG4K11", "title": "Checkout is failing", "state": "firing"},
    "integration_id": "CZ7URAT4V3QF2",
    "route_id": "RKHXJKVZYYVST",
    "team_id": "T1",
    "team_name": "Payments",
    "labels": {"service": "checkout", "region": "eu"},
    "alerts": [
        {
            "id": "A1",
            "title": "5xx above 5 %",
            "message": "Error share is 12 %.",
            "image_url": "https://grafana.example/panel.png",
            "source_url": "https://grafana.example/d/checkout",
            "received_at": "2026-03-02T08:59:30Z",
        }
    ],
}

NATIVE: Json = {
    "event": {"type": "alert group created", "time": "2026-03-02T08:59:21.714058+00:00"},
    "user": None,
    "alert_group": {
        "id": "I6HNZGUFG4K11",
        "integration_id": "CZ7URAT4V3QF2",
        "route_id": "RKHXJKVZYYVST",
        "alerts_count": 3,
        "state": "new",
        "created_at": "2026-03-02T08:59:21.231148Z",
        "resolved_at": None,
        "acknowledged_at": None,
        "title": "Checkout is failing",
        "permalinks": {"slack": None, "telegram": None, "web": "https://oncall.example/a/I6HN"},
        "labels": {"service": "checkout"},
    },
    "alert_group_id": "I6HNZGUFG4K11",
    "alert_payload": {
        "labels": {"severity": "warning", "team": "payments"},
        "annotations": {"summary": "Error share is 12 %."},
        "generatorURL": "https://prometheus.example/graph",
    },
    "integration": {
        "id": "CZ7URAT4V3QF2",
        "type": "alertmanager",
        "name": "Prometheus",
        "team": None,
    },
    "notified_users": [],
    "users_to_be_notified": [],
    "responses": {},
}

ALERTMANAGER: Json = {
    "version": "4",
    "groupKey": '{}/{severity="critical"}:{alertname="HighErrorRate"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "incident-response",
    "groupLabels": {"alertname": "HighErrorRate"},
    "commonLabels": {"alertname": "HighErrorRate", "severity": "critical", "service": "checkout"},
    "commonAnnotations": {"summary": "Errors", "runbook_url": "https://runbooks.example/errors"},
    "externalURL": "https://alertmanager.example",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighErrorRate", "instance": "a"},
            "annotations": {"summary": "Errors"},
            "startsAt": "2026-03-02T08:50:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://prometheus.example/graph",
            "fingerprint": "aaaa",
        }
    ],
}

GENERIC: Json = {
    "id": "disk-7",
    "status": "open",
    "title": "Disk is full",
    "description": "99 % used",
    "severity": "high",
    "service": "storage",
    "updated_at": "2026-03-02T08:58:00+01:00",
    "labels": {"host": "db-1"},
    "url": "https://monitor.example/disk-7",
}
