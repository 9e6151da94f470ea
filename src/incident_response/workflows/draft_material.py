"""Gathers what a draft is made from: our own facts, and the material around them.

Facts are our own words (states, times, components that customers know); material is everything
that others wrote, and is untrusted. Also here: the names that redaction has to know. Not here:
redaction itself, drafting.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog
from pydantic import JsonValue

from incident_response.domain.draft import PageImpact, PageStatus
from incident_response.domain.incident import Incident
from incident_response.domain.known_names import KnownNames
from incident_response.domain.ledger import SYSTEM, EntryKind, LedgerEntry
from incident_response.domain.model import UserId
from incident_response.domain.redaction import Brief, Material, Task
from incident_response.domain.roles import Role
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.briefing import briefing_of
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.known_page import KnownPage

LOOKUP_SECONDS = 1.0
"""How long names may take to be looked up: a draft is wanted within ten seconds."""
MOST_PEOPLE = 100
RECENT_ENTRIES = 60
ASKED_AT_ONCE = 8

log = structlog.get_logger(__name__)


class DraftMaterial:
    """Reads what is known of an incident, for drafting."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        chat: Chat,
        page: KnownPage,
        clock: Clock,
        names: KnownNames,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chat = chat
        self._page = page
        self._clock = clock
        self.names = names
        """What is private in every incident."""

    async def known_names(self, incident: Incident) -> KnownNames:
        """The names that must not leave. Raises if they cannot all be looked up in a second: then
        nothing may be sent.
        """
        async with asyncio.timeout(LOOKUP_SECONDS):
            journal = await self._store.journal(incident.incident_id, ASSEMBLE)
            names = set(await self._names_of(_users_in(incident)))
        changes = briefing_of(journal).changes
        names |= {commit.author for commit in changes.commits} if changes else set()
        return KnownNames(
            people=frozenset(filter(None, names)),
            domains=self.names.domains,
            id_prefixes=self.names.id_prefixes,
        )

    async def _names_of(self, users: tuple[UserId, ...]) -> list[str]:
        turns = asyncio.Semaphore(ASKED_AT_ONCE)

        async def name(user_id: UserId) -> str:
            async with turns:
                user = await self._chat.user(user_id)
            return user.name if user is not None else ""

        return await asyncio.gather(*map(name, users[:MOST_PEOPLE]))

    async def for_customers(
        self, incident: Incident, status: PageStatus, impact: PageImpact
    ) -> Brief:
        """What a message to customers is made from; the facts may all be said to them."""
        known = self.components(incident)
        facts = {
            "page status": status.value,
            "impact": impact.value,
            "affected": ", ".join(_affected(incident, known)),
            "began": f"{incident.started_at:%Y-%m-%d %H:%M} UTC",
            "title on the page": incident.page.title if incident.page.status else "",
        }
        entries = await self._ledger.entries(incident.incident_id)
        material = (*_alert(incident), *_updates(entries))
        return Brief(
            task=Task.STATUS_MESSAGE, facts=_filled(facts), material=material, longest=640
        )

    def components(self, incident: Incident) -> tuple[str, ...]:
        """Names that customers know: the components; what was published if the page is mute."""
        known = self._page.components or incident.page.components
        return tuple(component.name for component in known)

    async def room_update(self, incident: Incident, since: datetime) -> Brief:
        """What happened since then, for the people in the room."""
        entries = await self._ledger.entries(incident.incident_id)
        recent = [e for e in entries if e.at > since and e.kind in _TOLD]
        return Brief(
            task=Task.ROOM_UPDATE,
            facts=self._facts(incident) | {"since": f"{since:%H:%M} UTC"},
            material=(*_alert(incident), *_happened(recent, incident)),
            longest=800,
        )

    async def with_facts(
        self, incident: Incident, task: Task, material: tuple[Material, ...], *, longest: int
    ) -> Brief:
        """A brief of the incident's facts and what others gathered."""
        entries = await self._ledger.entries(incident.incident_id)
        happened = _happened([e for e in entries if e.kind in _TOLD], incident)
        return Brief(
            task=task,
            facts=self._facts(incident) | _course(incident, entries),
            material=(*_alert(incident), *_ending(incident), *(material or happened)),
            longest=longest,
        )

    def _facts(self, incident: Incident) -> dict[str, str]:
        now = incident.resolved_at or self._clock.now()
        lasted = int((now - incident.started_at).total_seconds()) // 60
        facts = {
            "severity": incident.severity.value,
            "state": incident.status.value,
            "began": f"{incident.started_at:%Y-%m-%d %H:%M} UTC",
            "minutes so far": str(max(0, lasted)),
            "in command": "yes" if incident.commander else "nobody yet",
            "impacts": ", ".join(impact.value for impact in incident.impacts),
            "status page": incident.page.status.value if incident.page.status else "",
        }
        return _filled(facts)


