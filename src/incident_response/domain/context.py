"""What telemetry and code hosts said about the affected service. Absence is None, never zero.

Not here: how it was asked (adapters) or drawn (blocks).
"""

from datetime import datetime

from incident_response.domain.model import Value


class Reading(Value):
    """A measured value now and two hours before; None where there was no data."""

    now: float | None = None
    before: float | None = None


class ServiceHealth(Value):
    """Error share (0..1) and 99th percentile latency (seconds) of a service."""

    error_rate: Reading = Reading()
    p99_seconds: Reading = Reading()
    url: str = ""


class LogLine(Value):
    """One log line; ``text`` is untrusted."""

    at: datetime
    text: str


class LogExcerpt(Value):
    """The newest error lines of a service."""

    lines: tuple[LogLine, ...] = ()
    url: str = ""


class TraceSummary(Value):
    """One failed or slow trace."""

    trace_id: str
    root: str
    """Name of the root span; untrusted."""
    duration_seconds: float
    at: datetime
    url: str = ""


class TraceExcerpt(Value):
    """A few traces of a service."""

    traces: tuple[TraceSummary, ...] = ()
    url: str = ""


class Commit(Value):
    """One commit; ``title`` is untrusted."""

    sha: str
    title: str
    author: str
    at: datetime
    url: str = ""


class ChangeExcerpt(Value):
    """The newest commits of the service's repository and who owns the code."""

    repository: str = ""
    commits: tuple[Commit, ...] = ()
    owners: tuple[str, ...] = ()
    """CODEOWNERS of the changed paths, as written there."""
