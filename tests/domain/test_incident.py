import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.domain.alert import Alert, AlertState
from incident_response.domain.checklist import STANDARD_CHECKLIST
from incident_response.domain.errors import (
    PermanentError,
    RateLimitedError,
    RetryableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import Incident, incident_id_for, slugify
from incident_response.domain.people import ChatUser, Roster
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

AT = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)


def incident(title: str) -> Incident:
    return Incident(
        incident_id=incident_id_for("g", 1),
        title=title,
        severity=Severity.P1,
        source="test",
        created_at=AT,
        started_at=AT,
        group_id="g",
        alert_changed_at=AT,
    )


def test_a_room_is_named_after_its_day_its_title_and_its_id() -> None:
    found = incident("Checkout API: 5xx > 10 %")
    assert found.room_name() == f"inc-20261121-checkout-api-5xx-10-{found.code}"
    assert found.room_name(2) == f"{found.room_name()}-2"


@given(st.text(), st.integers(1, 5))
def test_any_title_gives_a_name_that_slack_takes_and_tries_that_differ(
    title: str, attempt: int
) -> None:
    names = {incident(title).room_name(n) for n in range(1, attempt + 1)}
    assert len(names) == attempt
    for name in names:
        assert re.fullmatch(r"[a-z0-9-]{1,80}", name)
        assert not name.endswith("-")


def test_the_number_of_a_try_ends_even_the_longest_name() -> None:
    name = incident("w" * 500).room_name(5)
    assert name.endswith(f"-{incident('').code}-5")
    assert name == incident("w" * 500).room_name(5), "the same at every try"


def test_a_title_without_a_letter_slack_takes_leaves_no_gap_in_the_name() -> None:
    found = incident("\u96a8\u5bb3 !!!")
    assert found.room_name() == f"inc-20261121-{found.code}"


def test_a_slug_is_cut_at_a_word() -> None:
    assert (
        slugify("the quick brown fox jumps over the lazy dog") == "the-quick-brown-fox-jumps-over"
    )
    assert slugify("x" * 50) == "x" * 30
    assert slugify("!!!") == ""


def test_the_same_group_and_generation_have_the_same_id_whoever_computes_it() -> None:
    assert incident_id_for("g", 1) == incident_id_for("g", 1)
    assert len({incident_id_for("g", 1), incident_id_for("g", 2), incident_id_for("h", 1)}) == 3


def alert(**changes: object) -> Alert:
    values: dict[str, object] = {
        "source": "s",
        "group_key": "g",
        "state": AlertState.FIRING,
        "changed_at": AT,
        "occurrence": "1",
        "title": "t",
    }
    return Alert.model_validate(values | changes)


def test_a_redelivery_has_the_same_event_id_whatever_else_it_says() -> None:
    assert alert().event_id == alert(title="other words", alert_count=9).event_id


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "z"},
        {"group_key": "h"},
        {"state": AlertState.RESOLVED},
        {"occurrence": "2"},
        {"raw_state": "burning"},
    ],
)
def test_another_source_group_state_or_time_is_another_event(changes: dict[str, object]) -> None:
    assert alert(**changes).event_id != alert().event_id


def test_two_sources_with_one_group_key_do_not_meet() -> None:
    assert alert(source="a").group_id != alert(source="b").group_id


@pytest.mark.parametrize(
    ("word", "severity"),
    [("P0", Severity.P0), ("sev1", Severity.P1), ("Critical", Severity.P1), ("info", Severity.P4)],
)
def test_the_words_of_sources_are_understood(word: str, severity: Severity) -> None:
    assert Severity.parse(f" {word} ") is severity


def test_an_unknown_word_is_no_severity_and_no_role() -> None:
    assert Severity.parse("purple") is None
    assert Role.parse("boss") is None


@pytest.mark.parametrize("word", ["ic", "IC", "commander", "incident_commander", "captain"])
def test_the_commander_goes_by_many_names(word: str) -> None:
    assert Role.parse(word) is Role.COMMANDER


def test_the_checklist_has_eleven_items_of_different_keys() -> None:
    assert len({item.key for item in STANDARD_CHECKLIST}) == len(STANDARD_CHECKLIST) == 11


@pytest.mark.parametrize("flag", ["is_bot", "is_guest", "is_deactivated"])
def test_only_full_living_members_may_respond(flag: str) -> None:
    user = ChatUser.model_validate({"user_id": "U1", "name": "x"})
    assert user.may_respond
    assert not user.model_copy(update={flag: True}).may_respond


def test_an_error_says_its_name_its_meaning_and_whether_to_try_again() -> None:
    error = UnknownOutcomeError()
    assert error.code == "unknown_outcome"
    assert "may or may not have been applied" in str(error)
    assert issubclass(RateLimitedError, RetryableError)
    assert not issubclass(RateLimitedError, PermanentError)


def test_every_severity_and_role_is_known_by_its_own_name() -> None:
    for severity in Severity:
        assert Severity.parse(severity.value) is severity
    for role in Role:
        assert Role.parse(role.value) is role
        assert role.label
        assert role.duty


def test_nobody_is_ticked_off_a_new_checklist() -> None:
    assert not any(item.is_checked for item in STANDARD_CHECKLIST)
    assert STANDARD_CHECKLIST[0].text == "War room assembled"
    assert STANDARD_CHECKLIST[-1].text == "Postmortem reviewed"


def test_a_roster_of_nobody_claims_nothing() -> None:
    roster = Roster()
    assert (roster.people, roster.unresolved, roster.total) == ((), (), None)
    assert not roster.is_partial
    assert not roster.is_stale
