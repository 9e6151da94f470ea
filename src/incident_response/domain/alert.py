"""An alert as every source's words are translated into, and the record that makes it durable.

Not here: how a source is verified and parsed (alert_sources), what an alert does to an incident
(folding).
"""

import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from incident_response.domain.model import EventId, IncidentId, Value
from incident_response.domain.severity import Severity

MAX_TITLE = 1_000
"""Characters of a title that are kept; longer ones are cut, never refused."""
MAX_SUMMARY = 8_000
MAX_LABELS = 100
MAX_LABEL_VALUE = 1_000
MAX_GROUP_KEY = 512
RAW_EXCERPT_BYTES = 65_536
"""Bytes of the original body that are kept with the record (a DynamoDB item holds 400 KB)."""


class AlertState(StrEnum):
    """What the source says about the alert group."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    UNKNOWN = "unknown"


class Link(Value):
    """A named address; only http and https ones are ever shown as links."""

    title: str
    url: str


class OnCallRoute(Value):
    """Where the alert came from in the on-call product: what resolves who is on call.

    Empty strings when unknown.
    """

    integration_id: str = ""
    route_id: str = ""
    team_id: str = ""
    alert_group_id: str = ""


class Alert(Value):
    """One change of one alert group, in our words."""

    source: str
    """Name of the alert source, such as ``grafana-oncall``."""
    group_key: str
    """What the source calls the group; stable over its firing and resolving."""
    state: AlertState
    raw_state: str = ""
    """The source's own word for the state, cut to 128 characters."""
    changed_at: datetime
    """When the source says the state changed; aware, UTC."""
    occurrence: str
    """What tells this change from others of the group: the time of change, or a digest of the body
    if it gave none.
    """
    title: str
    summary: str = ""
    severity: Severity | None = None
    """None when the source said nothing we understand."""
    service: str = ""
    team: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    links: tuple[Link, ...] = ()
    alert_count: int = 1
    route: OnCallRoute = Field(default_factory=OnCallRoute)
    declared_by: str = ""
    """The chat user who declared it by hand; empty for machines."""
    truncated: bool = False
    """Whether anything was cut to fit."""

    @property
    def event_id(self) -> EventId:
        """The identity of this change: equal for every redelivery, derived from content and never
        from the clock.
        """
        parts = (self.source, self.group_key, self.raw_state or self.state.value, self.occurrence)
        return EventId(hashlib.sha256("\0".join(parts).encode()).hexdigest())

    @property
    def group_id(self) -> str:
        """The group's key in our store: a digest over source and key, so that two sources cannot
        meet.
        """
        return hashlib.sha256(f"{self.source}\0{self.group_key}".encode()).hexdigest()[:32]


class IntakeStatus(StrEnum):
    """How far an accepted alert has come."""

    PENDING = "pending"
    """Accepted, and not yet folded into an incident."""
    FOLDED = "folded"
    """Folded into an incident, or recorded as having nothing to add."""
    QUARANTINED = "quarantined"
    """Authentic, but not understood: shown to an operator."""
    DEAD = "dead"
    """Could not be processed: shown to an operator."""


class IntakeRecord(Value):
    """An accepted alert; while it is pending it is its own outbox entry."""

    event_id: EventId
    alert: Alert
    received_at: datetime
    status: IntakeStatus = IntakeStatus.PENDING
    raw_excerpt: str = ""
    """The first bytes of the body, for the operator who has to look."""
    incident_id: IncidentId | None = None
    trace: str = ""
    """W3C ``traceparent`` of the request that brought it; empty if it had none."""

    @classmethod
    def of(
        cls, alert: Alert, *, received_at: datetime, raw: bytes = b"", trace: str = ""
    ) -> "IntakeRecord":
        excerpt = raw[:RAW_EXCERPT_BYTES].decode("utf-8", "replace")
        return cls(
            event_id=alert.event_id,
            alert=alert,
            received_at=received_at,
            raw_excerpt=excerpt,
            trace=trace,
        )
