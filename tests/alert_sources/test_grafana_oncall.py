from datetime import datetime, timedelta
from typing import Any

import pytest

from incident_response.alert_sources import grafana_oncall
from incident_response.domain.alert import Alert, AlertState, Link, OnCallRoute
from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.severity import Severity
from incident_response.routing.alert_source import ParseContext
from tests.fakes.alerts import NATIVE, SPECIFIED, changed
from tests.fakes.clock import START


def parsed(body: Any, *, at: datetime = START, raw: bytes = b"raw") -> Alert:
    context = ParseContext(source="grafana-oncall", received_at=at, raw=raw)
    return grafana_oncall.parse(body, context)


def test_the_specified_shape_is_understood_whole() -> None:
    assert parsed(SPECIFIED) == Alert(
        source="grafana-oncall",
        group_key="I6HNZGUFG4K11",
        state=AlertState.FIRING,
        raw_state="firing",
        changed_at=datetime.fromisoformat("2026-03-02T08:59:30+00:00"),
        occurrence="2026-03-02T08:59:30+00:00",
        title="Checkout is failing",
        summary="Error share is 12 %.",
        severity=None,
        service="checkout",
        team="Payments",
        labels={"service": "checkout", "region": "eu"},
        links=(
            Link(title="5xx above 5 %", url="https://grafana.example/d/checkout"),
            Link(title="5xx above 5 % (image)", url="https://grafana.example/panel.png"),
        ),
        route=OnCallRoute(
            integration_id="CZ7URAT4V3QF2",
            route_id="RKHXJKVZYYVST",
            team_id="T1",
            alert_group_id="I6HNZGUFG4K11",
        ),
    )


def test_the_native_shape_is_understood_whole() -> None:
    assert parsed(NATIVE) == Alert(
        source="grafana-oncall",
        group_key="I6HNZGUFG4K11",
        state=AlertState.FIRING,
        raw_state="alert group created",
        changed_at=datetime.fromisoformat("2026-03-02T08:59:21.714058+00:00"),
        occurrence="2026-03-02T08:59:21.714058+00:00",
        title="Checkout is failing",
        summary="Error share is 12 %.",
        severity=Severity.P2,
        service="checkout",
        team="payments",
        labels={"severity": "warning", "team": "payments", "service": "checkout"},
        links=(
            Link(title="Grafana OnCall", url="https://oncall.example/a/I6HN"),
            Link(title="Source", url="https://prometheus.example/graph"),
        ),
        alert_count=3,
        route=OnCallRoute(
            integration_id="CZ7URAT4V3QF2",
            route_id="RKHXJKVZYYVST",
            alert_group_id="I6HNZGUFG4K11",
        ),
    )


@pytest.mark.parametrize(
    ("type_", "state"),
    [
        ("alert group created", AlertState.FIRING),
        ("acknowledge", AlertState.ACKNOWLEDGED),
        ("resolve", AlertState.RESOLVED),
        ("silence", AlertState.SILENCED),
        ("unsilence", AlertState.FIRING),
        ("unresolve", AlertState.FIRING),
        ("unacknowledge", AlertState.FIRING),
        ("escalation", AlertState.FIRING),
        ("personal notification", AlertState.FIRING),
        ("status change", AlertState.FIRING),
        ("Resolve", AlertState.RESOLVED),
        ("alert group exploded", AlertState.UNKNOWN),
    ],
)
def test_every_event_type_of_oncall_has_its_state(type_: str, state: AlertState) -> None:
    assert parsed(changed(NATIVE, event__type=type_)).state is state


@pytest.mark.parametrize(
    ("group_state", "state"),
    [
        ("acknowledged", AlertState.ACKNOWLEDGED),
        ("silenced", AlertState.SILENCED),
        ("resolved", AlertState.RESOLVED),
        (None, AlertState.FIRING),
        ("bewildered", AlertState.UNKNOWN),
    ],
)
def test_an_event_that_changes_nothing_has_the_state_of_its_group(
    group_state: str | None, state: AlertState
) -> None:
    body = changed(NATIVE, event__type="escalation", alert_group__state=group_state)
    assert parsed(body).state is state


