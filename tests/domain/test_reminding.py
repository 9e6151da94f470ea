"""When somebody is reminded: rules on the incident's state alone."""

from datetime import timedelta

import pytest

from incident_response.domain import reminding
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.model import UserId
from incident_response.domain.response import Nudging, PreparedUpdate
from incident_response.domain.roles import Role
from tests.blocks.samples import COMMANDED as COMMANDED_SAMPLE

MINUTE = timedelta(minutes=1)
EVERY = 15 * MINUTE
COMMANDED = COMMANDED_SAMPLE.model_copy(update={"last_update_at": None, "nudging": Nudging()})
BEGAN = COMMANDED.created_at
CLEO = UserId("U0CLEO")


def told(incident: Incident, minutes: float) -> Incident:
    return reminding.updated(incident, BEGAN + minutes * MINUTE)


def reminded(incident: Incident, *minutes: int) -> Incident:
    for minute in minutes:
        incident = reminding.reminded(incident, BEGAN + minute * MINUTE, draft=None)
    return incident


def why_not(incident: Incident, minute: float, *, late: float = 0) -> str:
    slot = BEGAN + minute * MINUTE
    return reminding.why_not(incident, slot, now=slot + late * MINUTE, cadence=EVERY)


def commanded_by(incident: Incident, user: UserId) -> Incident:
    return incident.model_copy(update={"roles": {Role.COMMANDER: user}})


def test_a_reminder_is_due_a_cadence_after_the_last_update_or_what_turned_it_on() -> None:
    assert reminding.next_at(COMMANDED, EVERY) == BEGAN + EVERY
    assert reminding.next_at(told(COMMANDED, 7), EVERY) == BEGAN + 22 * MINUTE
    on = reminding.unsilenced(told(COMMANDED, 7), BEGAN + 30 * MINUTE)
    assert reminding.next_at(on, EVERY) == BEGAN + 45 * MINUTE
    assert reminding.next_at(told(on, 40), EVERY) == BEGAN + 55 * MINUTE


def test_a_snooze_puts_it_off_and_never_brings_it_forward() -> None:
    late = reminding.snoozed(COMMANDED, BEGAN + 40 * MINUTE)
    assert reminding.next_at(late, EVERY) == BEGAN + 40 * MINUTE
    early = reminding.snoozed(COMMANDED, BEGAN + 5 * MINUTE)
    assert reminding.next_at(early, EVERY) == BEGAN + EVERY


def test_a_slot_that_is_due_reminds_once() -> None:
    assert why_not(COMMANDED, 15) == ""
    assert why_not(reminded(COMMANDED, 15), 15) == "reminded already"
    assert why_not(reminded(COMMANDED, 15), 30) == ""


def test_a_slot_may_come_as_much_early_as_schedulers_round_and_no_more() -> None:
    assert why_not(COMMANDED, 14) == ""
    assert why_not(COMMANDED, 13.9) == "not due"
    slot = BEGAN + timedelta(seconds=15)
    quick = reminding.why_not(told(COMMANDED, 0.1), slot, now=slot, cadence=timedelta(seconds=15))
    assert quick == "not due", "a minute is much for who wants to hear every 15 seconds"


def test_a_late_slot_counts_until_the_next_one_has_come() -> None:
    assert why_not(COMMANDED, 15, late=14) == ""
    assert why_not(COMMANDED, 15, late=15).startswith("too late")


@pytest.mark.parametrize(
    ("incident", "why"),
    [
        (COMMANDED.model_copy(update={"status": IncidentStatus.RESOLVED}), "it is ending"),
        (COMMANDED.model_copy(update={"room": None}), "it has no room"),
        (reminding.silenced(COMMANDED), "silenced"),
        (reminding.snoozed(COMMANDED, BEGAN + 20 * MINUTE), "not due"),
        (told(COMMANDED, 2), "not due"),
    ],
)
def test_nobody_is_reminded_without_need(incident: Incident, why: str) -> None:
    assert why_not(incident, 15) == why


