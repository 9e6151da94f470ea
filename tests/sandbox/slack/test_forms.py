from typing import Any

import pytest

from incident_response.sandbox.slack.forms import REQUIRED, completed_state, field_errors
from incident_response.sandbox.slack.model import View


def field(element: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "b",
        "element": {"action_id": "a", **element},
        "optional": optional,
    }


def errors(block: dict[str, Any], given: dict[str, Any]) -> dict[str, str]:
    body = {"type": "modal", "blocks": [block]}
    view = View("V1", "U1", "modal", body, "h", "A1", "B1", "V1")
    return field_errors(view, completed_state([block], {"b": {"a": given}} if given else {}))


def test_what_nobody_touched_starts_from_its_initial_value() -> None:
    option = {"text": {"type": "plain_text", "text": "P1"}, "value": "p1"}
    blocks = [
        field({"type": "plain_text_input", "initial_value": "draft"}),
        {
            "type": "section",
            "block_id": "s",
            "accessory": {
                "type": "static_select",
                "action_id": "severity",
                "initial_option": option,
            },
        },
        {
            "type": "actions",
            "block_id": "c",
            "elements": [
                {"type": "checkboxes", "action_id": "done"},
                {"type": "button", "action_id": "go"},
            ],
        },
    ]
    assert completed_state(blocks, {"other": {"x": {"value": "forged"}}}) == {
        "b": {"a": {"type": "plain_text_input", "value": "draft"}},
        "s": {"severity": {"type": "static_select", "selected_option": option}},
        "c": {"done": {"type": "checkboxes", "selected_options": []}},
    }


def test_what_was_given_wins_and_nothing_else_rides_along() -> None:
    block = field({"type": "plain_text_input", "initial_value": "draft"})
    given = {"b": {"a": {"value": "mine", "forged": True}}}
    assert completed_state([block], given) == {
        "b": {"a": {"type": "plain_text_input", "value": "mine"}}
    }


@pytest.mark.parametrize(
    ("element", "given", "said"),
    [
        ({"type": "plain_text_input"}, {}, REQUIRED),
        ({"type": "plain_text_input"}, {"value": ""}, REQUIRED),
        ({"type": "plain_text_input", "min_length": 3}, {"value": "ab"}, "at least 3"),
        ({"type": "plain_text_input", "max_length": 3}, {"value": "abcd"}, "no more than 3"),
        ({"type": "users_select"}, {}, REQUIRED),
        ({"type": "multi_users_select"}, {"selected_users": []}, REQUIRED),
        ({"type": "email_text_input"}, {"value": "ada"}, "valid email"),
        ({"type": "url_text_input"}, {"value": "ada"}, "valid URL"),
        ({"type": "number_input", "is_decimal_allowed": True}, {"value": "x"}, "a number"),
        ({"type": "number_input", "is_decimal_allowed": False}, {"value": "1.5"}, "whole"),
        (
            {"type": "number_input", "is_decimal_allowed": True, "min_value": "2"},
            {"value": "1"},
            "no less than 2",
        ),
        (
            {"type": "number_input", "is_decimal_allowed": True, "max_value": "2"},
            {"value": "3"},
            "no more than 2",
        ),
    ],
)
def test_the_client_refuses_what_it_can_see_is_wrong(
    element: dict[str, Any], given: dict[str, Any], said: str
) -> None:
    assert said in errors(field(element), given)["b"]


@pytest.mark.parametrize(
    ("block", "given"),
    [
        (field({"type": "plain_text_input"}, optional=True), {}),
        (field({"type": "plain_text_input"}), {"value": "fine"}),
        (field({"type": "email_text_input"}), {"value": "ada@tidewater.example"}),
        (field({"type": "url_text_input"}), {"value": "https://x.example"}),
        (field({"type": "number_input", "is_decimal_allowed": False}), {"value": "2"}),
        (field({"type": "datepicker"}), {"selected_date": "2026-01-01"}),
    ],
)
def test_a_good_value_passes(block: dict[str, Any], given: dict[str, Any]) -> None:
    assert errors(block, given) == {}
