"""Writes an incident's postmortem from everything that is on record, and files it once.

Each source that fails costs its own part, never the document. Not here: the document (domain),
what the sources are asked (postmortem_evidence), when it is written and what else ends an incident
(resolution), the words of a writer (drafting).
"""

import asyncio
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from incident_response.blocks.text import cut
from incident_response.domain.alert import Link
from incident_response.domain.errors import IncidentResponseError, InvalidConfigurationError
from incident_response.domain.follow_up import ended_at, follow_ups, measures, record_of
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import GENESIS, SYSTEM, EntryKind, LedgerEntry
from incident_response.domain.model import IncidentId, UserId
from incident_response.domain.plain_prose import plain_prose
from incident_response.domain.policy import Policy
from incident_response.domain.postmortem import (
    REVIEW_WITHIN,
    Event,
    Exhibit,
    LedgerMark,
    Outcome,
    Participant,
    PostmortemDocument,
    Prose,
    PublishedMessage,
)
from incident_response.domain.redaction import Material
from incident_response.domain.response import Postmortem
from incident_response.domain.review import review_questions
from incident_response.domain.timeline import TimelineRow, timeline
from incident_response.ports.chat import Chat, NotableMessage
from incident_response.ports.clock import Clock
from incident_response.ports.issue_tracker import IssueTracker, NewIssue
from incident_response.ports.ledger import Ledger
from incident_response.workflows.postmortem_evidence import (
    EvidenceDesk,
    marked_messages,
    mentioned_in,
)

MOST_NAMES = 100
"""People whose names are looked up; the chat allows about as many a minute."""
NAMES_AT_ONCE = 8
ISSUE_EVENTS = 300
"""Events of the timeline that an issue shows: what a page still scrolls."""
ISSUE_TITLE = 200
ISSUE_BODY = 100_000
"""Characters of an issue; more would be a document that nobody reads."""
_CUT_SHORT = "\n\n_Cut here. `incident-response postmortem {id}` prints all of it._\n"

log = structlog.get_logger(__name__)


class ProseWriter(Protocol):
    """Writes a postmortem's prose; ``workflows.drafting.Drafting`` is one."""

    async def postmortem(self, incident: Incident, material: tuple[Material, ...]) -> Prose:
        """Never raises for a model's trouble: then ``is_template`` is set, and ours is used."""
        ...


