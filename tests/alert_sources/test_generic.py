from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.alert_sources import generic
from incident_response.domain.alert import Alert, AlertState, Link, OnCallRoute
from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.severity import Severity
from incident_response.routing.alert_mapping import AlertMapping, read_mapping
from incident_response.routing.alert_source import ParseContext
from tests.fakes.alerts import GENERIC, changed
from tests.fakes.clock import START

MAPPING = """
group_key: incident.key
state: /incident/current~1state
title: [incident.names.1, incident.names.0]
severity: incident.p
changed_at: incident.at
labels: tags
links: {Runbook: incident.runbook}
alert_count: incident.count
integration_id: incident.integration
states:
  firing: [Open, true]
  resolved: [closed]
"""


def parsed(body: Any, mapping: AlertMapping | None = None, source: str = "generic") -> Alert:
    context = ParseContext(source=source, received_at=START, raw=b"raw", mapping=mapping)
    return generic.parse(body, context)


def test_the_shipped_mapping_understands_usual_names() -> None:
    assert parsed(GENERIC) == Alert(
        source="generic",
        group_key="disk-7",
        state=AlertState.FIRING,
        raw_state="open",
        changed_at=datetime(2026, 3, 2, 7, 58, tzinfo=UTC),
        occurrence="2026-03-02T07:58:00+00:00",
        title="Disk is full",
        summary="99 % used",
        severity=Severity.P1,
        service="storage",
        labels={"host": "db-1"},
        links=(Link(title="Source", url="https://monitor.example/disk-7"),),
    )


def test_a_mapping_of_ones_own_finds_its_fields() -> None:
    body = {
        "incident": {
            "key": 42,
            "current/state": "OPEN",
            "names": ["first"],
            "p": "sev2",
            "at": 1_772_442_000_000 - 60_000,
            "runbook": "https://r.example",
            "count": 3,
            "integration": "I1",
        },
        "tags": {"a": 1, "b": True, "c": None, "d": ["x"]},
    }
    alert = parsed(body, read_mapping(MAPPING), source="homegrown")
    assert alert == Alert(
        source="homegrown",
        group_key="42",
        state=AlertState.FIRING,
        raw_state="OPEN",
        changed_at=datetime(2026, 3, 2, 8, 59, tzinfo=UTC),
        occurrence="2026-03-02T08:59:00+00:00",
        title="first",
        severity=Severity.P2,
        labels={"a": "1", "b": "true"},
        links=(Link(title="Runbook", url="https://r.example"),),
        alert_count=3,
        route=OnCallRoute(integration_id="I1"),
        truncated=True,
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Resolved ", AlertState.RESOLVED),
        ("muted", AlertState.SILENCED),
        ("acked", AlertState.ACKNOWLEDGED),
        ("sideways", AlertState.UNKNOWN),
        (0, AlertState.UNKNOWN),
    ],
)
def test_a_state_is_looked_up_in_the_mappings_words(state: object, expected: AlertState) -> None:
    assert parsed(changed(GENERIC, status=state)).state is expected


def test_without_a_time_the_body_tells_changes_apart() -> None:
    alert = parsed(changed(GENERIC, updated_at=None))
    assert (alert.changed_at, len(alert.occurrence)) == (START, 64)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/state"),
        ({"state": "firing", "title": "t"}, "/group_key"),
        ({"state": "firing", "id": "1"}, "/title"),
        ({"state": ["firing"], "id": "1", "title": "t"}, "/state"),
        ({"state": "firing", "id": "i" * 129, "title": "t"}, "/group_key"),
        ({"state": "firing", "id": "\t1", "title": "t"}, "/group_key"),
    ],
)
def test_what_is_needed_and_not_there_is_pointed_at_by_the_mapping(
    body: Any, pointer: str
) -> None:
    with pytest.raises(InvalidAlertError) as refusal:
        parsed(body)
    assert (refusal.value.status, refusal.value.pointers) == (422, (pointer,))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
FIELDS = [*GENERIC, "timestamp", "priority", "tags", "runbook_url", "team"]


@given(odd=st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_odd_values_are_an_alert_or_refused(odd: dict[str, Any]) -> None:
    found = attempted({**GENERIC, **odd})
    if isinstance(found, InvalidAlertError):
        assert found.status == 422
    else:
        assert found.changed_at <= START
        assert Alert.model_validate_json(found.model_dump_json()) == found


def attempted(body: Any) -> Alert | InvalidAlertError:
    try:
        return parsed(body)
    except InvalidAlertError as refusal:
        return refusal
