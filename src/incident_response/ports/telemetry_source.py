"""What monitoring says about a service: metrics, logs and traces, each a need of its own.

Not here: any product.
"""

from datetime import datetime
from typing import Protocol

from incident_response.domain.context import LogExcerpt, ServiceHealth, TraceExcerpt


class MetricsSource(Protocol):
    """Measured health."""

    async def health(self, service: str, *, at: datetime) -> ServiceHealth:
        """Error share and p99 at ``at`` and two hours before; None where there is no data."""
        ...


class LogSource(Protocol):
    """Log lines."""

    async def errors(self, service: str, *, until: datetime, limit: int) -> LogExcerpt:
        """The newest error lines of the two hours before ``until``."""
        ...


class TraceSource(Protocol):
    """Traces."""

    async def suspicious(self, service: str, *, until: datetime, limit: int) -> TraceExcerpt:
        """Failed or slow traces of the hour before ``until``."""
        ...
