"""What a status page consists of: components, and incidents told in updates.

What belongs here: the records, and what one follows from another. What does not: where they are
kept (`board.py`), what a caller may write (`drafting.py`), and how they look on the wire
(`wire.py`).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

ComponentStatus = Literal[
    "operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"
]
Impact = Literal["none", "maintenance", "minor", "major", "critical"]
Status = Literal["investigating", "identified", "monitoring", "resolved"]

COMPONENT_STATUSES: tuple[ComponentStatus, ...] = get_args(ComponentStatus)
IMPACTS: tuple[Impact, ...] = get_args(Impact)
STATUSES: tuple[Status, ...] = get_args(Status)

# The impact that Statuspage works out from the worst component, unless it is overridden.
_IMPACT_OF: dict[ComponentStatus, Impact] = {
    "operational": "none",
    "under_maintenance": "maintenance",
    "degraded_performance": "minor",
    "partial_outage": "major",
    "major_outage": "critical",
}


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the product as customers know it; times are epoch seconds."""

    id: str
    name: str
    position: int
    created_at: float
    updated_at: float
    status: ComponentStatus = "operational"


@dataclass(frozen=True, slots=True)
class Affected:
    """How one update found and left one component."""

    code: str
    name: str
    old_status: ComponentStatus
    new_status: ComponentStatus


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """One message to customers; `deliver_notifications` is whether subscribers were sent it."""

    id: str
    status: Status
    body: str
    created_at: float
    updated_at: float
    display_at: float
    deliver_notifications: bool = True
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident on the page, updates newest first. Times are epoch seconds, None: not yet."""

    id: str
    name: str
    status: Status
    created_at: float
    updated_at: float
    impact: Impact = "none"
    impact_override: Impact | None = None
    monitoring_at: float | None = None
    resolved_at: float | None = None
    component_ids: tuple[str, ...] = ()
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: tuple[IncidentUpdate, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether customers still read of it as going on."""
        return self.status != "resolved"

    @property
    def shown_impact(self) -> Impact:
        """The impact people see."""
        return self.impact_override or self.impact

    def told(self, update: IncidentUpdate) -> "Incident":
        """Return the incident after one more message."""
        at = update.created_at
        told = replace(self, status=update.status, updated_at=at, updates=(update, *self.updates))
        match update.status:
            case "resolved":
                return replace(told, resolved_at=at)
            case "monitoring":
                return replace(told, monitoring_at=at, resolved_at=None)
            case "investigating" | "identified":
                return replace(told, resolved_at=None)

    def suffered(self, statuses: list[ComponentStatus]) -> "Incident":
        """Return the incident with the impact of components in `statuses`; it never shrinks."""
        felt = [self.impact, *(_IMPACT_OF[status] for status in statuses)]
        return replace(self, impact=max(felt, key=IMPACTS.index))
