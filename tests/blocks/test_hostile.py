"""Every message and modal, given anything: Slack accepts it; it calls and links nothing else."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from incident_response import blocks
from incident_response.blocks import (
    aftercare,
    alert_notices,
    backup,
    escalation,
    lifecycle,
    notices,
    refusals,
    replies,
    resolution,
)
from incident_response.blocks.announcement import announcement
from incident_response.blocks.catchup import catchup
from incident_response.blocks.checklist import checklist
from incident_response.blocks.controls import impacts
from incident_response.blocks.declare import declare_modal
from incident_response.blocks.duty import duty
from incident_response.blocks.ending_forms import cancel_form, resolve_form
from incident_response.blocks.facts import facts
from incident_response.blocks.handover import command_offered, taken_over
from incident_response.blocks.help import HelpRow, help_text, unknown_command
from incident_response.blocks.listing import listing
from incident_response.blocks.nudge import nudge, silenced, snoozed
from incident_response.blocks.postmortem import postmortem
from incident_response.blocks.proposal import proposal
from incident_response.blocks.pulse import pulse
from incident_response.blocks.room import bookmarks, topic
from incident_response.blocks.severity import severities, severity_changed
from incident_response.blocks.status import status
from incident_response.blocks.text import web_address
from incident_response.blocks.timeline import event_added, event_moved, timeline_page
from incident_response.blocks.timeline_forms import add_event_form, move_event_form
from incident_response.blocks.update import update
from incident_response.blocks.update_form import update_form
from incident_response.domain.alert import Alert, AlertState, IntakeRecord
from incident_response.domain.briefing import Briefing
from incident_response.domain.errors import NotInCommandError, RefusedError, WrongStateError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry
from incident_response.domain.model import UserId
from incident_response.domain.postmortem import (
    ActionItem,
    ActionType,
    LedgerMark,
    PostmortemDocument,
    Prose,
)
from incident_response.domain.response import Call
from incident_response.domain.roles import Role
from incident_response.domain.timeline import TimelineRow, Who
from incident_response.ports.chat import Invited, Message
from incident_response.ports.event_queue import DeadLetter
from incident_response.ports.inbox import Envelope, EnvelopeKind
from tests.blocks import samples, slack_limits
from tests.blocks.samples import POLICY

SOURCES = sorted(Path(blocks.__file__).parent.glob("*.py"))
EXAMPLES = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def about_incident(incident: Incident, briefing: Briefing, now: datetime) -> Iterator[Message]:
    yield facts(incident, briefing, now, policy=POLICY)
    yield status(incident, briefing, now, policy=POLICY)
    yield checklist(incident)
    yield announcement(incident)
    yield proposal(incident)
    yield nudge(incident, now)
    yield silenced(incident, UserId("U0ADA"))
    yield snoozed(incident, now)
    yield backup.backup_told(incident, now)
    for people in ((), (UserId("U0ADA"),) * 40):
        yield backup.backup_asked(incident, people, now)
    yield listing([incident] * 15, now)
    yield listing([], now)
    yield replies.roles(incident)
    yield replies.joined(incident, policy=POLICY)
    yield replies.declared(incident, policy=POLICY)
    yield alert_notices.alert_resolved(incident)
    yield alert_notices.alert_refired(incident)
    yield alert_notices.reopened(incident)
    yield alert_notices.merged_alert_refired(incident)
    yield resolution.resolving(incident)
    yield resolution.resolved_in_public(incident)
    for archive_at in (None, now):
        yield resolution.resolved_in_room(
            incident, briefing.parts, run="resolve#1", archive_at=archive_at
        )
    yield pulse(incident)
    yield aftercare.archiving(incident)
    yield aftercare.review_overdue(incident, is_gone=True)
    yield aftercare.pulse_reminder(incident)
    yield lifecycle.linked(incident, by=UserId("U0ADA"))
    yield lifecycle.merged_here(incident, by=UserId("U0ADA"))
    yield lifecycle.merged_away(incident, UserId("U0ADA"), now)
    yield lifecycle.reopened_for(incident)
    yield command_offered(incident)
    yield taken_over(incident, now, policy=POLICY)
    yield severities(incident, policy=POLICY)
    yield impacts(incident, policy=POLICY)
    yield escalation.acknowledged_already(incident)
    for call in incident.escalation.calls:
        yield escalation.called(incident, call, policy=POLICY)
        yield escalation.called_directly(incident, call)


def about_text(incident: Incident, text: str, user: UserId, *, at: datetime) -> Iterator[Message]:
    alert = Alert(
        source=text,
        group_key=text,
        state=AlertState.UNKNOWN,
        raw_state=text,
        changed_at=at,
        occurrence="1",
        title=text,
        links=incident.links,
    )
    record = IntakeRecord(
        event_id=samples.event_id(), alert=alert, received_at=at, raw_excerpt=text
    )
    letter = DeadLetter(
        message_id="m", raw=text, group=text, receive_count=3, reason=text, died_at=at
    )
    envelope = Envelope(key=text, kind=EnvelopeKind.ACTION, payload={"x": text}, received_at=at)
    yield notices.alert_quarantined(record)
    yield notices.alert_dead(record, text)
    yield notices.message_dead_lettered(letter, text, is_sent_again=False)
    yield notices.envelope_buried(envelope, text)
    yield notices.room_failed(incident, "create_room", text)
    yield refusals.could_not(text, text, text)
    yield refusals.failed(text, RefusedError(text, reason=text))
    yield refusals.failed(text, WrongStateError(text, by=text))
    yield refusals.failed(text, NotInCommandError(text, commander=text or "?"))
    yield resolution.room_not_told(incident, text)
    yield update(text, user)
    yield lifecycle.mitigated(incident, text, by=user)
    yield lifecycle.reopened(text, by=user)
    yield lifecycle.cancelled(incident, text, user, at)
    yield aftercare.not_archived(text)
    yield replies.invited(Invited(joined=(user,) * 30, refused={user: text}))
    yield replies.role_assigned(Role.SCRIBE, user, by=UserId("U0ADA"), previous=UserId("W0BEN"))
    call = Call(number=1, key="k", levels=(text,), at=at, why=text, unresolved=(text,) * 20)
    troubles = (escalation.Trouble(way=text, why=text, user=user),) * 20
    yield escalation.not_everybody(call, troubles)
    yield escalation.nobody_to_call(incident, call, troubles, is_anybody_reached=False)
    yield severity_changed(incident, changed_severity(text, at=at), policy=POLICY)
    yield duty(Role.COMMANDER, policy=POLICY)
    rows = told_rows(text, user, at=at)
    for page in (None, 1, 2, 99):
        yield timeline_page(incident, rows, page=page)
    yield catchup(incident, rows, at, written=text)
    yield catchup(incident, (), at)
    yield event_added(text, text)
    yield event_moved(10**9, text)
    yield postmortem(incident, document(incident, text), at)
    yield help_text([HelpRow(text, text, text, is_anywhere=True)] * 5, "/inc")
    yield unknown_command(text, text, "/inc")


def changed_severity(reason: str, *, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        kind=EntryKind.SEVERITY_CHANGED,
        at=at,
        actor="U0ADA",
        details={"from": "P2", "to": "P0", "reason": reason},
        incident_id=samples.INCIDENT.incident_id,
        seq=1,
        hash="",
    )


def told_rows(text: str, user: UserId, *, at: datetime) -> tuple[TimelineRow, ...]:
    row = TimelineRow(seq=10**9, at=at, parts=("By ", Who(user), ": ", text), is_moved=True)
    return (row,) * 30


def document(incident: Incident, text: str) -> PostmortemDocument:
    item = ActionItem(type=ActionType.PROCESS, title=text, detail=text, owner=text)
    return PostmortemDocument(
        incident_id=incident.incident_id,
        code=incident.code,
        title=text,
        severity=incident.severity,
        status=incident.status,
        started_at=incident.started_at,
        written_at=incident.started_at,
        prose=Prose(summary=text),
        follow_ups=tuple(item.model_copy(update={"title": f"{text}{n}"}) for n in range(12)),
        ledger=LedgerMark(seq=1, hash="0" * 64),
    )


def given_links(incident: Incident, briefing: Briefing) -> set[str]:
    urls = [link.url for link in incident.links]
    for part in (briefing.health, briefing.logs, briefing.traces):
        urls += [part.url] if part else []
    urls += [trace.url for trace in briefing.traces.traces] if briefing.traces else []
    urls += [commit.url for commit in briefing.changes.commits] if briefing.changes else []
    urls += [incident.postmortem.url] if incident.postmortem else []
    return {web_address(url) for url in urls} - {""}


def check(message: Message, links: set[str]) -> None:
    assert slack_limits.violations(message) == []
    assert slack_limits.links(message) <= links
    assert slack_limits.auto_links(message) == []
    assert slack_limits.mentions(message) <= {"@U0ADA", "@W0BEN", "@U0CLEO", "#C0ROOM"}


@EXAMPLES
@given(incident=samples.incidents, briefing=samples.briefings, now=samples.times)
def test_every_message_about_an_incident_fits_and_does_only_what_it_should(
    incident: Incident, briefing: Briefing, now: datetime
) -> None:
    for message in about_incident(incident, briefing, now):
        check(message, given_links(incident, briefing))


@EXAMPLES
@given(incident=samples.incidents, text=samples.hostile, user=samples.users, at=samples.times)
def test_every_message_about_a_text_fits_and_does_only_what_it_should(
    incident: Incident, text: str, user: UserId, at: datetime
) -> None:
    for message in about_text(incident, text, user, at=at):
        check(message, given_links(incident, Briefing()))


@EXAMPLES
@given(title=samples.hostile, message=samples.hostile)
def test_the_declare_modal_fits_whatever_it_is_filled_with(title: str, message: str) -> None:
    assert slack_limits.violations(declare_modal(POLICY, title=title, message=message)) == []


@EXAMPLES
@given(incident=samples.incidents, text=samples.hostile, user=samples.users, at=samples.times)
def test_the_forms_of_the_timeline_fit_whatever_has_happened(
    incident: Incident, text: str, user: UserId, at: datetime
) -> None:
    rows = [replace(row, seq=n) for n, row in enumerate(told_rows(text, user, at=at) * 5, start=1)]
    assert slack_limits.violations(add_event_form(incident, text=text)) == []
    assert slack_limits.violations(move_event_form(incident, rows)) == []


@EXAMPLES
@given(incident=samples.incidents, draft=samples.hostile)
def test_the_form_for_an_update_fits_whatever_was_drafted(incident: Incident, draft: str) -> None:
    for is_template in (True, False):
        form = update_form(incident, draft, is_template=is_template)
        assert slack_limits.violations(form) == []


@EXAMPLES
@given(incident=samples.incidents, suggestion=samples.hostile)
def test_the_forms_that_end_an_incident_fit_whatever_was_said(
    incident: Incident, suggestion: str
) -> None:
    for form in (resolve_form(incident, suggestion), cancel_form(incident)):
        assert slack_limits.violations(form) == []


@EXAMPLES
@given(incident=samples.incidents)
def test_a_topic_and_bookmarks_call_nobody_and_link_only_where_the_alert_said(
    incident: Incident,
) -> None:
    shown = Message(text=topic(incident))
    assert slack_limits.size(shown.text) <= 250
    assert slack_limits.mentions(shown) | slack_limits.links(shown) == set()
    assert {mark.url for mark in bookmarks(incident)} <= given_links(incident, Briefing())
    assert all(mark.title for mark in bookmarks(incident))


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(text=samples.hostile | st.text())
def test_no_text_of_a_stranger_takes_effect_in_a_refusal(text: str) -> None:
    message = refusals.could_not(text, text)
    check(message, set())
    shown = message.text
    assert slack_limits.STYLED.search(shown) is None
    assert "`" not in shown
    assert re.search(r"^(?:&gt;|>)", shown, re.MULTILINE) is None


def test_only_text_makes_safe_text_and_say_is_given_literals() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            where = f"{source.name}:{node.lineno}"
            if node.func.id == "Safe":
                assert source.name == "text.py" or not node.args, where
            if node.func.id == "say":
                assert isinstance(node.args[0], ast.Constant), where
            if node.func.id == "join" and len(node.args) > 1:
                assert isinstance(node.args[1], ast.Constant), where