def test_without_a_cadence_nobody_is_reminded() -> None:
    assert reminding.why_not(COMMANDED, BEGAN + EVERY, now=BEGAN + EVERY, cadence=None)


def test_the_next_person_is_told_when_two_reminders_stay_unanswered_and_once() -> None:
    assert not reminding.needs_backup(COMMANDED)
    assert not reminding.needs_backup(reminded(COMMANDED, 15))
    assert reminding.needs_backup(reminded(COMMANDED, 15, 30))
    assert not reminding.needs_backup(reminded(COMMANDED, 15, 30, 45))


@pytest.mark.parametrize(
    "answered",
    [
        told(reminded(COMMANDED, 15, 30), 31),
        reminding.snoozed(reminded(COMMANDED, 15, 30), BEGAN + 40 * MINUTE),
        reminding.unsilenced(reminded(COMMANDED, 15, 30), BEGAN + 31 * MINUTE),
        commanded_by(reminded(COMMANDED, 15, 30), CLEO),
        reminded(COMMANDED, 15, 30).model_copy(
            update={"last_update_at": BEGAN + 31 * MINUTE}  # as mitigating does
        ),
    ],
    ids=["update", "snooze", "unsilence", "another commander", "mitigated"],
)
def test_an_answer_begins_a_new_count(answered: Incident) -> None:
    assert not reminding.needs_backup(answered)
    assert not reminding.is_backup_wanted(answered)
    again = reminded(answered, 60, 75)
    assert reminding.needs_backup(again)
    assert reminding.is_backup_wanted(again)


def test_telling_the_next_person_loses_its_reason_when_the_incident_ends_or_is_silenced() -> None:
    silent = reminded(COMMANDED, 15, 30, 45)
    assert reminding.is_backup_wanted(silent)
    assert not reminding.is_backup_wanted(reminding.silenced(silent))
    over = silent.model_copy(update={"status": IncidentStatus.CANCELLED})
    assert not reminding.is_backup_wanted(over)


def test_what_is_said_within_a_minute_of_the_last_update_belongs_to_it() -> None:
    assert reminding.is_news(COMMANDED, BEGAN)
    assert not reminding.is_news(told(COMMANDED, 5), BEGAN + 5.5 * MINUTE)
    assert reminding.is_news(told(COMMANDED, 5), BEGAN + 6 * MINUTE)
    assert not reminding.is_news(told(COMMANDED, 5), BEGAN + 4 * MINUTE)
    over = COMMANDED.model_copy(update={"status": IncidentStatus.RESOLVED})
    assert not reminding.is_news(over, BEGAN + EVERY)


def test_an_update_that_comes_late_does_not_turn_time_back() -> None:
    assert told(told(COMMANDED, 9), 5).last_update_at == BEGAN + 9 * MINUTE


def test_what_begins_long_after_the_alert_counts_from_now() -> None:
    assert reminding.begun(COMMANDED, BEGAN + 2 * MINUTE, EVERY) == COMMANDED
    later = reminding.begun(COMMANDED, BEGAN + 60 * MINUTE, EVERY)
    assert reminding.next_at(later, EVERY) == BEGAN + 75 * MINUTE


def test_a_new_pace_counts_from_the_last_update_or_reminder() -> None:
    assert reminding.at_new_pace(COMMANDED) == COMMANDED
    changed = reminding.at_new_pace(reminded(told(COMMANDED, 5), 20))
    assert reminding.next_at(changed, 60 * MINUTE) == BEGAN + 80 * MINUTE


def test_a_prepared_update_is_used_until_there_is_another_or_it_is_stale() -> None:
    draft = PreparedUpdate(text="We roll back.", at=BEGAN + 15 * MINUTE)
    ready = reminding.reminded(COMMANDED, BEGAN + 15 * MINUTE, draft=draft)
    now = BEGAN + 17 * MINUTE
    assert reminding.prepared(ready, now) == draft
    assert reminding.prepared(reminded(ready, 30), now) == draft
    assert reminding.prepared(told(ready, 16), now) is None
    assert reminding.prepared(ready, BEGAN + 36 * MINUTE) is None
    assert reminding.prepared(COMMANDED, now) is None
