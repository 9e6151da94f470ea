"""Status, list, help, replies and refusals: what one person is answered."""

from functools import partial

import pytest

from incident_response.blocks import refusals, replies
from incident_response.blocks.action_ids import SUPERSEDED
from incident_response.blocks.help import HelpRow, help_text, unknown_command
from incident_response.blocks.listing import listing
from incident_response.blocks.status import status as draw_status
from incident_response.domain import errors
from incident_response.domain.briefing import Briefing
from incident_response.domain.model import UserId
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Invited, Message
from tests.blocks import slack_limits
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import (
    ADA,
    ASSEMBLED,
    BEN,
    BRIEFING,
    COMMANDED,
    INCIDENT,
    NOW,
    POLICY,
    RESOLVED,
)

status = partial(draw_status, policy=POLICY)
ROWS = (
    HelpRow("declare [title]", "Declare an incident", "Begin", is_anywhere=True),
    HelpRow("role ic @user", "Give a role", "Who does what", is_anywhere=False),
    HelpRow("help", "This list", "Begin", is_anywhere=True),
)


def told(message: Message) -> str:
    """What is said above the buttons."""
    return shown(Message(text=message.text, blocks=message.blocks[:1]))


def test_status_tells_a_latecomer_everything_in_seven_lines() -> None:
    message = status(COMMANDED, BRIEFING, NOW)
    began = "<!date^1772447280^{date_short_pretty} at {time}|2026-03-02 10:28 UTC>"
    assert told(message) == (
        "🟠 P1 *Checkout errors above 5 %*\n"
        f"In progress · began {began} (4 min ago) · the alert is firing · <#C0ROOM>\n"
        "<@U0BEN> is in command · Scribe: <@U0ADA>\n"
        "Responders: <@U0ADA>, <@U0BEN>\n"
        "Called: L1 · ✅ <@U0BEN> acknowledged.\n"
        "Checklist: 0 of 11 · next: War room assembled\n"
        "Missing: Logs, 1 unresolved name"
    )
    assert [label for label, _, _ in buttons(message)] == [
        "Hand over",
        "Escalate",
        "Several customers affected",
        "Security",
        "Revenue",
        "Mitigated",
        "Resolve …",
        "Cancel …",
    ]
    assert slack_limits.violations(message) == []
    assert [label for label, _, _ in buttons(status(RESOLVED, BRIEFING, NOW))] == ["Reopen"]


def test_status_offers_command_and_acknowledging_while_nobody_has_said_a_word() -> None:
    message = status(INCIDENT, Briefing(), NOW)
    labels = [label for label, _, _ in buttons(message)]
    assert labels[:3] == ["Take command", "Acknowledge", "Escalate"]
    assert "L2 is called at" in shown(message)
    assert "Responders: nobody yet" in shown(message)
    assert "Missing" not in shown(message)


def test_status_of_a_finished_checklist_names_no_next_item() -> None:
    done = tuple(i.model_copy(update={"checked_by": ADA}) for i in COMMANDED.checklist)
    message = status(COMMANDED.model_copy(update={"checklist": done}), Briefing(), NOW)
    assert told(message).endswith("Checklist: 11 of 11")


def test_many_responders_are_counted() -> None:
    many = COMMANDED.model_copy(update={"responders": (ADA,) * 12})
    assert "<@U0ADA> and 2 more" in shown(status(many, Briefing(), NOW))


def test_the_list_has_a_row_and_a_way_in_for_each_open_incident() -> None:
    message = listing([COMMANDED, INCIDENT], NOW)
    assert shown(message) == (
        "*2 incidents open*\n"
        "🟠 P1 *Checkout errors above 5 %*\n"
        "In progress, began 4 min ago · <@U0BEN> is in command · `0a1b2c`\n"
        "Join\n"
        "🟠 P1 *Checkout errors above 5 %*\n"
        "Open, began 4 min ago · nobody in command yet · `0a1b2c`"
    )
    assert message.text == "2 incidents open"


def test_a_long_list_is_cut_and_an_empty_one_says_so() -> None:
    assert shown(listing([ASSEMBLED] * 14, NOW)).endswith("and 2 more")
    assert slack_limits.violations(listing([ASSEMBLED] * 14, NOW)) == []
    assert listing([], NOW).text == "No open incidents."


def test_help_groups_commands_by_topic_and_says_which_work_anywhere() -> None:
    message = help_text(ROWS, "/inc")
    assert shown(message) == (
        "*Begin*\n`/inc declare [title]`  Declare an incident\n`/inc help`  This list\n"
        "*Who does what*\n`/inc role ic @user`  Give a role\n"
        "Anywhere: declare, help. The others in a war room."
    )
    assert message.text == "Commands of /inc: declare [title], role ic @\u2060user, help"