@pytest.mark.parametrize("event", [{"type": "unsilence"}, {"type": "unresolve", "time": None}])
def test_an_event_without_a_time_is_known_by_its_body(event: Any) -> None:
    body = changed(NATIVE, event=event)
    first, again = parsed(body), parsed(body, at=START + timedelta(seconds=10))
    other = parsed(body, raw=b"another")
    assert first.changed_at == START
    assert first.event_id == again.event_id != other.event_id


def test_a_resolve_of_the_specified_shape_is_dated_by_its_arrival() -> None:
    resolved = parsed(changed(SPECIFIED, alert_group__state="resolved"))
    assert resolved.changed_at == START > parsed(SPECIFIED).changed_at
    assert resolved.event_id != parsed(SPECIFIED).event_id


def test_a_redelivery_is_the_same_event_whenever_it_comes() -> None:
    for body in (SPECIFIED, NATIVE):
        later = parsed(body, at=START + timedelta(hours=1))
        assert later.event_id == parsed(body).event_id


def test_two_spellings_of_one_time_are_one_change() -> None:
    body = changed(NATIVE, event__time="2026-03-02T10:59:21.714058+02:00")
    assert parsed(body).event_id == parsed(NATIVE).event_id


def test_a_time_ahead_of_ours_is_not_believed_but_still_tells_changes_apart() -> None:
    ahead = parsed(changed(NATIVE, event__time="2099-01-01T00:00:00Z"))
    assert ahead.changed_at == START
    assert ahead.occurrence == "2099-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "time", ["soon", "", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9" * 400]
)
def test_a_time_that_is_none_counts_as_absent(time: str) -> None:
    assert parsed(changed(NATIVE, event__time=time)).changed_at == START
    assert parsed(changed(SPECIFIED, alerts__0__received_at=time)).changed_at == START


@pytest.mark.parametrize("payload", ["", None, [], "text", {"labels": "x", "annotations": 3}])
def test_the_payload_of_the_first_alert_may_be_anything(payload: Any) -> None:
    assert parsed(changed(NATIVE, alert_payload=payload)).title == "Checkout is failing"


def test_severity_comes_from_the_labels_where_they_tell_one_and_is_else_left_to_the_policy() -> (
    None
):
    body = changed(SPECIFIED, labels={"severity": "sev0", "priority": "p3"})
    assert parsed(body).severity is Severity.P0
    assert parsed(changed(SPECIFIED, labels={"severity": "mauve"})).severity is None
    assert parsed(changed(NATIVE, alert_payload=None)).severity is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://a/b",
        "//a/b",
        "https://",
        "https://a b",
        "http://[",
        "https://a\n",
        "https://" + "a" * 2_000,
        "slack://channel",
    ],
)
def test_only_web_addresses_are_links(url: str) -> None:
    item = {"id": "A", "source_url": url}
    assert parsed(changed(SPECIFIED, alerts=[item])).links == ()


def test_what_is_too_long_is_cut_and_said_so() -> None:
    alert = parsed(
        changed(
            SPECIFIED,
            alert_group__title="t" * 5_000,
            alerts__0__message="m" * 9_000,
            labels={f"name {n}": "v" * 1_001 for n in range(101)},
        )
    )
    assert alert.truncated
    assert (len(alert.title), len(alert.summary), len(alert.labels)) == (1_000, 8_000, 100)
    assert {len(value) for value in alert.labels.values()} == {1_000}
    assert not parsed(SPECIFIED).truncated


def test_control_characters_do_not_get_into_a_title_and_lines_stay_in_a_summary() -> None:
    body = changed(
        SPECIFIED, alert_group__title=" a\n\tb\x00\x1b[31mc ", alerts__0__message="a\n\x07b"
    )
    assert (parsed(body).title, parsed(body).summary) == ("a b [31mc", "a\nb")


def test_an_empty_title_is_replaced() -> None:
    assert parsed(changed(SPECIFIED, alert_group__title=" ")).title == "5xx above 5 %"
    assert parsed(changed(NATIVE, alert_group__title=None)).title == "Alert group I6HNZGUFG4K11"


def test_a_pointer_never_holds_a_name_the_sender_chose() -> None:
    with pytest.raises(InvalidAlertError) as refusal:
        parsed(changed(NATIVE, event={"type": 1, "secret": 2}, alert_group={"labels": []}))
    assert refusal.value.pointers == ("/event/type", "/alert_group/labels")
