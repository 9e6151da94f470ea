"""The tray, and the form that asks for what follows a verb."""

import json

import pytest

from incident_response.blocks import action_ids, limits
from incident_response.blocks.command_form import CommandForm, command_form, read_command_form
from incident_response.blocks.tray import TrayButton, tray
from incident_response.commands import COMMANDS
from incident_response.domain.errors import RefusedError
from incident_response.domain.model import ChannelId, Json
from incident_response.routing.command import by_topic
from tests.blocks import slack_limits
from tests.blocks.reading import buttons, shown

ROOM = ChannelId("C0ROOM")


def test_buttons_stand_by_topic_and_say_which_of_them_ask_for_more() -> None:
    rows = [
        TrayButton("status", "Status", "Where it stands", asks=False),
        TrayButton("invite", "Invite", "Who does what", asks=True),
        TrayButton("role", "Roles", "Who does what", asks=False),
    ]
    message = tray(rows, "/inc")
    assert shown(message) == (
        "*What do you want to do?*\n*Where it stands*\nStatus\n*Who does what*\nInvite …\nRoles\n"
        "Each is also a command: `/inc help` shows all."
    )
    assert buttons(message)[1] == ("Invite …", "run_command:invite", "/inc invite")
    assert slack_limits.violations(message) == []


def test_the_tray_of_all_commands_fits_whole_whatever_the_slash_command_is_called() -> None:
    rows = [
        TrayButton(c.name, c.label, c.topic, asks=c.needs_text)
        for c in by_topic(COMMANDS)
        if c.label
    ]
    message = tray(rows, "/" + "x" * 31)
    assert slack_limits.violations(message) == []
    assert len(buttons(message)) == len(rows)
    assert "/" + "x" * 31 + " help" in shown(message)


def test_a_topic_with_many_buttons_has_several_rows_and_none_is_lost() -> None:
    rows = [TrayButton(f"verb{n}", f"Verb {n}", "Many", asks=False) for n in range(30)]
    message = tray(rows, "/inc")
    assert slack_limits.violations(message) == []
    assert [label for label, _, _ in buttons(message)] == [row.label for row in rows]


def form(usage: str) -> Json:
    asked = CommandForm(line="/inc verb", usage=usage, channel_id=ROOM)
    return command_form(asked, title="A verb that has a rather long label", summary="Does <it>")


def asked_by(view: Json) -> dict[str, bool]:
    """Each question's block and whether it may stay empty."""
    blocks = [b for b in view["blocks"] if isinstance(b, dict)]  # type: ignore[union-attr]  # our own
    return {str(b["block_id"]): bool(b["optional"]) for b in blocks if b["type"] == "input"}


@pytest.mark.parametrize(
    ("usage", "questions"),
    [
        ("@user …", {"people": False}),
        ("[@user]", {"people": True}),
        ("<code>", {"words": False}),
        ("ic|tech [@user]", {"words": False, "people": True}),
        ("", {"words": False}),
    ],
)
def test_the_form_asks_for_what_the_usage_names(usage: str, questions: dict[str, bool]) -> None:
    view = form(usage)
    assert asked_by(view) == questions
    assert slack_limits.violations(view) == []


def filled(view: Json, words: str | None, users: list[str]) -> Json:
    values: Json = {
        "words": {"words": {"type": "plain_text_input", "value": words}},
        "people": {"people": {"type": "multi_users_select", "selected_users": [*users]}},
    }
    return {**view, "state": {"values": values}}


def test_the_filled_form_is_the_line_that_could_have_been_typed() -> None:
    read = read_command_form(filled(form("x [@user]"), " ic\n now ", ["U0ADA", "W0BEN"]))
    assert read.line == "/inc verb ic now <@U0ADA> <@W0BEN>"
    assert read.channel_id == ROOM
    assert read_command_form(filled(form("@user"), None, ["U0ADA"])).line == "/inc verb <@U0ADA>"


def test_what_is_no_user_is_left_out() -> None:
    assert read_command_form(filled(form("@user"), None, ["> <!here"])).line == "/inc verb"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ("", action_ids.UNREADABLE),
        ("[" * 100_000, action_ids.UNREADABLE),
        ('{"v":1}', action_ids.UNREADABLE),
        ('{"v":99,"line":"/inc verb","usage":""}', action_ids.SUPERSEDED),
    ],
)
def test_a_form_that_is_not_ours_is_refused(metadata: str, reason: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_command_form({**form(""), "private_metadata": metadata})
    assert refusal.value.reason == reason


def test_what_the_form_carries_fits() -> None:
    longest = max(len(c.usage) for c in COMMANDS)
    metadata = form("u" * longest)["private_metadata"]
    assert isinstance(metadata, str)
    assert json.loads(metadata)["v"] == action_ids.VERSION
    assert len(metadata) + 31 < limits.PRIVATE_METADATA
