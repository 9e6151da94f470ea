"""The document's Markdown: what it says, and that nothing put into it changes its shape."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings

from incident_response.domain.alert import Link
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.model import IncidentId
from incident_response.domain.postmortem import (
    ActionItem,
    ActionType,
    Event,
    Exhibit,
    ExhibitLine,
    LedgerMark,
    Measure,
    Outcome,
    Participant,
    PostmortemDocument,
    Priority,
    Prose,
    PublishedMessage,
    ReviewQuestion,
)
from incident_response.domain.response import Impact
from incident_response.domain.severity import Severity
from incident_response.sandbox.page.markdown import markdown as rendered
from tests.domain.test_markdown import HOSTILE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HARMLESS = {"p", "br", "ul", "li", "blockquote", "strong", "em", "code", "pre", "a", "hr"}


def document(**changes: object) -> PostmortemDocument:
    given = PostmortemDocument(
        incident_id=IncidentId("inc-0a1b2c3d4e5f"),
        code="0a1b2c",
        title="Nobody can pay",
        severity=Severity.P1,
        status=IncidentStatus.RESOLVED,
        started_at=NOON,
        written_at=NOON,
        ledger=LedgerMark(seq=7, hash="a" * 64),
    )
    return given.model_copy(update=changes)


def full(text: str) -> PostmortemDocument:
    """Every place for a text filled with this one."""
    item = ActionItem(type=ActionType.PROCESS, title=text, detail=text, owner=text)
    exhibit = Exhibit(heading=text, lines=(ExhibitLine(text=text, url=text),) * 2)
    return document(
        title=text,
        meaning=text,
        service=text,
        source=text,
        prose=Prose(
            summary=text,
            impact=text,
            went_well=(text,),
            lessons=(text,),
            action_items=(item,),
            is_template=True,
            note=text,
        ),
        raised=(Impact.SECURITY,),
        published=(PublishedMessage(at=NOON, title=text, body=text, status=text, by=text),),
        measures=(Measure(name=text, took=timedelta(1), target=timedelta(0)),),
        events=(Event(at=NOON, text=text),),
        evidence=(
            exhibit,
            Exhibit(heading=text, missing=text),
            Exhibit(heading=text, lines=exhibit.lines, is_verbatim=True),
        ),
        outcome=Outcome(summary=text, by=text, verified_by=text),
        questions=(ReviewQuestion(group=text, question=text, known=text),),
        participants=(Participant(name=text, roles=(text,)),),
        appendix=(exhibit,),
        links=(Link(title=text, url=text),),
    )


def headings(markdown: str) -> list[str]:
    boxless = re.sub(r"^(`{3,})text\n.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return [line for line in boxless.split("\n") if re.match(r"#{1,2} ", line)]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=HOSTILE)
def test_no_text_changes_the_shape_of_the_document_or_takes_effect(text: str) -> None:
    markdown = full(text).markdown()
    assert headings(markdown)[1:] == headings(document().markdown())[1:]
    html = rendered(markdown)
    assert set(re.findall(r"<(\w+)", html)) <= HARMLESS
    links = set(re.findall(r'href="([^"]*)"', html))
    assert all(link.startswith(("http://", "https://")) for link in links)
    assert full(text).markdown() == markdown


def test_an_address_that_is_one_is_linked_and_another_is_only_text() -> None:
    good, bad = "https://x.test/a", "javascript:alert(1)"
    lines = (ExhibitLine(text="good", url=good), ExhibitLine(text="bad", url=bad))
    markdown = document(evidence=(Exhibit(heading="Logs", lines=lines),)).markdown()
    assert "- [good](<https://x.test/a>)\n- bad\n" in f"{markdown}\n"
    assert bad not in markdown


def test_what_is_not_known_is_said_and_never_left_blank() -> None:
    markdown = document(title=" ", status=IncidentStatus.ASSEMBLED).markdown()
    assert "# Postmortem: (no title)" in markdown
    assert "**Duration:** not over" in markdown
    assert "**Review due:** 48 hours after it is resolved" in markdown
    assert "Nothing was published on the status page." in markdown
    assert "Response targets: none to be judged by" in markdown
    assert "Resolved by: not resolved" in markdown
    assert "All clear confirmed by: nobody, on record" in markdown
    assert not re.search(r"^## .*\n\n(?:## |$)", markdown, re.MULTILINE)


def test_a_source_that_gave_nothing_is_told_from_one_that_failed() -> None:
    evidence = (
        Exhibit(heading="Commits"),
        Exhibit(heading="Metrics", missing="Mimir is down"),
        Exhibit(heading="Both", missing="half", lines=(ExhibitLine(text="the other half"),)),
    )
    markdown = document(evidence=evidence).markdown()
    assert "### Commits\n\nNothing." in markdown
    assert "### Metrics\n\n_Not available: Mimir is down_" in markdown
    assert "### Both\n\n_Not available: half_\n\n- the other half" in markdown


def test_missed_targets_are_named() -> None:
    slow = Measure(name="Resolved", took=timedelta(hours=5), target=timedelta(hours=4))
    quick = Measure(name="Acknowledged", took=timedelta(0), target=timedelta(minutes=30))
    markdown = document(measures=(quick, slow)).markdown()
    assert "Response targets: missed: Resolved after 5 h (target 4 h: missed)" in markdown
    assert document(measures=(quick, slow)).missed == (slow,)


def test_action_items_are_listed_once_by_rule_before_those_that_were_written() -> None:
    rule = ActionItem(type=ActionType.PROCESS, title="Tell customers", priority=Priority.HIGH)
    same = ActionItem(type=ActionType.DETECTION, title=" tell CUSTOMERS ")
    other = ActionItem(type=ActionType.DETECTION, title="Alert sooner", owner="Ben")
    found = document(follow_ups=(rule,), prose=Prose(action_items=(same, other)))
    assert found.action_items == (rule, other)
    markdown = found.markdown()
    assert "- **Tell customers** (process, high priority, owner: to be assigned" in markdown
    assert "- **Alert sooner** (detection, medium priority, owner: Ben)" in markdown


def test_a_long_timeline_keeps_its_ends_and_counts_the_rest() -> None:
    events = tuple(Event(at=NOON + timedelta(minutes=n), text=f"event {n}") for n in range(100))
    markdown = document(events=events).markdown(most_events=5)
    shown = [int(n) for n in re.findall(r"event (\d+)", markdown)]
    assert shown == [0, 1, 97, 98, 99]
    assert "_95 more events are in the ledger._" in markdown
    assert len(re.findall(r"event (\d+)", document(events=events).markdown())) == 100


def test_downtime_ends_with_mitigation_and_duration_with_the_end() -> None:
    found = document(
        mitigated_at=NOON + timedelta(minutes=20), resolved_at=NOON + timedelta(hours=2)
    )
    assert found.downtime == timedelta(minutes=20)
    assert "from its beginning to mitigation: 20 min" in found.markdown()
    assert "**Duration:** lasted 2 h" in found.markdown()
