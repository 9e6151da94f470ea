from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from incident_response.alert_sources import alertmanager
from incident_response.domain.alert import Alert, AlertState, Link
from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.severity import Severity
from incident_response.routing.alert_source import ParseContext
from tests.fakes.alerts import ALERTMANAGER, changed
from tests.fakes.clock import START

OPEN = "0001-01-01T00:00:00Z"


def parsed(body: Any, *, at: datetime = START) -> Alert:
    context = ParseContext(source="alertmanager", received_at=at, raw=b"")
    return alertmanager.parse(body, context)


def item(fingerprint: str, starts: int, ends: int | None = None) -> dict[str, Any]:
    """An alert that fires since ``starts`` and ended at ``ends`` minutes past eight."""
    return {
        "status": "firing" if ends is None else "resolved",
        "labels": {"alertname": "HighErrorRate"},
        "annotations": {},
        "fingerprint": fingerprint,
        "startsAt": f"2026-03-02T08:{starts:02}:00.123456789Z",
        "endsAt": OPEN if ends is None else f"2026-03-02T08:{ends:02}:00Z",
    }


def group(*items: dict[str, Any], status: str = "firing") -> Any:
    return changed(ALERTMANAGER, status=status, alerts=list(items))


def test_a_group_is_understood_whole() -> None:
    alert = parsed(ALERTMANAGER)
    assert alert == Alert(
        source="alertmanager",
        group_key='{}/{severity="critical"}:{alertname="HighErrorRate"}',
        state=AlertState.FIRING,
        raw_state="firing",
        changed_at=datetime(2026, 3, 2, 8, 50, 0, 123456, tzinfo=UTC),
        occurrence=alert.occurrence,
        title="HighErrorRate: Errors",
        summary="Errors",
        severity=Severity.P1,
        service="checkout",
        labels={"alertname": "HighErrorRate", "severity": "critical", "service": "checkout"},
        links=(
            Link(title="Runbook", url="https://runbooks.example/errors"),
            Link(title="Source", url="https://prometheus.example/graph"),
            Link(title="Alertmanager", url="https://alertmanager.example"),
        ),
    )
    assert len(alert.occurrence) == 64


def test_a_repeat_of_the_same_firing_alerts_is_the_same_change() -> None:
    a, b = item("a", 10), item("b", 20)
    first = parsed(group(a, b))
    later = parsed(group(b, a), at=START + timedelta(hours=4))
    forecast = parsed(group({**a, "endsAt": "2026-03-02T12:00:00Z"}, b))
    assert first.event_id == later.event_id == forecast.event_id


def test_another_set_of_firing_alerts_is_another_change() -> None:
    sets = [
        group(item("a", 10)),
        group(item("a", 10), item("b", 20)),
        group(item("a", 11)),
        group(item("a", 10), item("b", 20, 30)),
        group(item("a", 10, 30), status="resolved"),
        group(item("a", 10, 31), status="resolved"),
    ]
    assert len({parsed(each).event_id for each in sets}) == len(sets)


@pytest.mark.parametrize(
    ("body", "minute"),
    [
        (group(item("a", 10), item("b", 20)), 20),
        (group(item("a", 10), item("b", 20, 40)), 40),
        (group(item("a", 10, 35), item("b", 20, 30), status="resolved"), 35),
    ],
)
def test_a_change_is_dated_by_the_newest_begin_or_end_that_made_it(body: Any, minute: int) -> None:
    assert parsed(body).changed_at.replace(microsecond=0) == datetime(
        2026, 3, 2, 8, minute, tzinfo=UTC
    )


def test_alerts_without_any_time_are_dated_by_their_arrival() -> None:
    alert = parsed(group({"labels": {"alertname": "x"}}))
    assert alert.changed_at == START


def test_alerts_without_a_fingerprint_are_told_apart_by_their_labels() -> None:
    one, two = ({"labels": {"host": host}} for host in "ab")
    assert parsed(group(one)).event_id != parsed(group(two)).event_id
    assert parsed(group(one, two)).event_id == parsed(group(two, one)).event_id


def test_alerts_that_were_left_out_are_counted() -> None:
    alert = parsed(changed(ALERTMANAGER, truncatedAlerts=7))
    assert (alert.alert_count, alert.truncated) == (8, True)
    assert parsed(group(item("a", 1), item("b", 2, 3))).alert_count == 1
    assert parsed(group(item("a", 1, 4), item("b", 2, 3), status="resolved")).alert_count == 2


def test_a_group_of_more_than_a_hundred_alerts_is_no_fault_of_the_sender() -> None:
    assert parsed(group(*(item(str(n), 10) for n in range(500)))).alert_count == 500


def test_a_key_too_long_to_keep_is_its_digest() -> None:
    keys = [parsed(changed(ALERTMANAGER, groupKey="k" * n)).group_key for n in (512, 513, 514)]
    assert keys[0] == "k" * 512
    assert all(key.startswith("sha256:") and len(key) == 71 for key in keys[1:])
    assert keys[1] != keys[2]


def test_grafana_alertings_variety_is_understood() -> None:
    body = changed(ALERTMANAGER, version="1", alerts__0__annotations={}, commonAnnotations={})
    body |= {"orgId": 1, "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**"}
    body["alerts"] = [{**item("a", 10), "dashboardURL": "https://g.example/d", "values": None}]
    alert = parsed(body)
    assert (alert.title, alert.links[0].title) == ("HighErrorRate", "Dashboard")


def test_an_unknown_status_is_kept_as_unknown() -> None:
    alert = parsed(changed(ALERTMANAGER, status="Pending"))
    assert (alert.state, alert.raw_state) == (AlertState.UNKNOWN, "Pending")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (changed(ALERTMANAGER, groupKey=""), "/groupKey"),
        (changed(ALERTMANAGER, groupKey="a\x00"), "/groupKey"),
        (changed(ALERTMANAGER, groupKey=5), "/groupKey"),
        (changed(ALERTMANAGER, alerts=[]), "/alerts"),
        (changed(ALERTMANAGER, alerts=[{"labels": []}]), "/alerts/0/labels"),
        (changed(ALERTMANAGER, truncatedAlerts=-1), "/truncatedAlerts"),
        (changed(ALERTMANAGER, status=None), "/status"),
    ],
)
def test_a_wrong_shape_is_pointed_at(body: Any, pointer: str) -> None:
    with pytest.raises(InvalidAlertError) as refusal:
        parsed(body)
    assert (refusal.value.status, refusal.value.pointers) == (422, (pointer,))
