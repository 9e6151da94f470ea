"""What telemetry and the code host said, for the facts message; a part that did not come draws
nothing here.

Log lines, trace names and commit titles are untrusted and stand in rich text, where nothing is
parsed. Not here: what did not come (missing).
"""

import json
from datetime import UTC

from incident_response.blocks import kit, rich, words
from incident_response.blocks.text import clean, cut, join, link, say
from incident_response.domain.briefing import Briefing
from incident_response.domain.context import (
    ChangeExcerpt,
    Commit,
    LogExcerpt,
    LogLine,
    ServiceHealth,
    TraceExcerpt,
    TraceSummary,
)
from incident_response.domain.model import Json

MOST_LOG_LINES = 5
MOST_TRACES = 3
MOST_COMMITS = 5
MOST_OWNERS = 10
LOG_LINE = 200
NAME = 80
SHORT_SHA = 7
MESSAGE_FIELDS = ("msg", "message", "error", "event")
LEFT_OUT = frozenset(
    {"ts", "time", "timestamp", "level", "severity", "service", "trace_id", "traceID", "span_id"}
)
"""Fields of a structured log line that say nothing here, or differ in every line."""


def evidence(briefing: Briefing) -> list[Json]:
    """Blocks for each part that is there."""
    blocks: list[Json] = []
    if briefing.health:
        blocks.append(_health(briefing.health))
    if briefing.logs and briefing.logs.lines:
        blocks.append(_logs(briefing.logs))
    if briefing.traces and briefing.traces.traces:
        blocks.append(_traces(briefing.traces))
    if briefing.changes and briefing.changes.commits:
        blocks.append(_commits(briefing.changes))
    if briefing.changes and briefing.changes.owners:
        blocks.append(_owners(briefing.changes.owners))
    return blocks


def _health(health: ServiceHealth) -> Json:
    rows = [
        say("*Error rate*  {rate}", rate=words.error_rate(health.error_rate)),
        say("*p99 latency*  {p99}", p99=words.latency(health.p99_seconds)),
    ]
    if health.url:
        rows.append(link(health.url, "Open metrics", foreign=False))
    return kit.section(join(rows, "\n"), block_id="health")


def _logs(logs: LogExcerpt) -> Json:
    alike: dict[str, list[LogLine]] = {}
    for line in logs.lines:
        alike.setdefault(_readable(line.text), []).append(line)
    shown = list(alike.items())[:MOST_LOG_LINES]
    lines = "\n".join(_log_line(text, found) for text, found in shown)
    box = rich.preformatted(lines, MOST_LOG_LINES * (LOG_LINE + 10))
    return kit.rich_text(_heading("Newest error lines (UTC)", logs.url), box, block_id="logs")


def _log_line(text: str, lines: list[LogLine]) -> str:
    """One line for all that say the same, with the time of the newest."""
    times = f" {len(lines)}x" if len(lines) > 1 else ""
    return f"{lines[0].at.astimezone(UTC):%H:%M:%S}{times} {cut(clean(text), LOG_LINE)}"


def _readable(text: str) -> str:
    """A JSON log line as its message and what else it says; any other line as it is."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(fields, dict):
        return text
    name = next((n for n in MESSAGE_FIELDS if isinstance(fields.get(n), str)), None)
    if name is None:
        return text
    rest = (n for n, v in fields.items() if n not in LEFT_OUT and isinstance(v, (str, int, float)))
    details = ", ".join(f"{n}={fields[n]}" for n in rest if n != name)
    return f"{fields[name]} ({details})" if details else str(fields[name])


def _traces(excerpt: TraceExcerpt) -> Json:
    items = [_trace(trace) for trace in excerpt.traces[:MOST_TRACES]]
    heading = _heading("Failed or slow traces", excerpt.url)
    return kit.rich_text(heading, rich.bullets(items), block_id="traces")


def _trace(trace: TraceSummary) -> Json:
    name = trace.root.strip() or trace.trace_id
    return rich.section(
        rich.link(trace.url, name, NAME, foreign=False),
        rich.words(f" took {words.seconds(trace.duration_seconds)}, "),
        rich.time(trace.at),
    )


def _commits(changes: ChangeExcerpt) -> Json:
    items = [_commit(commit) for commit in changes.commits[:MOST_COMMITS]]
    name = rich.text(changes.repository, NAME, code=True)
    heading = rich.section(rich.words("Newest commits in ", bold=True), name)
    return kit.rich_text(heading, rich.bullets(items), block_id="commits")


def _commit(commit: Commit) -> Json:
    return rich.section(
        rich.link(commit.url, commit.sha[:SHORT_SHA], NAME, foreign=False),
        rich.words(" "),
        rich.text(commit.title, NAME),
        rich.words(" · "),
        rich.text(commit.author, NAME),
        rich.words(", "),
        rich.time(commit.at),
    )


def _owners(owners: tuple[str, ...]) -> Json:
    names = ", ".join(cut(clean(owner), NAME) for owner in owners[:MOST_OWNERS])
    text = rich.text(names, MOST_OWNERS * (NAME + 2))
    section = rich.section(rich.words("Code owners: ", bold=True), text)
    return kit.rich_text(section, block_id="owners")


def _heading(title: str, url: str) -> Json:
    elements = [rich.words(title, bold=True)]
    if url:
        elements += [rich.words("  "), rich.link(url, "open", NAME, foreign=False)]
    return rich.section(*elements)