def _filled(facts: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def _users_in(incident: Incident) -> tuple[UserId, ...]:
    """Everybody who has to do with it, each once."""
    named = (*incident.roles.values(), *incident.responders, *incident.ratings)
    others = (incident.declared_by, incident.proposed_commander)
    return tuple(dict.fromkeys((*named, *(user for user in others if user))))


def _affected(incident: Incident, components: Iterable[str]) -> list[str]:
    """Published components, else those whose name shares a word with the service or title."""
    if incident.page.components:
        return [component.name for component in incident.page.components]
    words = _words(incident.service) | _words(incident.title)
    return [name for name in components if _words(name) & words][:3]


_COMMON = frozenset(("api", "service", "the", "and", "for", "web", "app", "server", "worker"))


def _words(text: str) -> set[str]:
    parts = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
    return {part for part in parts if len(part) > 2 and part not in _COMMON}


def _alert(incident: Incident) -> tuple[Material, ...]:
    told = (("alert", incident.title), ("alert summary", incident.summary))
    return tuple(Material(label=label, text=text) for label, text in told if text)


def _ending(incident: Incident) -> tuple[Material, ...]:
    summary = incident.resolution.summary if incident.resolution else ""
    return (Material(label="how it was ended", text=summary),) if summary else ()


def _updates(entries: Iterable[LedgerEntry]) -> tuple[Material, ...]:
    """The last updates that people posted in the room."""
    posted = [e for e in entries if e.kind is EntryKind.UPDATE_POSTED]
    texts = (entry.details.get("text") for entry in posted[-5:])
    return tuple(Material(label="update in the room", text=t) for t in texts if isinstance(t, str))


_TOLD = {
    EntryKind.INCIDENT_OPENED: "the incident was opened",
    EntryKind.INCIDENT_REOPENED: "the incident was reopened",
    EntryKind.ALERT_ATTACHED: "the alert fired again",
    EntryKind.ALERT_RESOLVED: "the alert stopped firing",
    EntryKind.ALERT_ACKNOWLEDGED: "the alert was acknowledged",
    EntryKind.WAR_ROOM_ASSEMBLED: "the room was assembled",
    EntryKind.ROLE_ASSIGNED: "a role was taken",
    EntryKind.CHECKLIST_CHECKED: "done",
    EntryKind.UPDATE_POSTED: "update",
    EntryKind.SEVERITY_CHANGED: "the severity was changed",
    EntryKind.IMPACT_RAISED: "impact was raised",
    EntryKind.ACKNOWLEDGED: "the page was acknowledged",
    EntryKind.ESCALATED: "it was escalated",
    EntryKind.STATUSPAGE_PUBLISHED: "a message to customers was published",
    EntryKind.TIMELINE_ADDED: "noted",
    EntryKind.STEP_FAILED: "could not be gathered",
    EntryKind.INCIDENT_MITIGATED: "impact was mitigated",
    EntryKind.RESOLVE_PROPOSED: "resolving was proposed",
    EntryKind.RESOLVE_STARTED: "resolving was begun",
    EntryKind.INCIDENT_RESOLVED: "the incident was resolved",
}
"""The entries a reader wants to know of, in plain words."""
_DETAILS = (
    "text", "reason", "summary", "from", "to", "before", "after", "severity", "impact", "impacts",
    "role", "item", "level", "status", "title", "step",
)  # fmt: skip
"""The details of an entry that say something to a reader, in this order."""
_FEWER = {EntryKind.ROLE_ASSIGNED: ("role",), EntryKind.ACKNOWLEDGED: ()}
"""Those of kinds that tell more than a reader wants."""


def _happened(entries: Iterable[LedgerEntry], incident: Incident) -> tuple[Material, ...]:
    lines = [_line(entry, incident) for entry in entries][-RECENT_ENTRIES:]
    return (Material(label="what happened", text="\n".join(lines)),) if lines else ()


def _line(entry: LedgerEntry, incident: Incident) -> str:
    names = _FEWER.get(entry.kind, _DETAILS)
    details = (_detail(name, entry.details.get(name), incident) for name in names)
    told = ", ".join(filter(None, details))
    is_said = entry.actor == SYSTEM or entry.kind is EntryKind.ROLE_ASSIGNED
    who = "" if is_said else f" ({_who(entry.actor, incident)})"
    return f"{entry.at:%H:%M} {_TOLD[entry.kind]}{f': {told}' if told else ''}{who}"


def _detail(name: str, value: JsonValue, incident: Incident) -> str:
    if not isinstance(value, str | int | float) or value == "":
        return ""
    if name == "role":
        role = Role.parse(str(value))
        return role.label.lower() if role else ""
    if isinstance(value, str) and value in _users_in(incident):
        value = _who(value, incident)
    return str(value) if name in ("text", "title", "item", "summary") else f"{name} {value}"


def _who(user: str, incident: Incident) -> str:
    """A person by their part in the incident: names stay out of a draft's material."""
    return next(
        (r.label.lower() for r, who in incident.roles.items() if who == user), "a responder"
    )


def _course(incident: Incident, entries: Iterable[LedgerEntry]) -> dict[str, str]:
    """How the response went, in figures."""
    kinds = [entry.kind for entry in entries]
    opened, assembled = incident.created_at, incident.assembled_at
    facts = {
        "minutes until noticed": _minutes(incident.started_at, opened),
        "seconds until the room stood": str(int((assembled - opened).total_seconds()))
        if assembled
        else "",
        "minutes until mitigated": _minutes(opened, incident.mitigated_at),
        "minutes until resolved": _minutes(opened, incident.resolved_at),
        "updates in the room": str(kinds.count(EntryKind.UPDATE_POSTED)),
        "messages to customers": str(kinds.count(EntryKind.STATUSPAGE_PUBLISHED)),
        "responders": str(len(incident.responders)),
    }
    return _filled(facts)


def _minutes(start: datetime, end: datetime | None) -> str:
    return str(max(0, int((end - start).total_seconds()) // 60)) if end else ""
