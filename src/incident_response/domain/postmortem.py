"""A postmortem: what is known of an incident that is over, laid out for the people who review it.

Facts come from the ledger and from what was measured; only ``Prose`` may be written by a writer.
The root cause is never claimed: there is evidence, and room for the review. Not here: gathering
(workflows.postmortem), which follow-ups are due (follow_up), where it is kept (ports).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from incident_response.domain import markdown as md
from incident_response.domain.alert import Link
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.model import IncidentId, Value
from incident_response.domain.response import Impact
from incident_response.domain.severity import Severity
from incident_response.domain.spans import duration

REVIEW_WITHIN = timedelta(hours=48)
"""From resolving to the reviewed postmortem (the specification's deadline)."""
UNASSIGNED = "to be assigned in the review"
MOST_LINE = 500
"""Characters of one event, message or log line that are shown."""


class ActionType(StrEnum):
    """What an action item is to change."""

    PREVENTION = "prevention"
    DETECTION = "detection"
    PROCESS = "process"
    DOCUMENTATION = "documentation"


class Priority(StrEnum):
    """How soon an action item should be done."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ActionItem(Value):
    """Something to be done so that it goes better next time; the texts are plain and untrusted."""

    type: ActionType
    title: str
    detail: str = ""
    priority: Priority = Priority.MEDIUM
    owner: str = ""
    """A name; empty if it is to be assigned."""


class Prose(Value):
    """The part of a postmortem that somebody writes: plain text, no markup; untrusted."""

    summary: str = ""
    """A paragraph or two: what happened, as far as the facts say."""
    impact: str = ""
    """What customers felt, and for how long."""
    went_well: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    is_template: bool = False
    """Whether no model wrote it."""
    note: str = ""
    """Why no model wrote it, for people; empty if that needs no reason."""


class Measure(Value):
    """How long something took, and how long it was to take at most."""

    name: str
    """Such as ``Acknowledged``."""
    took: timedelta | None = None
    """Since the incident was opened; None if it has not happened."""
    target: timedelta | None = None

    @property
    def is_missed(self) -> bool:
        """Whether there was a target, and it took longer."""
        return self.target is not None and self.took is not None and self.took > self.target

    @property
    def words(self) -> str:
        """``Acknowledged after 4 min (target 15 min: met)``."""
        if self.took is None:
            wanted = f" (target {duration(self.target)})" if self.target is not None else ""
            return f"{self.name}: not recorded{wanted}"
        verdict = "missed" if self.is_missed else "met"
        target = "no target" if self.target is None else f"target {duration(self.target)}"
        judged = target if self.target is None else f"{target}: {verdict}"
        return f"{self.name} after {duration(self.took)} ({judged})"


class Event(Value):
    """One row of the timeline; ``text`` is plain and untrusted."""

    at: datetime
    text: str


class PublishedMessage(Value):
    """What customers were told on the status page; title and body are plain and untrusted."""

    at: datetime
    title: str
    body: str
    status: str
    by: str = ""
    """Who approved it."""


class ExhibitLine(Value):
    """One thing a source gave; ``text`` is plain and untrusted."""

    text: str
    url: str = ""


class Exhibit(Value):
    """What one source gave, or why it gave nothing: never silently empty."""

    heading: str
    lines: tuple[ExhibitLine, ...] = ()
    is_verbatim: bool = False
    """Whether the lines are shown in a box, as they are."""
    missing: str = ""
    """Why there is nothing, for people: it was not available, not configured, or not asked."""


class Outcome(Value):
    """How it ended; names are plain."""

    summary: str = ""
    by: str = ""
    verified_by: str = ""
    """Who confirmed the all clear."""


class Participant(Value):
    """Somebody who took part, and as what."""

    name: str
    roles: tuple[str, ...] = ()


class ReviewQuestion(Value):
    """A question for the review, with what the record already answers."""

    group: str
    question: str
    known: str = ""


class LedgerMark(Value):
    """Up to where the ledger was read: what the document can be checked against."""

    seq: int
    hash: str


class PostmortemDocument(Value):
    """Everything a postmortem says. The same values give the same Markdown, byte for byte."""

    incident_id: IncidentId
    code: str
    """The six digits people say."""
    title: str
    severity: Severity
    meaning: str = ""
    """What the policy says of the severity."""
    status: IncidentStatus
    source: str = ""
    service: str = ""
    started_at: datetime
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    """When it was resolved or cancelled; None while it goes on."""
    written_at: datetime

    prose: Prose = Prose()
    raised: tuple[Impact, ...] = ()
    published: tuple[PublishedMessage, ...] = ()
    measures: tuple[Measure, ...] = ()
    events: tuple[Event, ...] = ()
    evidence: tuple[Exhibit, ...] = ()
    """What the review may find the cause in."""
    outcome: Outcome = Outcome()
    follow_ups: tuple[ActionItem, ...] = ()
    """Action items that follow from the record by rule."""
    questions: tuple[ReviewQuestion, ...] = ()
    review_due_at: datetime | None = None
    """None while it goes on."""
    participants: tuple[Participant, ...] = ()
    appendix: tuple[Exhibit, ...] = ()
    links: tuple[Link, ...] = ()
    ledger: LedgerMark

    @property
    def heading(self) -> str:
        """The title of the postmortem, as plain text."""
        return f"Postmortem: {self.title.strip() or '(no title)'}"

    @property
    def took(self) -> timedelta | None:
        """From its beginning to its end; None while it goes on."""
        return self.resolved_at - self.started_at if self.resolved_at else None

    @property
    def downtime(self) -> timedelta | None:
        """From its beginning until customers no longer felt it, as far as that was recorded."""
        over_at = self.mitigated_at or self.resolved_at
        return over_at - self.started_at if over_at else None

    @property
    def action_items(self) -> tuple[ActionItem, ...]:
        """Those that follow by rule, then those that were written, each title once."""
        found: dict[str, ActionItem] = {}
        for item in (*self.follow_ups, *self.prose.action_items):
            found.setdefault(item.title.casefold().strip(), item)
        return tuple(found.values())

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The targets that were missed."""
        return tuple(measure for measure in self.measures if measure.is_missed)

    def markdown(self, *, most_events: int | None = None) -> str:
        """The whole document; of a longer timeline the first and last events, with the rest
        counted.
        """
        sections = {
            "Summary": md.paragraphs(self.prose.summary) or _TO_FILL_IN,
            "Impact": _impact(self),
            "Timeline": _timeline(self.events, most_events),
            "Root cause": _root_cause(self),
            "Resolution": _resolution(self),
            "What went well": _list(self.prose.went_well),
            "Lessons": _list(self.prose.lessons),
            "Action items": _actions(self.action_items),
            "Review": _review(self),
            "Participants": _participants(self.participants),
            "Appendix": _appendix(self),
        }
        body = (f"## {heading}\n\n{text}" for heading, text in sections.items())
        return "\n\n".join((_head(self), *body)) + "\n"


_TO_FILL_IN = "_To be filled in in the review._"


def moment(at: datetime) -> str:
    """Day and time in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _head(document: PostmortemDocument) -> str:
    took = f"lasted {duration(document.took)}" if document.took is not None else "not over"
    facts = [
        f"**Date:** {moment(document.started_at)[:10]}",
        f"**Duration:** {took} (began {moment(document.started_at)})",
        f"**Severity:** {_severity(document)}",
        f"**Status:** {document.status.value.capitalize()}",
        f"**Service:** {md.escape(document.service) or 'not named'}",
        f"**Incident:** {document.incident_id} (code {document.code})",
        f"**Review due:** {_review_due(document)}",
    ]
    writer = _byline(document.prose)
    return f"# {md.escape(document.heading)}\n\n{md.bullets(facts)}\n\n_{writer}_"


def _severity(document: PostmortemDocument) -> str:
    meaning = md.escape(document.meaning)
    return f"{document.severity} ({meaning})" if meaning else document.severity.value


def _byline(prose: Prose) -> str:
    if not prose.is_template:
        return "Facts come from the record; a model drafted the prose, and nobody has reviewed it."
    why = f" ({md.escape(prose.note)})" if prose.note else ""
    return f"Facts come from the record; the prose is a template, no model wrote it{why}."


def _review_due(document: PostmortemDocument) -> str:
    hours = int(REVIEW_WITHIN / timedelta(hours=1))
    if document.review_due_at is None:
        return f"{hours} hours after it is resolved"
    return f"{moment(document.review_due_at)} ({hours} hours after it was resolved)"


def _impact(document: PostmortemDocument) -> str:
    parts = [md.paragraphs(document.prose.impact)]
    downtime = document.downtime
    felt = "not over yet" if downtime is None else duration(downtime)
    rows = [f"Downtime or impairment, from its beginning to mitigation: {felt}"]
    rows += [f"Raised during the incident: {impact.value}" for impact in document.raised]
    rows.append(f"Response targets: {_targets(document)}")
    parts.append(md.bullets(rows))
    parts.append(_told(document.published))
    return "\n\n".join(filter(None, parts))


def _targets(document: PostmortemDocument) -> str:
    if missed := document.missed:
        return f"missed: {'; '.join(md.escape(measure.words) for measure in missed)}"
    judged = any(m.target is not None and m.took is not None for m in document.measures)
    return "met, as far as they are recorded" if judged else "none to be judged by"


def _told(published: tuple[PublishedMessage, ...]) -> str:
    if not published:
        return "Nothing was published on the status page."
    times = "once" if len(published) == 1 else f"{len(published)} times"
    last = published[-1]
    return (
        f"Customers were told {times} on the status page, first at {moment(published[0].at)},"
        f" last at {moment(last.at)} ({md.escape(last.status)}). The messages are in the appendix."
    )


def _timeline(events: tuple[Event, ...], most: int | None) -> str:
    if not events:
        return "Nothing is recorded."
    if most is None or len(events) <= most:
        return md.bullets(map(_event, events))
    first, last = events[: most // 2], events[len(events) - (most - most // 2) :]
    left_out = f"_{len(events) - most:,} more events are in the ledger._"
    return md.bullets([*map(_event, first), left_out, *map(_event, last)])


def _event(event: Event) -> str:
    return f"**{moment(event.at)}** {md.escape(_short(event.text))}"


def _root_cause(document: PostmortemDocument) -> str:
    parts = [
        f"**Root cause:** {_TO_FILL_IN}",
        "**Contributing factors:** _To be filled in in the review._",
        "What follows is evidence, not a conclusion.",
        *map(_exhibit, document.evidence),
    ]
    return "\n\n".join(parts)


def _exhibit(exhibit: Exhibit) -> str:
    heading = f"### {md.escape(exhibit.heading)}"
    if exhibit.missing:
        missing = f"_Not available: {md.escape(exhibit.missing)}_"
        return f"{heading}\n\n{missing}" + (f"\n\n{_lines(exhibit)}" if exhibit.lines else "")
    return f"{heading}\n\n{_lines(exhibit) or 'Nothing.'}"


def _lines(exhibit: Exhibit) -> str:
    if exhibit.is_verbatim and exhibit.lines:
        return md.fenced([_short(line.text) for line in exhibit.lines])
    return md.bullets(
        md.link(line.url, _short(line.text)) if line.url else md.escape(_short(line.text))
        for line in exhibit.lines
    )


def _resolution(document: PostmortemDocument) -> str:
    outcome = document.outcome
    what = md.paragraphs(outcome.summary) or f"**What was done:** {_TO_FILL_IN}"
    rows = [
        f"Resolved by: {md.escape(outcome.by) or 'not resolved'}",
        f"All clear confirmed by: {md.escape(outcome.verified_by) or 'nobody, on record'}",
        *(md.escape(measure.words) for measure in document.measures),
    ]
    return f"{what}\n\n{md.bullets(rows)}"


def _list(lines: tuple[str, ...]) -> str:
    return md.bullets(filter(None, map(md.escape, lines))) or _TO_FILL_IN


def _actions(items: tuple[ActionItem, ...]) -> str:
    return md.bullets(map(_action, items)) or _TO_FILL_IN


def _action(item: ActionItem) -> str:
    detail = f" {md.escape(item.detail)}" if item.detail else ""
    owner = md.escape(item.owner) or UNASSIGNED
    kind = f"{item.type.value}, {item.priority.value} priority, owner: {owner}"
    return f"**{md.escape(item.title)}** ({kind}).{detail}"


def _review(document: PostmortemDocument) -> str:
    parts = [f"Due: {_review_due(document)}."]
    for group in dict.fromkeys(question.group for question in document.questions):
        asked = (_question(one) for one in document.questions if one.group == group)
        parts.append(f"**{md.escape(group)}**\n\n{md.bullets(asked)}")
    return "\n\n".join(parts)


def _question(question: ReviewQuestion) -> str:
    known = f" On record: {md.escape(question.known)}" if question.known else ""
    return f"{md.escape(question.question)}{known}"


def _participants(people: tuple[Participant, ...]) -> str:
    rows = (
        f"{md.escape(one.name)}: {md.escape(', '.join(one.roles))}"
        if one.roles
        else md.escape(one.name)
        for one in people
    )
    return md.bullets(rows) or "Nobody is recorded."


def _appendix(document: PostmortemDocument) -> str:
    parts = [*map(_exhibit, document.appendix), _messages(document.published)]
    if document.links:
        links = (md.link(link.url, link.title) for link in document.links)
        parts.append(f"### Links\n\n{md.bullets(links)}")
    mark = document.ledger
    parts.append(
        f"### Ledger\n\nWritten {moment(document.written_at)} from {mark.seq:,} entries; the last"
        f" one's seal is `{mark.hash}`."
    )
    return "\n\n".join(parts)


def _messages(published: Iterable[PublishedMessage]) -> str:
    shown = [_message(message) for message in published]
    return "\n\n".join(("### Status page messages", *(shown or ["None."])))


def _message(message: PublishedMessage) -> str:
    by = f", approved by {md.escape(message.by)}" if message.by else ""
    head = f"**{moment(message.at)}**, {md.escape(message.status)}{by}: {md.escape(message.title)}"
    return f"{head}\n\n{md.quote(message.body)}"


def _short(text: str) -> str:
    return text if len(text) <= MOST_LINE else f"{text[: MOST_LINE - 1]}…"