class PostmortemWriter:
    """Gathers, writes and files postmortems."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        evidence: EvidenceDesk,
        policy: Policy | None,
        chat: Chat | None,
        clock: Clock,
        prose: ProseWriter | None = None,
        tracker: IssueTracker | None = None,
        labels: tuple[str, ...] = (),
    ) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._policy = policy
        self._chat = chat
        self._clock = clock
        self._prose = prose
        self._tracker = tracker
        self._labels = labels

    @property
    def has_tracker(self) -> bool:
        """Whether there is a place to file it."""
        return self._tracker is not None

    async def write(self, incident: Incident) -> PostmortemDocument:
        """The postmortem as it stands now, its prose by the writer.

        Raises only what the store and the ledger raise.
        """
        entries = await self._ledger.entries(incident.incident_id)
        rows = timeline(entries)
        document = await self._document(incident, entries, rows)
        record = record_of(entries)
        if self._prose is None:
            return _with_prose(document, plain_prose(incident, document, record))
        written = await self._prose.postmortem(incident, _material(incident, document, rows))
        if written.is_template:
            written = plain_prose(incident, document, record, note=written.note)
        return _with_prose(document, written)

    async def preview(self, incident: Incident) -> PostmortemDocument:
        """As ``write``, without asking the writer: it costs nothing and is quick."""
        entries = await self._ledger.entries(incident.incident_id)
        document = await self._document(incident, entries, timeline(entries))
        return _with_prose(document, plain_prose(incident, document, record_of(entries)))

    async def issue_for(self, incident: Incident, document: PostmortemDocument) -> NewIssue:
        """The issue that ``publish`` files: its id is the same at every try of one resolving."""
        run = incident.resolution.run if incident.resolution else incident.resolutions
        stamp = f"({document.severity}, {document.started_at:%Y-%m-%d}, {document.code})"
        title = cut(document.heading, ISSUE_TITLE - len(stamp) - 1)
        return NewIssue(
            issue_id=issue_id_for(incident.incident_id, run),
            title=f"{title} {stamp}",
            body=_fitting(document),
            labels=self._labels,
            assignee_email=await self._email(incident.commander),
            link_url=await self._room_url(incident),
            link_title=f"War room #{incident.room.name}" if incident.room else "War room",
        )

    async def publish(self, incident: Incident, document: PostmortemDocument) -> Postmortem:
        """Filed when this returns, once, however often it is called for one resolving.

        Raises ``InvalidConfigurationError`` if no tracker is connected, else what
        ``IssueTracker.create`` raises.
        """
        if self._tracker is None:
            raise InvalidConfigurationError(
                "no issue tracker is connected: set LINEAR_API_KEY and LINEAR_TEAM_ID"
            )
        issue = await self._tracker.create(await self.issue_for(incident, document))
        for what in issue.left_out:
            log.warning("postmortem filed without", incident_id=incident.incident_id, what=what)
        return Postmortem(
            issue_id=issue.issue_id,
            identifier=issue.identifier,
            url=issue.url,
            review_due_at=document.review_due_at or self._clock.now() + REVIEW_WITHIN,
            is_template=document.prose.is_template,
            left_out=issue.left_out,
        )

    # Gathering

    async def _document(
        self, incident: Incident, entries: Sequence[LedgerEntry], rows: Sequence[TimelineRow]
    ) -> PostmortemDocument:
        evidence, notable, room_url = await asyncio.gather(
            self._evidence.evidence(incident),
            self._evidence.notable(incident),
            self._room_url(incident),
        )
        names, no_names = await self._names(_people(incident, entries, rows, notable))
        record, over_at = record_of(entries), ended_at(incident)
        asked = self._policy.of(incident.severity) if self._policy else None
        owners = {role: names.get(who, who) for role, who in incident.roles.items()}
        document = PostmortemDocument(
            incident_id=incident.incident_id,
            code=incident.code,
            title=incident.title,
            severity=incident.severity,
            meaning=asked.meaning if asked else "",
            status=_status(incident),
            source=incident.source,
            service=incident.service,
            started_at=incident.started_at,
            mitigated_at=incident.mitigated_at,
            resolved_at=over_at,
            written_at=self._clock.now(),
            raised=incident.impacts,
            published=tuple(_published(entries, names)),
            measures=measures(incident, record, asked),
            events=tuple(Event(at=r.at, text=r.text(lambda u: names.get(u, u))) for r in rows),
            evidence=evidence,
            outcome=_outcome(incident, names),
            follow_ups=follow_ups(incident, record, asked, owners=owners),
            review_due_at=over_at + REVIEW_WITHIN if over_at else None,
            participants=tuple(_participants(incident, entries, names)),
            appendix=(marked_messages(notable, names), *no_names),
            links=_links(incident, room_url),
            ledger=_mark(entries),
        )
        questions = review_questions(incident, document, record)
        return document.model_copy(update={"questions": questions})

    async def _names(
        self, people: Iterable[UserId]
    ) -> tuple[Mapping[UserId, str], tuple[Exhibit, ...]]:
        """Names by id; who cannot be looked up stays an id, and one part says why."""
        chat, turns = self._chat, asyncio.Semaphore(NAMES_AT_ONCE)
        if chat is None:
            return {}, (Exhibit(heading="Names", missing="the chat was not asked"),)
        troubles: list[str] = []

        async def name(user_id: UserId) -> str:
            async with turns:
                try:
                    user = await chat.user(user_id)
                except IncidentResponseError as error:
                    troubles.append(str(error))
                    return user_id
            return user.name if user is not None and user.name else user_id

        wanted = tuple(people)[:MOST_NAMES]
        names = dict(zip(wanted, await asyncio.gather(*map(name, wanted)), strict=True))
        missing = (Exhibit(heading="Names", missing=troubles[0]),) if troubles else ()
        return names, missing

    async def _email(self, user_id: UserId | None) -> str:
        if user_id is None or self._chat is None:
            return ""
        try:
            user = await self._chat.user(user_id)
        except IncidentResponseError as error:
            log.warning("assignee unknown", user_id=user_id, reason=str(error))
            return ""
        return user.email if user is not None else ""

    async def _room_url(self, incident: Incident) -> str:
        """The address of the facts in the room: what a person who follows it wants to see."""
        ref = incident.messages.get("facts")
        if ref is None or self._chat is None:
            return ""
        try:
            return await self._chat.permalink(ref)
        except IncidentResponseError as error:
            log.warning("no link to the room", incident_id=incident.incident_id, reason=str(error))
            return ""


def issue_id_for(incident_id: IncidentId, run: int) -> str:
    """A UUID of version 4 in form, which depends on the incident and the resolving alone, so that
    it is filed once whoever files it.
    """
    digest = hashlib.sha256(f"postmortem\0{incident_id}\0{run}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _with_prose(document: PostmortemDocument, prose: Prose) -> PostmortemDocument:
    plain = Prose.model_validate(prose.model_dump())
    return document.model_copy(update={"prose": plain})


def _fitting(document: PostmortemDocument) -> str:
    body = document.markdown(most_events=ISSUE_EVENTS)
    if len(body) <= ISSUE_BODY:
        return body
    tail = _CUT_SHORT.format(id=document.incident_id)
    whole_lines = body[: ISSUE_BODY - len(tail)].rpartition("\n")[0]
    return f"{whole_lines}{tail}"


def _material(
    incident: Incident, document: PostmortemDocument, rows: Sequence[TimelineRow]
) -> tuple[Material, ...]:
    """What the writer may use: people by their part in it, not by name."""
    parts = {who: role.label.lower() for role, who in incident.roles.items()}
    told = [
        f"{row.at:%H:%M} {row.text(lambda user: parts.get(user, 'a responder'))}" for row in rows
    ]
    shown = [("what happened", "\n".join(told))]
    shown += [(e.heading, "\n".join(x.text for x in e.lines)) for e in document.evidence]
    shown += [("told to customers", f"{m.title}\n{m.body}") for m in document.published]
    shown += [("how it went", "\n".join(measure.words for measure in document.measures))]
    return tuple(Material(label=label, text=text) for label, text in shown if text)


def _people(
    incident: Incident,
    entries: Iterable[LedgerEntry],
    rows: Iterable[TimelineRow],
    notable: tuple[NotableMessage, ...] | str,
) -> tuple[UserId, ...]:
    """Everybody who is named anywhere, those with a role first."""
    resolved_by = (incident.resolution.by,) if incident.resolution else ()
    actors = (UserId(entry.actor) for entry in entries if entry.actor != SYSTEM)
    in_rows = (person for row in rows for person in row.people)
    everybody = (
        *incident.roles.values(),
        *resolved_by,
        *actors,
        *incident.responders,
        *in_rows,
        *mentioned_in(notable),
    )
    return tuple(dict.fromkeys(everybody))


def _participants(
    incident: Incident, entries: Iterable[LedgerEntry], names: Mapping[UserId, str]
) -> Iterable[Participant]:
    roles: dict[UserId, list[str]] = {}
    for role, who in incident.roles.items():
        roles.setdefault(who, []).append(role.label)
    actors = (UserId(entry.actor) for entry in entries if entry.actor != SYSTEM)
    for who in dict.fromkeys((*roles, *actors, *incident.responders)):
        yield Participant(name=names.get(who, who), roles=tuple(roles.get(who, ())))


def _published(
    entries: Iterable[LedgerEntry], names: Mapping[UserId, str]
) -> Iterable[PublishedMessage]:
    approver = ""
    for entry in entries:
        if entry.kind is EntryKind.STATUSPAGE_DRAFT_APPROVED:
            approver = names.get(UserId(entry.actor), entry.actor)
        elif entry.kind is EntryKind.STATUSPAGE_PUBLISHED:
            yield PublishedMessage(
                at=entry.at,
                title=_said(entry, "title"),
                body=_said(entry, "body") or "(the text is not on record)",
                status=_said(entry, "status"),
                by=approver,
            )


def _said(entry: LedgerEntry, name: str) -> str:
    value = entry.details.get(name)
    return value if isinstance(value, str) else ""


def _outcome(incident: Incident, names: Mapping[UserId, str]) -> Outcome:
    all_clear = next((i for i in incident.checklist if i.key == "all_clear"), None)
    verified_by = all_clear.checked_by if all_clear else None
    resolution = incident.resolution
    return Outcome(
        summary=resolution.summary if resolution else "",
        by=names.get(resolution.by, resolution.by) if resolution else "",
        verified_by=names.get(verified_by, verified_by) if verified_by else "",
    )


def _status(incident: Incident) -> IncidentStatus:
    is_resolving = incident.resolution is not None and not incident.is_closed
    return IncidentStatus.RESOLVED if is_resolving else incident.status


def _links(incident: Incident, room_url: str) -> tuple[Link, ...]:
    room = (Link(title="War room", url=room_url),) if room_url else ()
    page = (Link(title="Status page", url=incident.page.url),) if incident.page.url else ()
    return (*room, *page, *incident.links)


def _mark(entries: Sequence[LedgerEntry]) -> LedgerMark:
    last = entries[-1] if entries else None
    return LedgerMark(seq=last.seq if last else 0, hash=last.hash if last else GENESIS)
