from datetime import timedelta

import pytest

from incident_response.blocks import action_ids, aftercare, life_buttons, lifecycle, resolution
from incident_response.blocks.action_ids import decode_value
from incident_response.blocks.alert_notices import alert_refired, alert_resolved
from incident_response.blocks.ending_forms import (
    TEXT_BLOCK,
    cancel_form,
    errors_of,
    incident_of,
    line_of,
    resolve_form,
)
from incident_response.blocks.pulse import pulse
from incident_response.blocks.refusals import failed
from incident_response.domain.briefing import Part, PartState
from incident_response.domain.errors import NotInCommandError, RefusedError, WrongStateError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import SYSTEM
from incident_response.domain.model import IncidentId, Json, UserId
from incident_response.domain.response import Postmortem, Resolution
from incident_response.workflows.ending import LABELS
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import ADA, BEGAN, BEN, COMMANDED

ENDED_AT = BEGAN + timedelta(minutes=52)
POSTMORTEM = Postmortem(
    issue_id="x",
    identifier="OPS-12",
    url="https://linear.test/OPS-12",
    review_due_at=ENDED_AT + timedelta(hours=48),
)
ENDING = COMMANDED.model_copy(
    update={
        "resolution": Resolution(by=BEN, at=ENDED_AT, summary="Rolled back 1.4.2"),
        "resolutions": 1,
    }
)
ENDED = ENDING.model_copy(
    update={
        "status": IncidentStatus.RESOLVED,
        "resolved_at": ENDED_AT,
        "postmortem": POSTMORTEM,
    }
)


def parts(**states: PartState) -> tuple[Part, ...]:
    """Every part of an ending, done but for what is given."""
    return tuple(
        Part(
            step=step,
            label=label,
            state=states.get(step, PartState.READY),
            reason="the team is unknown" if states.get(step) is PartState.FAILED else "",
        )
        for step, label in LABELS.items()
    )


def told(incident: Incident = ENDED, **states: PartState) -> str:
    message = resolution.resolved_in_room(
        incident, parts(**states), run="resolve#1", archive_at=ENDED_AT + timedelta(days=7)
    )
    return shown(message)


def test_the_room_reads_who_ended_it_how_and_what_was_done() -> None:
    text = told()
    for line in (
        "✅ *Resolved* by <@U0BEN> after 52 min.\nRolled back 1.4.2",
        "✅ Postmortem: <https://linear.test/OPS-12|OPS-12>, review due ",
        "✅ Closing message for the status page: proposed above, for approval",
        "✅ Reminders and escalation: stopped",
        "This room is archived ",
        "Reopen",
    ):
        assert line in text
    assert "⚠️" not in text


@pytest.mark.parametrize("step", LABELS)
def test_whatever_failed_is_said_with_its_reason_and_a_retry_of_that_step(step: str) -> None:
    message = resolution.resolved_in_room(
        ENDED, parts(**{step: PartState.FAILED}), run="resolve#3", archive_at=None
    )
    assert f"⚠️ *{LABELS[step]}*: the team is unknown" in shown(message)
    assert f"Not done: {LABELS[step]}" in message.text
    (retry,) = [b for b in buttons(message) if b[0] == "Retry"]
    value = decode_value(retry[2])
    assert (value.plan, value.step) == ("resolve#3", step)


def test_what_is_still_tried_and_what_waits_for_another_part_is_not_called_done() -> None:
    text = told(write_postmortem=PartState.PENDING, stop_reminders=PartState.PENDING)
    assert "⏳ Postmortem text: still being tried" in text
    assert "⏳ Reminders and escalation: still being tried" in text
    waiting = Part(
        step="create_issue", label="Postmortem issue", state=PartState.EMPTY, reason="Text"
    )
    message = resolution.resolved_in_room(ENDED, (waiting,), run="resolve#1", archive_at=None)
    assert "▫️ Postmortem issue: waits for “Text”" in shown(message)


def test_what_is_not_configured_is_said_and_not_called_a_failure() -> None:
    text = told(create_issue=PartState.OFF, draft_closing=PartState.OFF)
    assert "no issue tracker is connected" in text
    assert "customers read of nothing open" in text
    assert "⚠️" not in text


def test_a_postmortem_that_no_model_wrote_says_so() -> None:
    by_template = POSTMORTEM.model_copy(update={"is_template": True})
    assert "written by a template" in told(ENDED.model_copy(update={"postmortem": by_template}))


def test_everybody_reads_in_two_lines_that_it_is_over() -> None:
    assert resolution.resolved_in_public(ENDED).text == (
        "✅ 🟠 P1 *Checkout errors above 5 %* is over after 52 min.\nRolled back 1.4.2"
    )


def test_who_resolves_is_told_only_what_is_certain() -> None:
    assert "recorded" in resolution.resolving(ENDING).text
    assert "✅" not in resolution.resolving(ENDING).text
    assert resolution.resolving(ENDED).text == "✅ It is resolved."


