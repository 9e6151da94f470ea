import json
from functools import partial
from pathlib import Path

from incident_response.blocks.action_ids import RETRY_STEP, TAKE_COMMAND, encode_value
from incident_response.blocks.facts import facts as draw_facts
from incident_response.domain.alert import AlertState, Link
from incident_response.domain.briefing import Briefing, Part, PartState
from tests.blocks import slack_limits
from tests.blocks.reading import block_ids, buttons, shown
from tests.blocks.samples import (
    ADA,
    ASSEMBLED,
    BEGAN,
    BRIEFING,
    COMMANDED,
    INCIDENT,
    NOW,
    POLICY,
    RESOLVED,
)

facts = partial(draw_facts, policy=POLICY)
DRAWN = Path(__file__).parents[1] / "data" / "blocks" / "facts.json"
ID = INCIDENT.incident_id


def test_the_facts_as_they_are_drawn() -> None:
    message = facts(ASSEMBLED, BRIEFING, NOW)
    assert message.blocks == json.loads(DRAWN.read_text())
    assert slack_limits.violations(message) == []


def test_a_notification_tells_the_essence() -> None:
    assert facts(ASSEMBLED, BRIEFING, NOW).text == (
        "🟠 P1 Checkout errors above 5 % · checkout-api · began 4 min ago"
        " · *Nobody is in command yet.* Proposed: <@U0ADA>"
        " · Missing: Logs, 1 unresolved name"
    )


def test_command_can_be_taken_while_nobody_has_it() -> None:
    assert buttons(facts(ASSEMBLED, Briefing(), NOW)) == [
        ("Take command", TAKE_COMMAND, encode_value(ID))
    ]
    assert buttons(facts(COMMANDED, Briefing(), NOW)) == []
    assert "*Incident commander*\n<@U0BEN>" in shown(facts(COMMANDED, Briefing(), NOW))


def test_a_closed_incident_says_when_and_offers_nothing() -> None:
    message = facts(RESOLVED.model_copy(update={"roles": {}}), Briefing(), NOW)
    assert buttons(message) == []
    assert "*Resolved* <!date^1772450880^" in shown(message)
    assert "*Incident commander*\nnobody\n" in shown(message)


def test_each_failed_part_has_its_reason_and_its_own_retry() -> None:
    failed = tuple(
        Part(step=step, label=step.title(), state=PartState.FAILED, reason=f"{step} is <down>")
        for step in ("metrics", "logs")
    )
    message = facts(COMMANDED, Briefing(parts=failed), NOW)
    assert buttons(message) == [
        ("Retry", RETRY_STEP, encode_value(ID, step="metrics")),
        ("Retry", RETRY_STEP, encode_value(ID, step="logs")),
    ]
    assert "*What is missing*" in shown(message)
    assert "*Metrics*: metrics is &lt;down&gt;" in shown(message)


def test_nothing_missing_means_no_such_heading() -> None:
    parts = tuple(
        Part(step="x", label="X", state=state) for state in (PartState.READY, PartState.OFF)
    )
    message = facts(COMMANDED, Briefing(parts=parts), NOW)
    assert block_ids(message) == ["title", "status", "facts", "summary", "links", "footer"]


def test_more_failed_parts_and_people_than_fit_are_counted() -> None:
    parts = tuple(Part(step=f"s{n}", label=f"S{n}", state=PartState.FAILED) for n in range(10))
    people = tuple(f"Person {n}" for n in range(12))
    message = facts(COMMANDED, Briefing(parts=parts, unresolved=people), NOW)
    assert len(buttons(message)) == 8
    assert "*S7*: no answer\nRetry\nand 2 more\n" in shown(message)
    assert "Person 9\nand 2 more" in shown(message)


def test_what_is_pending_or_empty_is_one_quiet_block() -> None:
    message = facts(COMMANDED, BRIEFING, NOW)
    assert "⏳ Still asking: Code owners\nNothing found: Traces (none failed)\n" in shown(message)
    assert block_ids(message).count("quiet") == 1


def test_what_the_source_did_not_say_has_no_field() -> None:
    bare = INCIDENT.model_copy(update={"service": "", "team": " ", "summary": "", "links": ()})
    message = facts(bare, Briefing(), NOW)
    assert "*Service*" not in shown(message)
    assert "*Team*" not in shown(message)
    assert block_ids(message) == ["title", "status", "facts", "footer"]
    assert "*Responders*\nnobody yet" in shown(message)


def test_a_summary_that_repeats_the_title_is_left_out() -> None:
    same = INCIDENT.model_copy(update={"summary": f" {INCIDENT.title}\n"})
    assert "summary" not in block_ids(facts(same, Briefing(), NOW))


def test_a_long_summary_is_cut_and_says_where_the_rest_is() -> None:
    long = INCIDENT.model_copy(update={"summary": "x" * 2000})
    assert "xx… open the alert for the rest\n" in shown(facts(long, Briefing(), NOW))
    unlinked = long.model_copy(update={"links": ()})
    assert "xx…\n" in shown(facts(unlinked, Briefing(), NOW))


def test_a_declared_incident_names_who_declared_it_and_a_storm_its_number() -> None:
    declared = INCIDENT.model_copy(update={"declared_by": ADA})
    assert "*Source*\ndeclared by <@U0ADA>" in shown(facts(declared, Briefing(), NOW))
    storm = INCIDENT.model_copy(update={"alert_count": 3, "alert_state": AlertState.RESOLVED})
    assert "*Source*\ngrafana-oncall, 3 alerts" in shown(facts(storm, Briefing(), NOW))
    assert "*Open* · the alert has stopped firing · " in shown(facts(storm, Briefing(), NOW))


def test_links_that_would_be_too_much_are_left_out_whole() -> None:
    links = tuple(Link(title=f"L{n}", url=f"https://a.test/{n}{'x' * 700}") for n in range(5))
    message = facts(INCIDENT.model_copy(update={"links": links}), Briefing(), NOW)
    assert slack_limits.links(message) == {links[0].url, links[1].url}


def test_the_same_room_is_drawn_with_the_same_block_ids() -> None:
    later = BRIEFING.model_copy(update={"unresolved": ()})
    first, second = facts(ASSEMBLED, BRIEFING, NOW), facts(COMMANDED, later, BEGAN)
    assert [name for name in block_ids(first) if name != "missing.people"] == block_ids(second)
