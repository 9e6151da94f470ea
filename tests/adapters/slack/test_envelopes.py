from typing import Any

import pytest

from incident_response.adapters.slack.client import Identity
from incident_response.adapters.slack.envelopes import (
    envelope_of,
    is_foreign,
    is_our_own,
    key_of,
    visible_refusal,
)
from incident_response.domain.model import UserId
from incident_response.ports.inbox import EnvelopeKind
from tests.fakes.clock import START

OURS = Identity(
    bot_user_id=UserId("U0BOT"), bot_id="B0BOT", team_id="T1", team="Tidewater", url=""
)
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "token": "verification",
    "trigger_id": "1.2.secret",
    "team": {"id": "T1"},
    "user": {"id": "U1", "team_id": "T1"},
    "container": {"type": "message", "message_ts": "1.1"},
    "actions": [{"action_id": "take", "action_ts": "2.2"}],
}


def without(payload: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key != name}


def test_an_event_goes_by_its_id() -> None:
    payload = {"event_id": "Ev1", "event": {"type": "message"}}

    assert key_of(EnvelopeKind.EVENT, payload) == "event-Ev1"


def test_a_key_does_not_give_the_trigger_away() -> None:
    assert "secret" not in key_of(EnvelopeKind.ACTION, CLICK)


@pytest.mark.parametrize("payload", [CLICK, without(CLICK, "trigger_id")])
def test_the_same_click_has_the_same_key_and_another_has_not(payload: dict[str, Any]) -> None:
    again = {**payload}
    other = {**payload, "user": {"id": "U2", "team_id": "T1"}, "trigger_id": "3.4.other"}

    assert key_of(EnvelopeKind.ACTION, again) == key_of(EnvelopeKind.ACTION, payload)
    assert key_of(EnvelopeKind.ACTION, other) != key_of(EnvelopeKind.ACTION, payload)


@pytest.mark.parametrize(
    "changed",
    [
        {"user": {"id": "U2"}},
        {"container": {"type": "message", "message_ts": "1.2"}},
        {"actions": [{"action_id": "take", "action_ts": "2.3"}]},
        {"actions": [{"action_id": "leave", "action_ts": "2.2"}]},
    ],
)
def test_without_a_trigger_a_click_is_who_did_what_where_and_when(
    changed: dict[str, Any],
) -> None:
    bare = without(CLICK, "trigger_id")

    assert key_of(EnvelopeKind.ACTION, bare) != key_of(EnvelopeKind.ACTION, {**bare, **changed})


def test_closing_one_modal_is_not_closing_another() -> None:
    closed = {"type": "view_closed", "user": {"id": "U1"}, "view": {"id": "V1"}}
    other = {**closed, "view": {"id": "V2"}}

    assert key_of(EnvelopeKind.VIEW, closed) != key_of(EnvelopeKind.VIEW, other)


def test_the_envelope_keeps_everything_but_the_verification_token() -> None:
    envelope = envelope_of(EnvelopeKind.ACTION, CLICK, received_at=START)

    assert envelope.payload == without(CLICK, "token")
    assert (envelope.kind, envelope.received_at) == (EnvelopeKind.ACTION, START)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (CLICK, False),
        ({**CLICK, "team": {"id": "T2"}}, True),
        ({**CLICK, "user": {"id": "U1", "team_id": "T2"}}, True),
        ({**CLICK, "team": None}, False),
        ({"command": "/inc", "team_id": "T1"}, False),
        ({"command": "/inc", "team_id": "T2"}, True),
        ({"team_id": "T1", "event": {"type": "message", "user_team": "T2"}}, True),
        ({"team_id": "T1", "event": {"type": "message", "team": "T2"}}, True),
        ({"team_id": "T1", "event": {"type": "message", "team": "T1"}}, False),
        ({"team_id": "T1", "event": {"type": "team_join", "user": {"id": "U2"}}}, False),
    ],
)
def test_what_comes_from_another_workspace_is_known(
    payload: dict[str, Any], expected: bool
) -> None:
    assert is_foreign(payload, OURS) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "message", "bot_id": "B0BOT"}, True),
        ({"type": "message", "user": "U0BOT"}, True),
        ({"type": "message", "subtype": "message_changed", "message": {"user": "U0BOT"}}, True),
        ({"type": "member_joined_channel", "user": "U0BOT"}, True),
        ({"type": "member_joined_channel", "user": "U1", "inviter": "U0BOT"}, False),
        ({"type": "message", "user": "U1"}, False),
        ({"type": "message", "bot_id": "B0OTHER"}, False),
        ({"type": "team_join", "user": {"id": "U2"}}, False),
    ],
)
def test_what_our_own_bot_did_is_known(event: dict[str, Any], expected: bool) -> None:
    assert is_our_own({"event": event}, OURS) is expected


def test_a_modal_without_a_field_has_no_place_for_a_refusal() -> None:
    section = {"type": "section", "block_id": "words"}
    field = {"type": "input", "block_id": "title"}
    modal = {"type": "view_submission", "view": {"blocks": [section]}}

    assert visible_refusal(modal, "no") is None
    assert visible_refusal({**modal, "view": {"blocks": [section, field]}}, "no") == {
        "response_action": "errors",
        "errors": {"title": "no"},
    }
