"""Announcement, proposal, duty, nudge, alert notices, topic and bookmarks."""

from datetime import timedelta

from incident_response.blocks import alert_notices
from incident_response.blocks.action_ids import JOIN_ROOM, TAKE_COMMAND, encode_value
from incident_response.blocks.announcement import announcement
from incident_response.blocks.duty import duty
from incident_response.blocks.nudge import nudge
from incident_response.blocks.proposal import proposal
from incident_response.blocks.room import bookmarks, topic
from incident_response.domain.alert import Link
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.roles import Role
from tests.blocks import slack_limits
from tests.blocks.reading import buttons, shown
from tests.blocks.samples import ASSEMBLED, BEGAN, COMMANDED, INCIDENT, NOW, POLICY, RESOLVED

JOIN = ("Join", JOIN_ROOM, encode_value(INCIDENT.incident_id))
TAKE = ("Take command", TAKE_COMMAND, encode_value(INCIDENT.incident_id))
BEGAN_AT = "<!date^1772447280^{date_short_pretty} at {time}|2026-03-02 10:28 UTC>"


def test_the_announcement_follows_the_incident_from_alert_to_end() -> None:
    head = "🟠 P1 *Checkout errors above 5 %*\n"
    room = "In progress · checkout-api · #inc-20260302-checkout-errors-0a1b2c · "
    assert shown(announcement(INCIDENT)) == (
        f"{head}The room is being set up · checkout-api · nobody in command yet"
    )
    assert shown(announcement(ASSEMBLED)) == f"{head}{room}nobody in command yet\nJoin"
    assert shown(announcement(COMMANDED)) == f"{head}{room}<@U0BEN> is in command\nJoin"
    assert shown(announcement(RESOLVED)).startswith(f"{head}✅ Resolved <!date^1772450880^")


def test_the_announcement_can_be_joined_while_there_is_a_room_to_join() -> None:
    joinable = [buttons(announcement(i)) for i in (INCIDENT, ASSEMBLED, COMMANDED, RESOLVED)]
    assert joinable == [[], [JOIN], [JOIN], []]


def test_the_announcement_calls_nobody_who_is_not_in_command() -> None:
    assert slack_limits.mentions(announcement(ASSEMBLED)) == set()
    assert announcement(ASSEMBLED).text == "🟠 P1 Checkout errors above 5 % · In progress"


def test_a_cancelled_incident_has_no_time_of_resolution() -> None:
    cancelled = ASSEMBLED.model_copy(update={"status": IncidentStatus.CANCELLED})
    assert announcement(cancelled).text.endswith("✅ Cancelled")


def test_the_first_on_call_is_asked_to_take_command() -> None:
    message = proposal(ASSEMBLED)
    assert message.text == (
        "👉 <@U0ADA>, you are first on call: please take command. Anyone else may too."
    )
    assert buttons(message) == [TAKE]


def test_with_nobody_on_call_everybody_is_asked() -> None:
    nobody = ASSEMBLED.model_copy(update={"proposed_commander": None})
    assert proposal(nobody).text.startswith("👉 Nobody on call could be found.")
    assert buttons(proposal(nobody)) == [TAKE]


def test_a_settled_proposal_has_an_answer_and_no_button() -> None:
    assert proposal(COMMANDED).text == "✅ <@U0BEN> is in command."
    over = RESOLVED.model_copy(update={"roles": {}})
    assert proposal(over).text == "The incident is over; nobody needs to take command."
    assert buttons(proposal(COMMANDED)) == buttons(proposal(over)) == []


def test_whoever_takes_a_role_is_told_its_duty_in_one_line() -> None:
    assert duty(Role.SCRIBE, policy=POLICY).text == (
        "You are *Scribe*. You keep the timeline: what was seen, decided and done, and when."
    )


def test_a_nudge_says_how_long_it_has_been_silent_and_what_to_write() -> None:
    assert nudge(COMMANDED, BEGAN + timedelta(minutes=16)).text == (
        "⏰ <@U0BEN>: no update yet, after 15 min. Tell the room:"
        " What do we know, what are we doing, when is the next update?"
    )
    told = COMMANDED.model_copy(update={"last_update_at": NOW})
    assert "no update for 20 min." in nudge(told, NOW + timedelta(minutes=20)).text


def test_with_nobody_in_command_the_nudge_asks_for_that() -> None:
    message = nudge(ASSEMBLED, BEGAN + timedelta(minutes=16))
    assert message.text == (
        "⏰ Nobody is in command, and no update yet, after 15 min. Please take it."
    )
    assert buttons(message)[0] == TAKE


def test_the_room_is_told_in_one_line_what_its_alert_does() -> None:
    assert alert_notices.alert_resolved(INCIDENT).text == (
        f"🟢 The alert stopped firing {BEGAN_AT}. The incident stays open until you resolve it."
    )
    assert alert_notices.alert_refired(INCIDENT).text == (
        f"🔥 The alert is firing again since {BEGAN_AT}."
    )
    assert alert_notices.reopened(INCIDENT).text == (
        f"🔥 The alert came back {BEGAN_AT}: this incident is open again."
    )


def test_the_topic_is_one_escaped_line() -> None:
    assert topic(COMMANDED) == "🟠 P1 · Checkout errors above 5 % · In progress"
    hostile = INCIDENT.model_copy(update={"title": "<!here>\n" + "&" * 300})
    assert topic(hostile).startswith("🟠 P1 · &lt;!here&gt; &amp;")


def test_bookmarks_are_the_alerts_web_addresses_each_once() -> None:
    links = [Link(title=f"L{n}", url=f"https://a.test/{n}") for n in (1, 1, 2, 3, 4, 5, 6)]
    links.insert(0, Link(title="Bad", url="javascript:x"))
    marks = bookmarks(INCIDENT.model_copy(update={"links": tuple(links)}))
    assert [mark.title for mark in marks] == [f"L{n} (a.test)" for n in (1, 2, 3, 4, 5)]
