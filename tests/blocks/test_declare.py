import json
from pathlib import Path
from typing import Any

import pytest

from incident_response.blocks.action_ids import SUPERSEDED, UNREADABLE
from incident_response.blocks.declare import (
    Declaration,
    FieldErrors,
    Origin,
    declare_modal,
    read_declaration,
)
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import ChannelId, Json
from incident_response.domain.severity import Severity
from tests.blocks import slack_limits
from tests.blocks.samples import POLICY

DRAWN = Path(__file__).parents[1] / "data" / "blocks" / "declare.json"
ORIGIN = Origin(channel_id=ChannelId("C0DEV"), message_ts="1772447280.000100")


def initial_values(view: Json) -> list[str | None]:
    blocks: Any = view["blocks"]
    return [block["element"].get("initial_value") for block in blocks]


def submitted(
    *,
    title: str | None = "Checkout fails",
    severity: str | None = "P1",
    description: str | None = None,
) -> Json:
    """The view Slack sends for what a person entered; untouched inputs are null."""
    option: Json | None = {"value": severity} if severity else None
    return {
        "private_metadata": declare_modal(POLICY, origin=ORIGIN)["private_metadata"],
        "state": {
            "values": {
                "title": {"title": {"type": "plain_text_input", "value": title}},
                "severity": {"severity": {"type": "static_select", "selected_option": option}},
                "description": {"description": {"type": "plain_text_input", "value": description}},
            }
        },
    }


def test_the_modal_as_it_is_drawn() -> None:
    view = declare_modal(POLICY, title="Checkout fails", origin=ORIGIN)
    assert view == json.loads(DRAWN.read_text())
    assert slack_limits.violations(view) == []


def test_a_message_comes_along_as_people_read_it() -> None:
    view = declare_modal(
        POLICY, message="Cart is down &amp; out <@U0ADA|ada>\nsee <https://a.test|log>"
    )
    assert initial_values(view) == [
        "Cart is down & out @ada",
        None,
        "Cart is down & out @ada\nsee log (https://a.test)",
    ]


def test_what_is_longer_than_a_field_holds_is_cut() -> None:
    view = declare_modal(POLICY, message="x" * 5000)
    assert initial_values(view) == ["x" * 149 + "…", None, "x" * 2999 + "…"]


def test_an_empty_modal_has_no_empty_initial_values() -> None:
    assert initial_values(declare_modal(POLICY)) == [None, None, None]


def test_what_was_submitted_comes_back_cleaned() -> None:
    view = submitted(title=" Checkout\u202e fails ", description="EU only\r\nsince 10:00\n")
    assert read_declaration(view) == Declaration(
        "Checkout fails", Severity.P1, description="EU only\nsince 10:00", origin=ORIGIN
    )


def test_a_description_may_be_left_out() -> None:
    declaration = read_declaration(submitted())
    assert isinstance(declaration, Declaration)
    assert declaration.description == ""


@pytest.mark.parametrize(
    ("view", "fields"),
    [
        (submitted(title=None), ["title"]),
        (submitted(title="\u200b \n"), ["title"]),
        (submitted(severity=None), ["severity"]),
        (submitted(severity="P9"), ["severity"]),
        (submitted(title="", severity=None), ["title", "severity"]),
        ({**submitted(), "state": None}, ["title", "severity"]),
    ],
)
def test_what_is_missing_is_said_at_its_field(view: Json, fields: list[str]) -> None:
    result = read_declaration(view)
    assert isinstance(result, FieldErrors)
    assert list(result.errors) == fields
    assert result.answer == {"response_action": "errors", "errors": result.errors}


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ('{"v":2}', SUPERSEDED),
        ("", UNREADABLE),
        ("[1]", UNREADABLE),
        (None, UNREADABLE),
        ('{"v":1,"channel_id":7}', UNREADABLE),
    ],
)
def test_a_modal_of_another_version_is_refused_clearly(metadata: str | None, reason: str) -> None:
    with pytest.raises(RefusedError) as raised:
        read_declaration({**submitted(), "private_metadata": metadata})
    assert raised.value.reason == reason
