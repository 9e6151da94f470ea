"""Gathers what a review may find a cause in: commits, metrics, error lines, traces, messages.

Each source that fails, is not configured or has nothing says so in its own part. Not here: what is
concluded from it (nothing is), how it is laid out (domain.postmortem).
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from incident_response.blocks.text import unescape
from incident_response.blocks.words import error_rate, latency
from incident_response.domain.briefing import Briefing, PartState
from incident_response.domain.context import Commit, LogLine, ServiceHealth, TraceSummary
from incident_response.domain.errors import IncidentResponseError
from incident_response.domain.incident import Incident
from incident_response.domain.model import UserId
from incident_response.domain.postmortem import Exhibit, ExhibitLine
from incident_response.ports.chat import Chat, NotableMessage
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.briefing import briefing_of
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.war_room import Sources

MOST_COMMITS = 10
MOST_MESSAGES = 100
NOT_CONFIGURED = "it is not configured"
NOTHING_NAMED = "the alert names no service"

T = TypeVar("T")
log = structlog.get_logger(__name__)

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


class EvidenceDesk:
    """Asks the sources, all at once."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        chat: Chat | None,
        sources: Sources,
        clock: Clock,
        absent: str = NOT_CONFIGURED,
    ) -> None:
        self._store = store
        self._chat = chat
        self._sources = sources
        self._clock = clock
        self._absent = absent
        """What is said of a source that is not there."""

    async def evidence(self, incident: Incident) -> tuple[Exhibit, ...]:
        """Where a cause may be found."""
        briefing = briefing_of(await self._store.journal(incident.incident_id, ASSEMBLE))
        commits, metrics = await asyncio.gather(self._commits(incident), self._metrics(incident))
        return (commits, metrics, _error_lines(briefing), _traces(briefing))

    async def notable(self, incident: Incident) -> tuple[NotableMessage, ...] | str:
        """Messages that people pinned or marked, or why there are none to be had."""
        if self._chat is None:
            return self._absent
        if incident.room is None:
            return "there was no room"
        asked = self._chat.notable_messages(incident.room.channel_id, limit=MOST_MESSAGES)
        return await self._tried("messages", asked)

    async def _commits(self, incident: Incident) -> Exhibit:
        heading = "Commits in the four hours before it began"
        host, service = self._sources.code_host, incident.service
        if host is None or not service:
            return Exhibit(heading=heading, missing=self._why_not(incident))
        asked = host.recent_changes(service, until=incident.started_at, limit=MOST_COMMITS)
        found = await self._tried("commits", asked)
        if isinstance(found, str):
            return Exhibit(heading=heading, missing=found)
        if not found.repository:
            return Exhibit(heading=heading, missing=f"no repository is known for {service}")
        lines = tuple(map(_commit, found.commits)) or _nothing(f"None in {found.repository}.")
        return Exhibit(heading=heading, lines=lines)

    async def _metrics(self, incident: Incident) -> Exhibit:
        heading = "Metrics, when it began and when this was written"
        if self._sources.metrics is None or not incident.service:
            return Exhibit(heading=heading, missing=self._why_not(incident))
        moments = (("When it began", incident.started_at), ("Now", self._clock.now()))
        found = await asyncio.gather(
            *(self._health(incident.service, words, at) for words, at in moments)
        )
        missing = next((part for part in found if isinstance(part, str)), "")
        lines = [line for part in found if not isinstance(part, str) for line in part]
        return Exhibit(heading=heading, lines=tuple(lines), missing=missing)

    async def _health(
        self, service: str, words: str, at: datetime
    ) -> tuple[ExhibitLine, ...] | str:
        assert self._sources.metrics is not None
        found = await self._tried("metrics", self._sources.metrics.health(service, at=at))
        return found if isinstance(found, str) else _health_lines(found, words)

    def _why_not(self, incident: Incident) -> str:
        return self._absent if incident.service else NOTHING_NAMED

    async def _tried(self, what: str, asked: Awaitable[T]) -> T | str:
        """What was asked for, or why it could not be had."""
        try:
            return await asked
        except IncidentResponseError as error:
            log.warning("postmortem goes without a source", source=what, reason=str(error))
            return str(error)


