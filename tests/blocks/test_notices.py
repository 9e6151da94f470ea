from datetime import UTC, datetime

from incident_response.blocks import notices
from incident_response.blocks.action_ids import RETRY_STEP, encode_value
from incident_response.domain.alert import Alert, AlertState, IntakeRecord
from incident_response.ports.event_queue import DeadLetter
from incident_response.ports.inbox import Envelope, EnvelopeKind
from tests.blocks import slack_limits
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import INCIDENT, event_id

AT = datetime(2026, 3, 2, 10, 28, tzinfo=UTC)
WHEN = "<!date^1772447280^{date_short_pretty} at {time}|2026-03-02 10:28 UTC>"
ALERT = Alert(
    source="generic", group_key="k", state=AlertState.UNKNOWN, raw_state="<odd>", changed_at=AT,
    occurrence="1", title="Disk full",
)  # fmt: skip
RECORD = IntakeRecord(
    event_id=event_id(), alert=ALERT, received_at=AT, raw_excerpt='{"state":"<odd>"}'
)
TOLD = f"Disk full · from generic · state “&lt;odd&gt;” · received {WHEN} · event aaaaaaaaaaaa"


def test_a_quarantined_alert_is_shown_with_what_came_in() -> None:
    assert shown(notices.alert_quarantined(RECORD)) == (
        "🧐 *An alert was not understood, so it opened no incident.* Please look.\n"
        f'{TOLD}\n{{"state":"<odd>"}}'
    )


def test_an_alert_that_could_not_be_processed_says_that_nobody_was_called() -> None:
    bare = RECORD.model_copy(update={"raw_excerpt": ""})
    assert shown(notices.alert_dead(bare, "the store said no")) == (
        "🚨 *An alert could not be processed. Nobody was called for it.*\n"
        f"{TOLD}\nReason: the store said no"
    )


def test_what_came_in_is_shown_only_in_part() -> None:
    long = RECORD.model_copy(update={"raw_excerpt": "x" * 9000})
    assert shown(notices.alert_quarantined(long)).endswith("\n" + "x" * 499 + "…")
    assert slack_limits.violations(notices.alert_quarantined(long)) == []


def test_a_dead_letter_is_shown_with_its_reason() -> None:
    letter = DeadLetter(
        message_id="m", raw="{", group="g", receive_count=3, reason="no JSON", died_at=AT
    )
    assert shown(
        notices.message_dead_lettered(letter, "incident-events", is_sent_again=False)
    ) == (
        f"🚨 *An event was given up* after 3 tries (incident-events, {WHEN}). It is kept.\n"
        "Reason: no JSON\n{"
    )


def test_a_click_that_was_given_up_is_shown_without_its_content() -> None:
    envelope = Envelope(
        key="k", kind=EnvelopeKind.ACTION, payload={"token": "secret"}, received_at=AT, attempts=1
    )
    assert shown(notices.envelope_buried(envelope, "")) == (
        f"🚨 *A person's click was given up* after 1 try ({WHEN}). It is kept.\n"
        "Reason: none was given"
    )


def test_a_room_that_could_not_be_made_can_be_tried_again() -> None:
    message = notices.room_failed(INCIDENT, "create_room", "restricted_action")
    assert shown(message) == (
        "🚨 *No room could be made; nobody was called.*\n"
        "🟠 P1 Checkout errors above 5 %\n"
        "Reason: restricted_action\nRetry"
    )
    value = encode_value(INCIDENT.incident_id, step="create_room")
    assert buttons(message) == [("Retry", RETRY_STEP, value)]
