from datetime import timedelta

import pytest

from incident_response.blocks import words
from incident_response.domain.alert import AlertState
from incident_response.domain.context import Reading
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.severity import Severity
from tests.blocks.samples import BEGAN, INCIDENT


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        (0.042, 0.003, "4.2 % ↑ 3.9 points (0.3 % two hours ago)"),
        (0.003, 0.58, "0.3 % ↓ 57.7 points (58 % two hours ago)"),
        (0.0421, 0.0419, "4.21 % → as two hours ago"),
        (0.0, 0.0, "0 % → as two hours ago"),
        (0.00001, 0.01, "<0.01 % ↓ 1 points (1 % two hours ago)"),
        (None, 0.01, "no data now (1 % two hours ago)"),
        (0.01, None, "1 % (no data two hours ago)"),
        (None, None, "no data"),
        (float("nan"), float("inf"), "no data"),
    ],
)
def test_an_error_rate_moves_in_points_and_no_data_is_not_zero(
    now: float | None, before: float | None, shown: str
) -> None:
    assert words.error_rate(Reading(now=now, before=before)) == shown


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        (1.84, 0.31, "1.84 s ↑ 5.9 times as slow (310 ms two hours ago)"),
        (0.31, 1.84, "310 ms ↓ 5.9 times as fast (1.84 s two hours ago)"),
        (0.31, 0.305, "310 ms → as two hours ago"),
        (0.31, 0.0, "310 ms ↑ (0 ms two hours ago)"),
        (125.0, None, "2 min 5 s (no data two hours ago)"),
        (None, 0.0001, "no data now (<1 ms two hours ago)"),
        (None, None, "no data"),
    ],
)
def test_a_latency_moves_by_its_ratio(now: float | None, before: float | None, shown: str) -> None:
    assert words.latency(Reading(now=now, before=before)) == shown


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(-5, "under a minute"), (0.9, "under a minute"), (4, "4 min"), (60, "1 h"), (65, "1 h 5 min"),
     (1440, "1 d"), (1620, "1 d 3 h")],
)  # fmt: skip
def test_lengths_of_time_are_short(minutes: float, shown: str) -> None:
    assert words.duration(timedelta(minutes=minutes)) == shown


def test_what_is_to_come_or_has_just_been_was_just_now() -> None:
    assert words.ago(BEGAN, BEGAN - timedelta(hours=1)) == "just now"
    assert words.ago(BEGAN, BEGAN + timedelta(minutes=4)) == "4 min ago"


def test_every_severity_status_and_alert_state_has_a_word() -> None:
    assert set(words.MARKS) == set(Severity)
    assert set(words.STATUS) == set(IncidentStatus)
    assert set(words.ALERT) == set(AlertState)


def test_an_incident_without_a_title_says_so() -> None:
    assert words.title(INCIDENT.model_copy(update={"title": "  "})) == "(no title)"
    assert words.badge(INCIDENT) == "🟠 P1"
    assert (words.plural(1, "alert"), words.plural(0, "alert")) == ("1 alert", "0 alerts")