def marked_messages(
    found: tuple[NotableMessage, ...] | str, names: Mapping[UserId, str]
) -> Exhibit:
    """The messages that people thought worth keeping, by name."""
    heading = "Pinned and marked messages"
    if isinstance(found, str):
        return Exhibit(heading=heading, missing=found)
    return Exhibit(heading=heading, lines=tuple(_message(one, names) for one in found))


def _message(message: NotableMessage, names: Mapping[UserId, str]) -> ExhibitLine:
    def named(match: re.Match[str]) -> str:
        user_id = UserId(match[1])
        return f"@{names.get(user_id, user_id)}"

    said = unescape(_MENTION.sub(named, message.text))
    who = names.get(message.user_id, message.user_id) or "an app"
    mark = "pinned" if message.is_pinned else "marked"
    return ExhibitLine(text=f"{_clock(message.at)} {who} ({mark}): {said}")


def mentioned_in(found: tuple[NotableMessage, ...] | str) -> tuple[UserId, ...]:
    """Who wrote them or is mentioned in them."""
    if isinstance(found, str):
        return ()
    ids = [UserId(i) for one in found for i in (one.user_id, *_MENTION.findall(one.text)) if i]
    return tuple(dict.fromkeys(ids))


def _commit(commit: Commit) -> ExhibitLine:
    text = f"{_clock(commit.at)} {commit.sha[:7]} {commit.title} ({commit.author})"
    return ExhibitLine(text=text, url=commit.url)


def _health_lines(health: ServiceHealth, words: str) -> tuple[ExhibitLine, ...]:
    rate = f"{words}, error rate: {error_rate(health.error_rate)}"
    p99 = f"{words}, p99 latency: {latency(health.p99_seconds)}"
    return (ExhibitLine(text=rate, url=health.url), ExhibitLine(text=p99))


def _error_lines(briefing: Briefing) -> Exhibit:
    heading = "Error lines when the room was assembled"
    if briefing.logs is None:
        return Exhibit(heading=heading, **_absence(briefing, "fetch_logs"))
    return Exhibit(
        heading=heading, lines=tuple(map(_log_line, briefing.logs.lines)), is_verbatim=True
    )


def _traces(briefing: Briefing) -> Exhibit:
    heading = "Failed or slow traces when the room was assembled"
    if briefing.traces is None:
        return Exhibit(heading=heading, **_absence(briefing, "fetch_traces"))
    return Exhibit(heading=heading, lines=tuple(map(_trace, briefing.traces.traces)))


def _absence(briefing: Briefing, step: str) -> dict[str, str]:
    """Why a part of the briefing is not there; nothing for one that was asked and had nothing."""
    part = next((part for part in briefing.parts if part.step == step), None)
    if part is not None and part.state is PartState.EMPTY:
        return {}
    if part is not None and part.state is PartState.FAILED:
        return {"missing": part.reason or "the source did not answer"}
    if part is not None and part.state is PartState.OFF:
        return {"missing": NOT_CONFIGURED}
    return {"missing": "it was not asked for"}


def _log_line(line: LogLine) -> ExhibitLine:
    return ExhibitLine(text=f"{line.at.astimezone(UTC):%H:%M:%S} {line.text}")


def _trace(trace: TraceSummary) -> ExhibitLine:
    text = f"{_clock(trace.at)} {trace.root}: {trace.duration_seconds:.2f} s ({trace.trace_id})"
    return ExhibitLine(text=text, url=trace.url)


def _nothing(words: str) -> tuple[ExhibitLine, ...]:
    return (ExhibitLine(text=words),)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
