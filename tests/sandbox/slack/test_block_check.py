from typing import Any

import pytest

from incident_response.sandbox.slack.block_check import block_problems, view_problems, with_ids


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def option(text: str = "One", **more: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": "1", **more}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": plain("x"), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), **more}


def form(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("L"), "element": element, **more}


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}
            ],
        },
        {"type": "rich_text_preformatted", "elements": [], "border": 1},
    ],
}
TABLE = {
    "type": "table",
    "rows": [[{"type": "raw_text", "text": "a"}, RICH]],
    "column_settings": [{"align": "right"}],
}
CONFIRM = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes")}
GOOD = [
    {"type": "header", "text": plain("h" * 150)},
    section(fields=[{"type": "mrkdwn", "text": "f" * 2000}] * 10, accessory=button()),
    section(accessory={"type": "overflow", "options": [option()] * 5, "action_id": "o"}),
    section(accessory={"type": "users_select", "initial_user": "U1"}),
    section(accessory={"type": "multi_users_select", "initial_users": ["U1"]}),
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10},
    actions(button(style="danger", value="v" * 2000, confirm=CONFIRM, url="https://x.example")),
    actions({"type": "static_select", "options": [option()] * 100, "placeholder": plain("p")}),
    actions({"type": "datepicker", "initial_date": "2026-01-01"}, {"type": "timepicker"}),
    {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
    form({"type": "plain_text_input", "multiline": True, "max_length": 3000}, optional=True),
    form({"type": "checkboxes", "options": [option(description=plain("d"))]}),
    form({"type": "number_input", "is_decimal_allowed": False}, hint=plain("h")),
    {"type": "markdown", "text": "**hi**"},
    RICH,
    TABLE,
]
BAD = [
    (section(text=plain("x" * 3001)), "must be less than 3001 characters", "/text/text"),
    (section(text=plain("")), "must be more than 0 characters", "/text/text"),
    ({"type": "section"}, "missing required field: text or fields", ""),
    (section(fields=[plain("f")] * 11), "no more than 10 items allowed", "/fields"),
    (section(accessory=button(text=plain("x" * 76))), "less than 76", "/accessory/text/text"),
    ({"type": "header", "text": plain("h" * 151)}, "less than 151", "/text/text"),
    (
        {"type": "header", "text": {"type": "mrkdwn", "text": "h"}},
        "unsupported type",
        "/text/type",
    ),
    ({"type": "marquee"}, "unsupported type: marquee", "/type"),
    (actions(*[button()] * 26), "no more than 25 items allowed", "/elements"),
    (actions(button(style="blue")), "must be one of: danger, primary", "/elements/0/style"),
    (actions(button(colour="blue")), "invalid additional property: colour", "/elements/0"),
    (actions(button(value="v" * 2001)), "less than 2001", "/elements/0/value"),
    (actions({"type": "plain_text_input"}), "unsupported type", "/elements/0/type"),
    (actions(button(action_id="a"), button(action_id="a")), "already exists", "/1/action_id"),
    (section(accessory={"type": "overflow", "options": []}), "at least 1", "/options"),
    (form({"type": "number_input"}), "missing required field: is_decimal_allowed", "/element"),
    ({"type": "image", "alt_text": "a"}, "missing required field: image_url", ""),
    ({"type": "image", "image_url": "x"}, "missing required field: alt_text", ""),
    (actions({"type": "static_select"}), "options or option_groups", "/elements/0"),
    (
        section(accessory={"type": "users_select", "initial_option": "U1"}),
        "invalid additional property: initial_option",
        "/accessory",
    ),
    (section(block_id=1), "must be a string", "/block_id"),
    ("text", "must be an object", ""),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_what_products_send_is_fine(block: dict[str, Any]) -> None:
    assert block_problems([block]) == []


@pytest.mark.parametrize(("block", "said", "where"), BAD)
def test_a_bad_block_is_told_where_and_why(block: Any, said: str, where: str) -> None:
    [problem] = block_problems([block])
    assert problem.startswith("[ERROR] ")
    assert said in problem
    assert problem.endswith(f"{where}]")


def test_a_message_has_fifty_blocks_and_a_modal_a_hundred() -> None:
    many = [{"type": "divider"}] * 51
    assert block_problems(many) == ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]
    assert view_problems({"type": "modal", "title": plain("T"), "blocks": many}) == []


def test_a_block_id_is_used_once() -> None:
    twins = [section(block_id="b"), section(block_id="b")]
    [problem] = block_problems(twins)
    assert "`block_id` b already exists" in problem


def test_fields_a_view_sets_to_null_are_as_good_as_absent() -> None:
    view: dict[str, Any] = {"type": "modal", "title": plain("T"), "blocks": [], "submit": None}
    assert view_problems(view) == []


def test_ids_are_given_where_there_are_none_and_kept_where_there_are() -> None:
    blocks = [section(accessory=button(action_id="mine")), actions(button()), form(button())]
    named = with_ids(blocks, lambda: "given")
    assert [block["block_id"] for block in named] == ["given"] * 3
    assert named[0]["accessory"]["action_id"] == "mine"
    assert named[1]["elements"][0]["action_id"] == "given"
    assert named[2]["element"]["action_id"] == "given"