def test_a_source_that_resolves_offers_a_button_until_somebody_has_ended_it() -> None:
    assert [b[1] for b in buttons(alert_resolved(COMMANDED))] == [action_ids.RESOLVE_INCIDENT]
    assert not buttons(alert_resolved(ENDING))
    by_us = Resolution(by=UserId(SYSTEM), at=ENDED_AT)
    text = alert_resolved(ENDING.model_copy(update={"resolution": by_us})).text
    assert text.endswith("so I resolve the incident, as the policy says.")
    assert "Resolving was stopped" in alert_refired(COMMANDED, was_ending=True).text
    assert "Resolving" not in alert_refired(COMMANDED).text


def test_buttons_are_there_only_while_they_make_sense() -> None:
    mitigated = COMMANDED.model_copy(update={"status": IncidentStatus.MITIGATED})
    table = {
        "resolve": life_buttons.resolve_button,
        "mitigate": life_buttons.mitigate_button,
        "cancel": life_buttons.cancel_button,
        "reopen": life_buttons.reopen_button,
    }
    there = {
        name: [button(i) is not None for i in (COMMANDED, mitigated, ENDING, ENDED)]
        for name, button in table.items()
    }
    assert there == {
        "resolve": [True, True, False, False],
        "mitigate": [True, False, False, False],
        "cancel": [True, True, False, False],
        "reopen": [False, False, True, True],
    }


def test_a_refusal_names_who_is_in_command_or_who_ended_it() -> None:
    assert failed("do that", NotInCommandError(commander=ADA)).text == (
        "⚠️ Could not do that: <@U0ADA> is in command, and only they can."
        " Ask them, or take command."
    )
    assert failed("do that", WrongStateError("it is resolved already", by=BEN)).text == (
        "⚠️ Could not do that: it is resolved already (by <@U0BEN>)."
    )
    assert failed("do that", WrongStateError("it is open")).text == (
        "⚠️ Could not do that: it is open."
    )


def test_the_room_hears_what_became_of_its_incident() -> None:
    assert lifecycle.mitigated(COMMANDED, "Failed over", by=ADA).text == (
        "🩹 *Mitigated*, says <@U0ADA>. Failed over The incident stays open until it is resolved."
    )
    assert lifecycle.reopened("", by=ADA).text == (
        "🔥 *Reopened* by <@U0ADA>: it is not over. Reminders run again."
    )
    assert lifecycle.cancelled(ENDED, "A test.", ADA, None).text == (
        "🚫 *Cancelled* by <@U0ADA>: A test."
    )
    other = COMMANDED.model_copy(update={"room": None})
    assert lifecycle.linked(other, by=ADA).text == (
        "🔗 <@U0ADA> linked 🟠 P1 *Checkout errors above 5 %* (`0a1b2c`)."
    )
    assert "*Work goes on there*" in lifecycle.merged_away(COMMANDED, ADA, None).text
    assert "<#C0ROOM>" in lifecycle.merged_away(COMMANDED, ADA, None).text


def test_the_pulse_has_five_buttons_and_says_what_was_answered() -> None:
    message = pulse(ENDED)
    assert [b[1] for b in buttons(message)] == [f"rate_{n}" for n in range(1, 6)]
    rated = ENDED.model_copy(update={"ratings": {ADA: 4, BEN: 5}})
    assert "So far 4.5 of 5 (2 ratings)." in pulse(rated).text


def test_what_is_said_days_later_names_the_issue_and_what_to_do() -> None:
    overdue = aftercare.review_overdue(ENDED, is_gone=False).text
    assert "<https://linear.test/OPS-12|OPS-12> was due" in overdue
    assert "no longer in the issue tracker" in aftercare.review_overdue(ENDED, is_gone=True).text
    assert "`reopen 0a1b2c`" in aftercare.archiving(ENDED).text
    assert "restricted action" in aftercare.not_archived("restricted_action").text
    assert "Checkout errors" in aftercare.pulse_reminder(ENDED).text


def filled(form: Json, text: object) -> Json:
    return {**form, "state": {"values": {TEXT_BLOCK: {TEXT_BLOCK: {"value": text}}}}}  # type: ignore[dict-item]  # whatever came


def test_a_form_brings_back_its_incident_and_one_line() -> None:
    for form in (resolve_form(COMMANDED, "Rolled back"), cancel_form(COMMANDED)):
        sent = filled(form, "Rolled\n back \u202e1.4.2")
        assert incident_of(sent) == COMMANDED.incident_id
        assert line_of(sent) == "Rolled back 1.4.2"
        assert errors_of(sent) == {}
    assert "Fixed: Checkout errors" in str(resolve_form(COMMANDED, ""))


@pytest.mark.parametrize("entered", ["", "  ", "\u200b", None, 7, {}])
def test_a_form_that_says_nothing_is_sent_back_to_its_field(entered: object) -> None:
    assert set(errors_of(filled(cancel_form(COMMANDED), entered))) == {TEXT_BLOCK}


def test_a_form_of_another_program_is_refused() -> None:
    for metadata in (None, "", "x", '{"v":2,"i":"inc-1"}'):
        with pytest.raises(RefusedError):
            incident_of({"private_metadata": metadata})
    ours = action_ids.encode_value(IncidentId("inc-1"))
    assert incident_of({"private_metadata": ours}) == "inc-1"
