"""Reminders, what becomes of them, updates and their form."""

from datetime import timedelta

from incident_response.blocks.backup import backup_asked, backup_told
from incident_response.blocks.nudge import (
    nudge,
    silenced,
    silenced_already,
    snooze_action,
    snoozed,
    unsilenced,
    unsilenced_already,
)
from incident_response.blocks.update import LONGEST, update
from incident_response.blocks.update_form import errors_of, incident_of, text_of, update_form
from incident_response.domain.model import Json, UserId
from incident_response.domain.response import Nudging
from tests.blocks import slack_limits
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import ASSEMBLED, COMMANDED, INCIDENT, NOW

ADA, BEN = UserId("U0ADA"), UserId("U0BEN")


def labels(message: object) -> list[str]:
    return [label for label, _, _ in buttons(message)]  # type: ignore[arg-type]  # a message


def filled(text: str) -> Json:
    view = update_form(COMMANDED, "", is_template=True)
    return {**view, "state": {"values": {"text": {"text": {"value": text}}}}}


def test_a_reminder_offers_an_update_three_snoozes_and_silence() -> None:
    drawn = [(label, name) for label, name, _ in buttons(nudge(COMMANDED, NOW))]
    assert drawn == [
        ("Post update", "post_update"),
        *((f"Snooze {n} min", snooze_action(n)) for n in (15, 30, 60)),
        ("Silence", "silence"),
    ]


def test_with_nobody_in_command_there_is_nobody_to_be_left_alone() -> None:
    assert labels(nudge(ASSEMBLED, NOW)) == ["Take command", "Post update"]


def test_who_snoozes_is_told_until_when_or_that_there_is_nothing_to_snooze() -> None:
    assert "not reminded to post an update before <!date^" in snoozed(COMMANDED, NOW).text
    assert "not reminded to post an update at this severity" in snoozed(COMMANDED, None).text
    silent = COMMANDED.model_copy(update={"nudging": Nudging(is_silenced=True)})
    assert "silenced anyway: type `unsilence`" in snoozed(silent, None).text


def test_silence_is_told_with_the_way_back_and_the_way_back_with_the_next_reminder() -> None:
    message = silenced(COMMANDED, ADA)
    assert message.text.startswith("🔕 <@U0ADA> silenced the reminders")
    assert labels(message) == ["Turn reminders on"]
    assert "The next is due at <!date^" in unsilenced(BEN, NOW).text
    assert "At this severity nobody is reminded." in unsilenced(BEN, None).text
    assert "`unsilence`" in silenced_already().text
    assert unsilenced_already().text == "Reminders are on already."


def test_an_update_is_shown_as_it_was_written_and_calls_nobody() -> None:
    text = "*Bold* <!here> <@U0BEN>\nhttps://x.test\n```code```"
    message = update(text, ADA)
    assert message.blocks[1]["text"] == {"type": "plain_text", "text": text, "emoji": False}
    assert slack_limits.mentions(message) == {"@U0ADA"}
    assert slack_limits.violations(message) == []


def test_the_longest_update_is_shown_whole() -> None:
    text = "🔥" * (LONGEST // 2)
    assert text in shown(update(text, ADA))
    assert slack_limits.violations(update(text, ADA)) == []


def test_the_form_says_who_wrote_the_draft_and_holds_no_empty_one() -> None:
    by_model = str(update_form(COMMANDED, "We roll back.", is_template=False))
    assert "We roll back." in by_model
    assert "A model drafted this" in by_model
    empty = str(update_form(COMMANDED, " \u200b ", is_template=True))
    assert "initial_value" not in empty
    assert "no model wrote it" in empty


def test_the_form_keeps_lines_and_asks_for_words() -> None:
    assert text_of(filled("one\ntwo\u202e\n\n\n\nthree ")) == "one\ntwo\n\nthree"
    assert incident_of(filled("one")) == INCIDENT.incident_id
    assert errors_of(filled("one")) == {}
    assert set(errors_of(filled(" \n "))) == {"text"}
    assert set(errors_of({})) == {"text"}


def test_the_next_on_call_is_named_in_the_room_and_told_where_to_come() -> None:
    later = NOW + timedelta(minutes=45)
    silent = COMMANDED.model_copy(update={"last_update_at": NOW})
    asked = backup_asked(silent, (ADA,), later)
    assert asked.text == (
        "📟 There is no update for 45 min; reminders go unanswered."
        " <@U0ADA>, next on call, is told: please ask how it stands."
    )
    told = backup_told(silent, later)
    assert "there is no update for 45 min" in told.text
    assert "<@U0BEN> is in command" in told.text
    assert labels(told) == ["Join"]


def test_with_nobody_to_tell_the_room_is_asked_and_with_nobody_in_command_to_take_it() -> None:
    message = backup_asked(ASSEMBLED, (), NOW)
    assert "Nobody else on call is known" in message.text
    assert labels(message) == ["Take command"]