def test_an_unknown_word_gets_the_nearest_command() -> None:
    assert unknown_command("statsu", "status", "/inc").text == (
        "I do not know “statsu”. Did you mean `/inc status`? `/inc help` shows all commands."
    )
    assert unknown_command("<!here>", "", "/inc").text == (
        "I do not know “&lt;!here&gt;”. `/inc help` shows all commands."
    )


def test_an_invitation_tells_who_came_and_who_could_not_and_why() -> None:
    refused = {UserId("U0GUEST"): "user_is_restricted", UserId("U0ODD"): "some_new_reason"}
    assert replies.invited(Invited(joined=(ADA, BEN), refused=refused)).text == (
        "✅ In the room: <@U0ADA>, <@U0BEN>\n"
        "⚠️ Not invited: <@U0GUEST> (is a guest)\n"
        "⚠️ Not invited: <@U0ODD> (some new reason)"
    )
    many = {UserId(f"U{n}"): "user_not_found" for n in range(12)}
    assert replies.invited(Invited((), many)).text.endswith("and 2 more not invited")
    assert replies.invited(Invited((), {})).text == "Nobody was invited."


@pytest.mark.parametrize(
    ("by", "previous", "told"),
    [
        (BEN, None, "👤 <@U0BEN> is *Incident commander* now."),
        (BEN, BEN, "👤 <@U0BEN> is *Incident commander* now."),
        (BEN, ADA, "👤 <@U0BEN> is *Incident commander* now (was <@U0ADA>)."),
        (
            ADA,
            ADA,
            "👤 <@U0BEN> is *Incident commander* now (was <@U0ADA>, given by <@U0ADA>).",
        ),
    ],
)
def test_the_room_is_told_who_has_a_role_now(
    by: UserId, previous: UserId | None, told: str
) -> None:
    assert replies.role_assigned(Role.COMMANDER, BEN, by=by, previous=previous).text == told


def test_roles_are_listed_with_their_holders() -> None:
    assert replies.roles(COMMANDED).text == (
        "*Incident commander*: <@U0BEN>\n*Technical lead*: nobody\n"
        "*Communications lead*: nobody\n*Scribe*: <@U0ADA>"
    )


def test_who_joins_is_told_where_the_room_is() -> None:
    assert replies.joined(ASSEMBLED, policy=POLICY).text == "✅ You are in <#C0ROOM>."
    assert replies.joined(INCIDENT, policy=POLICY).text.startswith(
        "The room is still being set up"
    )


def test_who_declares_is_told_what_happens_next() -> None:
    head = "✅ Declared: 🟠 P1 *Checkout errors above 5 %*\n"
    recorded = INCIDENT.model_copy(update={"severity": Severity.P4})
    assert replies.declared(INCIDENT, policy=POLICY).text == (
        f"{head}The room is being set up; you will be invited."
    )
    assert replies.declared(RESOLVED, policy=POLICY).text == f"{head}The room: <#C0ROOM>"
    assert replies.declared(recorded, policy=POLICY).text.endswith(
        "\nIt is recorded; P4 opens no room."
    )


def test_a_refusal_says_what_why_and_what_to_do() -> None:
    assert refusals.could_not("invite <x>", "it is a guest.", "Ask an admin.").text == (
        "⚠️ Could not invite &lt;x&gt;: it is a guest. Ask an admin."
    )
    assert refusals.could_not("do it", " ").text == "⚠️ Could not do it: no reason was given."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.RateLimitedError(), "we were asked to slow down. Try again in a minute."),
        (errors.UnavailableError(), "it could not be reached. Try again in a minute."),
        (errors.UnknownOutcomeError(), "no answer came. It may have worked: look first."),
        (
            errors.ConflictError(),
            "somebody changed it at the same moment. Look again, then retry.",
        ),
        (errors.RetryableError(), "it did not work just now. Try again in a minute."),
        (errors.LeaseLostError(), "another processor is working on it. Try again in a minute."),
        (
            errors.NotAllowedError("only members may"),
            "only members may. Ask the incident commander.",
        ),
        (
            errors.RefusedError("this card is old", reason=SUPERSEDED),
            "this card is old. Use the newest message in the room.",
        ),
        (
            errors.RefusedError("Slack said no", reason="restricted_action"),
            "Slack said no (restricted_action). If that is odd, tell whoever runs this app.",
        ),
        (
            errors.NotFoundError("no such incident"),
            "no such incident. If that is odd, tell whoever runs this app.",
        ),
    ],
)
def test_every_kind_of_error_is_told_with_what_to_do(
    error: errors.IncidentResponseError, told: str
) -> None:
    assert refusals.failed("join", error).text == f"⚠️ Could not join: {told}"
